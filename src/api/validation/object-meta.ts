import {
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  required,
  tooLong,
} from "../field-error.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type { ObjectMeta, OwnerReference } from "../types.ts";
import {
  bytesOf,
  dnsLabel,
  immutable,
  labelValueRule,
  notNegative,
  qualifiedName,
  type TextRule,
} from "./names.ts";

/** All annotations of an object together, keys and values. */
const annotationBytesMax = 256 * 1024;

/** Finalizers without a domain that Kubernetes itself knows. */
const standardFinalizers: ReadonlySet<string> = new Set([
  "foregroundDeletion",
  "kubernetes",
  "orphan",
]);

export interface MetaRules {
  readonly namespaced: boolean;
  readonly name: TextRule;
}

/** What is wrong with an object's metadata, whatever its kind. The name has been generated before. */
export function validateObjectMeta(meta: ObjectMeta, rules: MetaRules): FieldError[] {
  const at = "metadata";
  return [
    ...validateGenerateName(meta.generateName, rules.name),
    ...(meta.name
      ? invalidEach(`${at}.name`, meta.name, rules.name(meta.name))
      : [required(`${at}.name`, "name or generateName is required")]),
    ...validateNamespace(meta.namespace ?? "", rules.namespaced),
    ...((meta.generation ?? 0) < 0
      ? [invalid(`${at}.generation`, meta.generation, notNegative)]
      : []),
    ...validateLabels(meta.labels, `${at}.labels`),
    ...validateAnnotations(meta.annotations, `${at}.annotations`),
    ...validateOwnerReferences(meta.ownerReferences ?? [], `${at}.ownerReferences`),
    ...validateFinalizers(meta.finalizers ?? [], `${at}.finalizers`),
  ];
}

/** A generated name ends in five more characters, so a dash at the end of its base is fine. */
function validateGenerateName(generateName: string | undefined, rule: TextRule): FieldError[] {
  if (!generateName) return [];
  const base = generateName.replace(/-$/, "a");
  return invalidEach("metadata.generateName", generateName, rule(base));
}

function validateNamespace(namespace: string, namespaced: boolean): FieldError[] {
  if (!namespaced) {
    return namespace === "" ? [] : [forbidden("metadata.namespace", "not allowed on this type")];
  }
  return namespace === ""
    ? [required("metadata.namespace")]
    : invalidEach("metadata.namespace", namespace, dnsLabel(namespace));
}

/** Keys and values of labels, and of selectors that are plain maps. */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  field: string,
): FieldError[] {
  return Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...invalidEach(field, key, qualifiedName(key)),
    ...invalidEach(field, value, labelValueRule(value)),
  ]);
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  field: string,
): FieldError[] {
  const entries = Object.entries(annotations ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + bytesOf(key) + bytesOf(value), 0);
  return [
    ...entries.flatMap(([key]) => invalidEach(field, key, qualifiedName(key.toLowerCase()))),
    ...(bytes > annotationBytesMax ? [tooLong(field, annotationBytesMax)] : []),
  ];
}

function validateOwnerReferences(
  references: readonly OwnerReference[],
  field: string,
): FieldError[] {
  const errors = references.flatMap((reference, index) => {
    const at = `${field}[${index}]`;
    const parts = (reference.apiVersion ?? "").split("/");
    return [
      ...(parts.at(-1) === "" || parts.length > 2
        ? [invalid(`${at}.apiVersion`, reference.apiVersion ?? "", "version must not be empty")]
        : []),
      ...(reference.kind ? [] : [invalid(`${at}.kind`, "", "must not be empty")]),
      ...(reference.name ? [] : [invalid(`${at}.name`, "", "must not be empty")]),
      ...(reference.uid ? [] : [invalid(`${at}.uid`, "", "must not be empty")]),
    ];
  });
  const [first, second] = references.filter(({ controller }) => controller === true);
  if (first !== undefined && second !== undefined) {
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first.kind}/${first.name} and ${second.kind}/${second.name}`;
    errors.push(invalid(field, references, detail));
  }
  return errors;
}

function validateFinalizers(finalizers: readonly string[], field: string): FieldError[] {
  const errors = finalizers.flatMap((name, index) =>
    validateFinalizerName(name, `${field}[${index}]`),
  );
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    const detail = "finalizer orphan and foregroundDeletion cannot be both set";
    errors.push(invalid(field, finalizers, detail));
  }
  return errors;
}

/** A finalizer needs a domain, unless Kubernetes itself knows it. */
export function validateFinalizerName(name: string, field: string): FieldError[] {
  const errors = invalidEach(field, name, qualifiedName(name));
  if (errors.length > 0 || name.includes("/") || standardFinalizers.has(name)) return errors;
  return [
    invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified"),
  ];
}

/** Fields that only the server sets, and none changes. */
const fixedFields = [
  "name",
  "namespace",
  "uid",
  "creationTimestamp",
  "deletionTimestamp",
  "deletionGracePeriodSeconds",
] as const;

/** What an update may not do to metadata. The caller has carried over what only the server sets. */
export function validateObjectMetaUpdate(meta: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors = fixedFields
    .filter((name) => !semanticEqual(meta[name], old[name]))
    .map((name) => invalid(`metadata.${name}`, meta[name], immutable));
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalid("metadata.generation", meta.generation ?? 0, "must not be decremented"));
  }
  if (old.deletionTimestamp !== undefined) {
    const known = new Set(old.finalizers ?? []);
    const added = (meta.finalizers ?? []).filter((name) => !known.has(name));
    if (added.length > 0) {
      const list = added.map((name) => JSON.stringify(name)).join(", ");
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbidden("metadata.finalizers", detail));
    }
  }
  return errors;
}
