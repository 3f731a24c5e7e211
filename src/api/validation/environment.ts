import { type FieldError, invalid, invalidEach, notSupported, required } from "../field-error.ts";
import type { EnvFromSource, EnvVar, EnvVarSource, ObjectFieldSelector } from "../types.ts";
import { configKey, dnsSubdomain, environmentName, qualifiedName } from "./names.ts";

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
  const errors: FieldError[] = [];
  if (count === 0) {
    errors.push(
      invalid(
        field,
        "",
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`",
      ),
    );
  } else if (value !== "") {
    errors.push(invalid(field, "", "may not be specified when `value` is not empty"));
  } else if (count > 1) {
    errors.push(invalid(field, "", "may not have more than one field specified at a time"));
  }
  return [
    ...errors,
    ...(fieldRef === undefined ? [] : validateFieldRef(fieldRef, `${field}.fieldRef`)),
    ...(resourceFieldRef === undefined || resourceFieldRef.resource
      ? []
      : [required(`${field}.resourceFieldRef.resource`)]),
    ...validateKeyRef(configMapKeyRef, `${field}.configMapKeyRef`),
    ...validateKeyRef(secretKeyRef, `${field}.secretKeyRef`),
  ];
}

/** A field of the pod itself, for a variable or a file. */
function validateFieldRef(
  { apiVersion = "v1", fieldPath = "" }: ObjectFieldSelector,
  field: string,
): FieldError[] {
  if (apiVersion !== "v1") {
    return [invalid(`${field}.apiVersion`, apiVersion, "must be 'v1'")];
  }
  if (fieldPath === "") return [required(`${field}.fieldPath`)];
  const key = /^metadata\.(labels|annotations)\['(.*)'\]$/.exec(fieldPath);
  if (key !== null) {
    const [, map = "", name = ""] = key;
    return invalidEach(
      `${field}.fieldPath`,
      fieldPath,
      qualifiedName(map === "annotations" ? name.toLowerCase() : name),
    );
  }
  return podFields.includes(fieldPath)
    ? []
    : [notSupported(`${field}.fieldPath`, fieldPath, podFields)];
}

function validateKeyRef(
  reference: { readonly name?: string; readonly key: string } | undefined,
  field: string,
): FieldError[] {
  if (reference === undefined) return [];
  const { name = "", key = "" } = reference;
  return [
    ...(name === "" ? [required(`${field}.name`)] : []),
    ...(key === "" ? [required(`${field}.key`)] : invalidEach(`${field}.key`, key, configKey(key))),
  ];
}

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
      ...(isAlone ? [] : [invalid(at, "", sourceCountMessage(configMapRef !== undefined))]),
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
