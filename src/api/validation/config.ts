import { Buffer } from "node:buffer";
import { isJsonObject } from "../conform.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  required,
  tooLong,
} from "../field-error.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type { ConfigMap, Secret } from "../types.ts";
import { bytesOf, configKey, immutable } from "./names.ts";

/** All values of one ConfigMap or Secret together. */
const dataBytesMax = 1024 * 1024;

const immutableSet = "field is immutable when `immutable` is set";

/** What is wrong with a ConfigMap: its keys, what they hold, and how much of it. */
export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const bytes =
    Object.values(data).reduce((sum, text) => sum + bytesOf(text), 0) + encodedBytes(binaryData);
  return [
    ...Object.keys(data).flatMap((key) => [
      ...invalidEach(`data[${key}]`, key, configKey(key)),
      ...(Object.hasOwn(binaryData, key)
        ? [invalid(`data[${key}]`, key, "duplicate of key present in binaryData")]
        : []),
    ]),
    ...Object.keys(binaryData).flatMap((key) => [
      ...invalidEach(`binaryData[${key}]`, key, configKey(key)),
      ...validateBase64(binaryData[key] ?? "", `binaryData[${key}]`),
    ]),
    ...(bytes > dataBytesMax ? [tooLong("", dataBytesMax)] : []),
  ];
}

/** An immutable ConfigMap stays as it is. */
export function validateConfigMapChange(next: ConfigMap, old: ConfigMap): FieldError[] {
  return old.immutable === true ? changedFields(next, old, ["data", "binaryData"]) : [];
}

/** What is wrong with a Secret: its keys, and what those of its type must hold. */
export function validateSecret({ metadata, data = {}, type = "" }: Secret): FieldError[] {
  return [
    ...Object.entries(data).flatMap(([key, value]) => [
      ...invalidEach(`data[${key}]`, key, configKey(key)),
      ...validateBase64(value, `data[${key}]`),
    ]),
    ...(encodedBytes(data) > dataBytesMax ? [tooLong("data", dataBytesMax)] : []),
    ...validateContent(type, data),
    ...(type === "kubernetes.io/service-account-token" &&
    !metadata.annotations?.[serviceAccountAnnotation]
      ? [required(`metadata.annotations[${serviceAccountAnnotation}]`)]
      : []),
  ];
}

/** A Secret's type stays, and an immutable Secret altogether. */
export function validateSecretChange(next: Secret, old: Secret): FieldError[] {
  return [
    ...(next.type === old.type ? [] : [invalid("type", next.type ?? "", immutable)]),
    ...(old.immutable === true ? changedFields(next, old, ["data"]) : []),
  ];
}

function changedFields<T extends ConfigMap | Secret>(
  next: T,
  old: T,
  names: readonly (keyof T & string)[],
): FieldError[] {
  return [
    ...(next.immutable === true ? [] : [forbidden("immutable", immutableSet)]),
    ...names
      .filter((name) => !semanticEqual(next[name], old[name]))
      .map((name) => forbidden(name, immutableSet)),
  ];
}

function encodedBytes(data: Readonly<Record<string, string>>): number {
  return Object.values(data).reduce((sum, text) => sum + Buffer.byteLength(text, "base64"), 0);
}

function validateBase64(text: string, field: string): FieldError[] {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0
    ? []
    : [invalid(field, text, "must be base64")];
}

const serviceAccountAnnotation = "kubernetes.io/service-account.name";

/** What secrets of the known types must hold. */
function validateContent(type: string, data: Readonly<Record<string, string>>): FieldError[] {
  switch (type) {
    case "kubernetes.io/basic-auth":
      return Object.hasOwn(data, "username") || Object.hasOwn(data, "password")
        ? []
        : requiredKeys(["username", "password"]);
    case "kubernetes.io/dockercfg":
      return validateJson(data, ".dockercfg");
    case "kubernetes.io/dockerconfigjson":
      return validateJson(data, ".dockerconfigjson");
    case "kubernetes.io/ssh-auth":
      return data["ssh-privatekey"] ? [] : requiredKeys(["ssh-privatekey"]);
    case "kubernetes.io/tls":
      return requiredKeys(["tls.crt", "tls.key"].filter((key) => !Object.hasOwn(data, key)));
    default:
      return [];
  }
}

function requiredKeys(keys: readonly string[]): FieldError[] {
  return keys.map((key) => required(`data[${key}]`));
}

function validateJson(data: Readonly<Record<string, string>>, key: string): FieldError[] {
  if (!Object.hasOwn(data, key)) return requiredKeys([key]);
  try {
    const value: unknown = JSON.parse(Buffer.from(data[key] ?? "", "base64").toString());
    if (isJsonObject(value) || value === null) return [];
  } catch {
    // Told below: what the parser says could hold a piece of the secret.
  }
  return [invalid(`data[${key}]`, "<secret contents redacted>", "it is no JSON object")];
}
