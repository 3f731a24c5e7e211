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

/** What differs between kinds. */
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

/** Keys of annotations, and how much they hold altogether. */
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

/** Kubernetes reports what is wrong with an owner at the list, without its index. */
function validateOwnerReferences(
  references: readonly OwnerReference[],
  field: string,
): FieldError[] {
  const errors = references.flatMap((reference) => validateOwner(reference, field));
  const [first, ...others] = references.filter(({ controller }) => controller === true);
  if (first === undefined) return errors;
  const detail = "Only one reference can have Controller set to true.";
  return [
    ...errors,
    ...others.map(({ kind, name }) =>
      invalid(
        field,
        references,
        `${detail} Found "true" in references for ${first.kind}/${first.name} and ${kind}/${name}`,
      ),
    ),
  ];
}

function validateOwner(reference: OwnerReference, field: string): FieldError[] {
  const { apiVersion = "", kind = "" } = reference;
  const parts = apiVersion.split("/");
  return [
    ...(parts.at(-1) === "" || parts.length > 2
      ? [invalid(`${field}.apiVersion`, apiVersion, "version must not be empty")]
      : []),
    ...(["kind", "name", "uid"] as const).flatMap((name) =>
      reference[name] ? [] : [invalid(`${field}.${name}`, "", `${name} must not be empty`)],
    ),
    ...(apiVersion === "v1" && kind === "Event"
      ? [invalid(field, reference, "/v1, Kind=Event is disallowed from being an owner")]
      : []),
  ];
}

function validateFinalizers(finalizers: readonly string[], field: string): FieldError[] {
  const errors = finalizers.flatMap((name) => invalidEach(field, name, qualifiedName(name)));
  if (finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")) {
    const detail = "finalizer orphan and foregroundDeletion cannot be both set";
    errors.push(invalid(field, finalizers, detail));
  }
  return [
    ...errors,
    ...finalizers.flatMap((name, index) => validateFinalizerDomain(name, `${field}[${index}]`)),
  ];
}

/** A finalizer of a namespace's spec. */
export function validateFinalizerName(name: string, field: string): FieldError[] {
  return [
    ...invalidEach(field, name, qualifiedName(name)),
    ...validateFinalizerDomain(name, field),
  ];
}

/** A finalizer needs a domain, unless Kubernetes itself knows it. */
function validateFinalizerDomain(name: string, field: string): FieldError[] {
  return name.includes("/") || standardFinalizers.has(name)
    ? []
    : [invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified")];
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
