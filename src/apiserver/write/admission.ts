import { invalidStatus } from "../../api/field-error.ts";
import type { Kind } from "../../api/kinds.ts";
import { services } from "../../api/resource.ts";
import { strategyFor } from "../../api/strategy.ts";
import type { KubeObject } from "../../api/types.ts";
import { admitServiceCreate, admitServiceUpdate } from "../allocators/admit-service.ts";
import type { ServiceAllocators } from "../allocators/service-allocators.ts";

/** An object that may be stored, and what it holds until then. Exactly one of the two must be called. */
export interface Admitted {
  readonly object: KubeObject;
  /** For `Warning` headers. */
  readonly warnings: readonly string[];
  /** The object has been stored. */
  commit(): void;
  /** It has not. */
  rollback(): void;
}

const nothing = { commit: () => {}, rollback: () => {} } as const;

/**
 * Applies the rules of its kind to a new object; throws the 422 answer with all mistakes. A Service takes its
 * addresses and ports: synchronously, so that nobody else can take them between looking and writing.
 */
export function admitCreate(
  allocators: ServiceAllocators,
  kind: Kind,
  object: KubeObject,
  options: { readonly dryRun: boolean },
): Admitted {
  if (isServices(kind)) {
    const admission = admitServiceCreate(allocators, object, options);
    return admittedService(admission);
  }
  const strategy = strategyFor(kind);
  const prepared = strategy.prepareForCreate(object);
  const errors = strategy.validateCreate(prepared);
  if (errors.length > 0) throw invalidStatus(kind, prepared.metadata.name ?? "", errors);
  return { object: prepared, warnings: strategy.warnings(prepared), ...nothing };
}

export interface Change {
  readonly next: KubeObject;
  readonly old: KubeObject;
  readonly subresource: string | undefined;
  readonly dryRun: boolean;
}

/** The same for a change of an object, or of the part that a sub-resource is. */
export function admitUpdate(allocators: ServiceAllocators, kind: Kind, change: Change): Admitted {
  const { next, old, subresource, dryRun } = change;
  if (isServices(kind) && subresource === undefined) {
    return admittedService(admitServiceUpdate(allocators, next, old, { dryRun }));
  }
  const strategy = strategyFor(kind);
  const prepared = strategy.prepareForUpdate(next, old, subresource);
  const errors = strategy.validateUpdate(prepared, old, subresource);
  if (errors.length > 0) throw invalidStatus(kind, prepared.metadata.name ?? "", errors);
  return { object: prepared, warnings: strategy.warnings(prepared, old), ...nothing };
}

function admittedService(admission: ReturnType<typeof admitServiceCreate>): Admitted {
  return {
    object: admission.service,
    warnings: admission.warnings,
    commit: () => admission.commit(),
    rollback: () => admission.rollback(),
  };
}

export function isServices(kind: Kind): boolean {
  return kind.group === services.group && kind.plural === services.plural;
}
