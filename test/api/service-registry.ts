import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decodeObject } from "../../src/api/decode.ts";
import { withDefaults } from "../../src/api/defaults.ts";
import { invalidStatus } from "../../src/api/field-error.ts";
import { kindOfResource } from "../../src/api/kinds.ts";
import { applyPatch } from "../../src/api/patch/apply-patch.ts";
import { services } from "../../src/api/resource.ts";
import { StatusError } from "../../src/api/status-error.ts";
import { serviceStrategy } from "../../src/api/strategy/service.ts";
import type { KubeObject, Service } from "../../src/api/types.ts";
import {
  admitServiceCreate,
  admitServiceUpdate,
  type ServiceAdmission,
} from "../../src/apiserver/allocators/admit-service.ts";
import { ServiceAllocators } from "../../src/apiserver/allocators/service-allocators.ts";
import { parseCidr } from "../../src/lib/ip.ts";

export interface ClusterRanges {
  readonly serviceCIDRs: readonly string[];
  readonly nodePortRange: string;
}

/** What the API answered. */
export interface Answer {
  readonly code: number;
  readonly object?: Service;
  readonly error?: StatusError;
}

export function allocatorsOf(ranges: ClusterRanges, random: () => number): ServiceAllocators {
  const [from = 0, to = 0] = ranges.nodePortRange.split("-").map(Number);
  return new ServiceAllocators({
    serviceCidrs: ranges.serviceCIDRs.map((text) => parseCidr(text)!),
    nodePorts: { from, to },
    random,
  });
}

const kind = kindOfResource(services);
const decoding = { fieldValidation: "Strict" } as const;

/** Services as the API server keeps them, in memory and without HTTP: the same functions in the same order. */
export class ServiceRegistry {
  readonly #stored = new Map<string, Service>();
  readonly #allocators: ServiceAllocators;
  #version = 1;

  constructor(ranges: ClusterRanges, random: () => number) {
    this.#allocators = allocatorsOf(ranges, random);
  }

  get usage() {
    return this.#allocators.usage;
  }

  get stored(): readonly Service[] {
    return [...this.#stored.values()];
  }

  create(manifest: object, { dryRun = false } = {}): Answer {
    return answer(201, () => {
      const service = decoded(manifest);
      const name = service.metadata.name ?? "";
      if (this.#stored.has(name)) {
        throw new StatusError(409, "AlreadyExists", `services "${name}" already exists`);
      }
      const admission = admitServiceCreate(this.#allocators, created(service), { dryRun });
      return this.#store(admission, dryRun);
    });
  }

  replace(manifest: object): Answer {
    const service = decoded(manifest);
    const old = this.#stored.get(service.metadata.name ?? "");
    if (old === undefined) return this.create(manifest);
    return answer(200, () => this.#update(service, old));
  }

  patch(name: string, patch: object, subresource?: "status"): Answer {
    return answer(200, () => {
      const old = this.#stored.get(name);
      assert.ok(old !== undefined, `no Service ${name}`);
      const body = Buffer.from(JSON.stringify(patch));
      const patched = applyPatch(kind, old, body, "application/merge-patch+json", decoding);
      return subresource === undefined
        ? this.#update(defaulted(patched), old)
        : this.#updateStatus(defaulted(patched), old);
    });
  }

  delete(name: string): Answer {
    return answer(200, () => {
      const old = this.#stored.get(name);
      assert.ok(old !== undefined, `no Service ${name}`);
      if ((old.metadata.finalizers ?? []).length > 0) {
        const deletionTimestamp = "2026-01-01T00:00:00Z";
        const terminating = { ...old, metadata: { ...old.metadata, deletionTimestamp } };
        this.#stored.set(name, terminating);
        return terminating;
      }
      return this.#remove(old);
    });
  }

  removeFinalizers(name: string): Answer {
    return answer(200, () => {
      const old = this.#stored.get(name);
      assert.ok(old !== undefined, `no Service ${name}`);
      const { finalizers: _, ...metadata } = old.metadata;
      if (old.metadata.deletionTimestamp !== undefined) return this.#remove(old);
      this.#stored.set(name, { ...old, metadata });
      return old;
    });
  }

  /** The names of those that a field selector's requirement holds for. */
  list(field: string, value: string): string[] {
    return [...this.#stored.values()]
      .filter((service) => serviceStrategy.fields(service)[field] === value)
      .map(({ metadata }) => metadata.name ?? "");
  }

  #update(service: Service, old: Service): Service {
    const { resourceVersion } = service.metadata;
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      throw new StatusError(409, "Conflict", "the object has been modified");
    }
    return this.#store(admitServiceUpdate(this.#allocators, service, old), false);
  }

  #updateStatus(service: Service, old: Service): Service {
    const prepared = serviceStrategy.prepareForUpdate(service, old, "status");
    const errors = serviceStrategy.validateUpdate(prepared, old, "status");
    if (errors.length > 0) throw invalidStatus(services, old.metadata.name ?? "", errors);
    return this.#keep(prepared);
  }

  #store(admission: ServiceAdmission, dryRun: boolean): Service {
    const stored = dryRun ? admission.service : this.#keep(admission.service);
    admission.commit();
    return stored;
  }

  #keep(service: Service): Service {
    const resourceVersion = String(++this.#version);
    const stored = { ...service, metadata: { ...service.metadata, resourceVersion } };
    this.#stored.set(service.metadata.name ?? "", stored);
    return stored;
  }

  #remove(service: Service): Service {
    this.#stored.delete(service.metadata.name ?? "");
    this.#allocators.release(service);
    return service;
  }
}

function decoded(manifest: object): Service {
  const body = Buffer.from(JSON.stringify({ apiVersion: "v1", kind: "Service", ...manifest }));
  const { object } = decodeObject(kind, body, "application/json", decoding);
  // The namespace is in the path of the request.
  return defaulted({ ...object, metadata: { ...object.metadata, namespace: "default" } });
}

function defaulted(object: KubeObject): Service {
  return withDefaults(kind, object);
}

/** What the server sets before the admission. */
function created(service: Service): Service {
  const metadata = { uid: "u", creationTimestamp: "2026-01-01T00:00:00Z" };
  return { ...service, metadata: { ...service.metadata, ...metadata } };
}

function answer(code: number, act: () => Service): Answer {
  try {
    return { code, object: act() };
  } catch (error) {
    if (error instanceof StatusError) return { code: error.status.code, error };
    throw error;
  }
}
