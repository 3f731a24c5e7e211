import { withField, without } from "../copy.ts";
import type { FieldError } from "../field-error.ts";
import { unknownField, unsupportedField } from "../selectors.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type { KubeObject, ObjectMeta } from "../types.ts";
import type { TextRule } from "../validation/names.ts";
import { validateObjectMeta, validateObjectMetaUpdate } from "../validation/object-meta.ts";

/**
 * What the API does to objects of one kind around a write. Pure: every function returns a new object.
 *
 * Order: decode, defaults, `prepareFor…`, `validate…`, store. Services go through `admitServiceCreate` and
 * `admitServiceUpdate` instead, which hold the allocation of addresses and ports.
 */
export interface Strategy<T extends KubeObject = KubeObject> {
  /** Drops what a client may not set, and sets what the server decides, but for uid, time and version. */
  prepareForCreate(object: T): T;
  /** The same for an update; with a sub-resource, everything outside it comes from the old object. */
  prepareForUpdate(object: T, old: T, subresource?: string): T;
  validateCreate(object: T): readonly FieldError[];
  validateUpdate(object: T, old: T, subresource?: string): readonly FieldError[];
  /** What a client should hear although the object is accepted: each becomes a `Warning` header. */
  warnings(object: T, old?: T): readonly string[];
  /** Values of every field that a field selector may name. */
  fields(object: T): Readonly<Record<string, string>>;
  /** Refuses (400) a field that no selector over this kind may name. */
  checkField(field: string): void;
  /** Whether PUT on a missing name creates it. */
  readonly createsOnUpdate: boolean;
  /** Whether PUT may leave out the resourceVersion. */
  readonly updatesUnconditionally: boolean;
}

/** A path below an object that changes one part of it. */
export interface SubresourceRules<T> {
  prepare(object: T, old: T): T;
  validate?(object: T, old: T): readonly FieldError[];
}

/** The rules of one kind; what is absent does nothing. */
export interface KindRules<T extends KubeObject> {
  readonly namespaced: boolean;
  readonly name: TextRule;
  /** What the generation counts the changes of. A kind without it has no generation. */
  counted?(object: T): unknown;
  prepareForCreate?(object: T): T;
  prepareForUpdate?(object: T, old: T): T;
  validate(object: T): readonly FieldError[];
  /** Rules about new objects only. */
  validateNew?(object: T): readonly FieldError[];
  /** Rules about the change; `validate` applies as well. */
  validateChange?(object: T, old: T): readonly FieldError[];
  warnings?(object: T, old: T | undefined): readonly string[];
  readonly fields?: Readonly<Record<string, (object: T) => string>>;
  readonly subresources?: Readonly<Record<string, SubresourceRules<T>>>;
  readonly createsOnUpdate?: boolean;
  readonly updatesUnconditionally?: boolean;
}

/** A kind's own rules together with those that hold for every kind. */
export function defineStrategy<T extends KubeObject>(rules: KindRules<T>): Strategy<T> {
  const fields = Object.entries<(object: T) => string>({
    "metadata.name": ({ metadata }) => metadata.name ?? "",
    ...(rules.namespaced
      ? { "metadata.namespace": ({ metadata }: T) => metadata.namespace ?? "" }
      : {}),
    ...rules.fields,
  });
  const labels = new Set(fields.map(([label]) => label));
  const subresources = new Map(Object.entries(rules.subresources ?? {}));
  const subresourceOf = (name: string | undefined) => subresources.get(name ?? "");

  return {
    prepareForCreate(object) {
      const fresh = withMeta(object, (meta) =>
        without(
          rules.counted === undefined ? without(meta, "generation") : { ...meta, generation: 1 },
          "deletionTimestamp",
          "deletionGracePeriodSeconds",
          "selfLink",
        ),
      );
      return rules.prepareForCreate?.(fresh) ?? fresh;
    },
    prepareForUpdate(object, old, subresource) {
      const carried = withMeta(object, (meta) => carryOver(meta, old.metadata));
      const part = subresourceOf(subresource);
      if (part !== undefined) return part.prepare(carried, old);
      const prepared = rules.prepareForUpdate?.(carried, old) ?? carried;
      const { counted } = rules;
      if (counted === undefined || semanticEqual(counted(prepared), counted(old))) return prepared;
      const generation = (old.metadata.generation ?? 0) + 1;
      return withMeta(prepared, (meta) => ({ ...meta, generation }));
    },
    validateCreate: (object) => [
      ...validateObjectMeta(object.metadata, rules),
      ...rules.validate(object),
      ...(rules.validateNew?.(object) ?? []),
    ],
    validateUpdate(object, old, subresource) {
      const part = subresourceOf(subresource);
      return [
        ...validateObjectMetaUpdate(object.metadata, old.metadata),
        ...validateObjectMeta(object.metadata, rules),
        ...(part !== undefined
          ? (part.validate?.(object, old) ?? [])
          : [...(rules.validateChange?.(object, old) ?? []), ...rules.validate(object)]),
      ];
    },
    warnings: (object, old) => rules.warnings?.(object, old) ?? [],
    fields: (object) => Object.fromEntries(fields.map(([label, read]) => [label, read(object)])),
    checkField(field) {
      if (labels.has(field)) return;
      throw rules.fields === undefined ? unknownField(field) : unsupportedField(field);
    },
    createsOnUpdate: rules.createsOnUpdate ?? false,
    updatesUnconditionally: rules.updatesUnconditionally ?? true,
  };
}

/** A copy with changed metadata. */
export function withMeta<T extends KubeObject>(
  object: T,
  change: (meta: ObjectMeta) => ObjectMeta,
): T {
  return { ...object, metadata: change(object.metadata) };
}

/** Puts back what only the server sets, so that a client may leave it out. A wrong uid stays wrong. */
function carryOver(meta: ObjectMeta, old: ObjectMeta): ObjectMeta {
  const own = meta.uid ? meta : withField(meta, "uid", old.uid);
  return (
    [
      "generation",
      "creationTimestamp",
      "deletionTimestamp",
      "deletionGracePeriodSeconds",
      "selfLink",
    ] as const
  ).reduce((result, name) => withField(result, name, old[name]), own);
}

/** The `status` sub-resource of most kinds: the spec stays. Labels and annotations may come with the status. */
export function statusOf<T extends KubeObject & { readonly spec?: unknown }>(object: T, old: T): T {
  const copy = { ...object };
  Reflect.deleteProperty(copy, "spec");
  return old.spec === undefined ? copy : { ...copy, spec: old.spec };
}

/** The old object with the request's resourceVersion, which the store compares. */
export function withRequestVersion<T extends KubeObject>(object: T, old: T): T {
  const { resourceVersion, managedFields } = object.metadata;
  return withMeta(old, (meta) =>
    withField(
      withField(meta, "resourceVersion", resourceVersion ?? meta.resourceVersion),
      "managedFields",
      managedFields ?? meta.managedFields,
    ),
  );
}

/** A copy with this status; `undefined` leaves it out. */
export function withStatus<T extends { readonly status?: unknown }>(
  object: T,
  status: T["status"],
): T {
  const copy = { ...object };
  Reflect.deleteProperty(copy, "status");
  return status === undefined ? copy : { ...copy, status };
}
