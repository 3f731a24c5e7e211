import { Buffer } from "node:buffer";
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

export function validateConfigMapChange(next: ConfigMap, old: ConfigMap): FieldError[] {
  return old.immutable === true ? changedFields(next, old, ["data", "binaryData"]) : [];
}

export function validateSecret({ data = {}, type = "" }: Secret): FieldError[] {
  return [
    ...Object.entries(data).flatMap(([key, value]) => [
      ...invalidEach(`data[${key}]`, key, configKey(key)),
      ...validateBase64(value, `data[${key}]`),
    ]),
    ...(encodedBytes(data) > dataBytesMax ? [tooLong("data", dataBytesMax)] : []),
    ...requiredKeys(type, data),
  ];
}

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

/** What secrets of the known types must hold; one of each inner list. */
const keysByType: ReadonlyMap<string, readonly (readonly string[])[]> = new Map([
  ["kubernetes.io/basic-auth", [["username", "password"]]],
  ["kubernetes.io/dockercfg", [[".dockercfg"]]],
  ["kubernetes.io/dockerconfigjson", [[".dockerconfigjson"]]],
  ["kubernetes.io/ssh-auth", [["ssh-privatekey"]]],
  ["kubernetes.io/tls", [["tls.crt"], ["tls.key"]]],
]);

function requiredKeys(type: string, data: Readonly<Record<string, string>>): FieldError[] {
  return (keysByType.get(type) ?? [])
    .filter((names) => !names.some((name) => Object.hasOwn(data, name)))
    .flat()
    .map((name) => required(`data[${name}]`));
}
