import { type FieldError, invalid, invalidEach, required } from "../field-error.ts";
import type { EnvFromSource, EnvVar, EnvVarSource } from "../types.ts";
import { validateFieldRef, validateResourceRef } from "./field-reference.ts";
import { configKey, dnsSubdomain, environmentName } from "./names.ts";

/** Fields of a pod that a variable may hold. */
const podFields = [
  "metadata.name",
  "metadata.namespace",
  "metadata.uid",
  "spec.nodeName",
  "spec.serviceAccountName",
  "status.hostIP",
  "status.hostIPs",
  "status.podIP",
  "status.podIPs",
];

/** The variables of a container, one by one. */
export function validateEnvironment(variables: readonly EnvVar[], field: string): FieldError[] {
  return variables.flatMap(({ name = "", value = "", valueFrom }, index) => {
    const at = `${field}[${index}]`;
    return [
      ...(name === ""
        ? [required(`${at}.name`)]
        : invalidEach(`${at}.name`, name, environmentName(name))),
      ...(valueFrom === undefined ? [] : validateSource(valueFrom, value, `${at}.valueFrom`)),
    ];
  });
}

function validateSource(source: EnvVarSource, value: string, field: string): FieldError[] {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter(
    (one) => one !== undefined,
  ).length;
  return [
    ...(fieldRef === undefined ? [] : validateFieldRef(fieldRef, podFields, `${field}.fieldRef`)),
    ...(resourceFieldRef === undefined
      ? []
      : validateResourceRef(resourceFieldRef, false, `${field}.resourceFieldRef`)),
    ...validateKeyRef(configMapKeyRef, `${field}.configMapKeyRef`),
    ...validateKeyRef(secretKeyRef, `${field}.secretKeyRef`),
    ...validateSourceCount(count, value, field),
  ];
}

function validateSourceCount(count: number, value: string, field: string): FieldError[] {
  if (count === 0) {
    const detail =
      "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`";
    return [invalid(field, "", detail)];
  }
  if (value !== "") return [invalid(field, "", "may not be specified when `value` is not empty")];
  return count > 1
    ? [invalid(field, "", "may not have more than one field specified at a time")]
    : [];
}

function validateKeyRef(
  reference: { readonly name?: string; readonly key: string } | undefined,
  field: string,
): FieldError[] {
  if (reference === undefined) return [];
  const { name = "", key = "" } = reference;
  return [
    ...invalidEach(`${field}.name`, name, dnsSubdomain(name)),
    ...(key === "" ? [required(`${field}.key`)] : invalidEach(`${field}.key`, key, configKey(key))),
  ];
}

/** ConfigMaps and Secrets of which all keys become variables. */
export function validateEnvironmentSources(
  sources: readonly EnvFromSource[],
  field: string,
): FieldError[] {
  return sources.flatMap(({ prefix = "", configMapRef, secretRef }, index) => {
    const at = `${field}[${index}]`;
    const isAlone = (configMapRef === undefined) !== (secretRef === undefined);
    return [
      ...(prefix === "" ? [] : invalidEach(`${at}.prefix`, prefix, environmentName(prefix))),
      ...(configMapRef === undefined ? [] : validateName(configMapRef.name, `${at}.configMapRef`)),
      ...(secretRef === undefined ? [] : validateName(secretRef.name, `${at}.secretRef`)),
      // Kubernetes reports this at the list, without the source's index.
      ...(isAlone ? [] : [invalid(field, "", sourceCountMessage(configMapRef !== undefined))]),
    ];
  });
}

function sourceCountMessage(hasSeveral: boolean): string {
  return hasSeveral
    ? "may not have more than one field specified at a time"
    : "must specify one of: `configMapRef` or `secretRef`";
}

function validateName(name: string | undefined, field: string): FieldError[] {
  return name
    ? invalidEach(`${field}.name`, name, dnsSubdomain(name))
    : [required(`${field}.name`)];
}
