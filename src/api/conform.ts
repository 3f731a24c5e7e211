import { canonicalQuantity } from "./quantity.ts";
import type { FieldType, JsonValue, ObjectSchema, ScalarName } from "./schema/schema.ts";
import { canonicalMicroTime, canonicalTime } from "./timestamp.ts";

/** JSON's objects. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Kubernetes reports no more than this many unknown and duplicate fields of one body. */
export const STRICT_ERRORS_MAX = 100;

/** Values without a schema may be nested this deep; deeper ones could exhaust the stack of whoever reads them. */
const RAW_DEPTH_MAX = 1000;

/** A value is of another type than the schema has. The message is what Go's decoder would say. */
export class MismatchError extends Error {}

/** What became of a value that follows a schema now. */
export interface Conformed {
  readonly value: JsonObject;
  /** Paths of fields that the schema doesn't have, such as `spec.ports[0].color`; they are left out of `value`. */
  readonly unknown: readonly string[];
}

/**
 * Makes a value follow a schema: unknown fields and nulls go, so do zeros that Kubernetes' JSON leaves out;
 * amounts and times are written canonically. The value itself is not touched; what needs no change is shared with the result.
 */
export function conform(value: unknown, schema: ObjectSchema): Conformed {
  const walk = new Walk(schema.name);
  return { value: walk.object(value, schema, ""), unknown: walk.unknown };
}

/** True for what JSON calls an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Sets a property also under the one name that assignment would take for the prototype. */
export function setProperty(target: Record<string, JsonValue>, name: string, value: JsonValue) {
  if (name !== "__proto__") target[name] = value;
  else
    Object.defineProperty(target, name, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
}

class Walk {
  readonly unknown: string[] = [];
  /** Names of the fields on the way down, without list indices: Go's errors have it like that. */
  readonly #names: string[] = [];
  #struct: string;

  constructor(struct: string) {
    this.#struct = struct;
  }

  object(value: unknown, schema: ObjectSchema, path: string): JsonObject {
    if (!isJsonObject(value)) throw this.#mismatch(value, `v1.${schema.name}`);
    const outer = this.#struct;
    this.#struct = schema.name;
    let copy: Record<string, JsonValue> | undefined;
    for (const name in value) {
      const old = value[name];
      const next = this.#field(name, old, schema, path);
      if (next === old) continue;
      copy ??= { ...value };
      if (next === undefined) delete copy[name];
      else copy[name] = next;
    }
    this.#struct = outer;
    return copy ?? value;
  }

  /** The field's new value; undefined when it is to go. */
  #field(name: string, value: unknown, schema: ObjectSchema, path: string): JsonValue | undefined {
    const field = schema.fields.get(name);
    const fieldPath = path === "" ? name : `${path}.${name}`;
    if (field === undefined) {
      if (schema.isKind && (name === "kind" || name === "apiVersion")) {
        return value === null || value === "" ? undefined : this.#scalar(value, "string", "string");
      }
      if (this.unknown.length < STRICT_ERRORS_MAX) this.unknown.push(fieldPath);
      return undefined;
    }
    if (value === null || value === undefined) return undefined;
    this.#names.push(name);
    const next = this.#value(value, field.type, fieldPath);
    this.#names.pop();
    return field.omitEmpty && !field.pointer && isEmpty(next, field.type) ? undefined : next;
  }

  #value(value: unknown, type: FieldType, path: string): JsonValue {
    switch (type.kind) {
      case "object":
        return this.object(value, type.schema, path);
      case "list":
        return this.#list(value, type, path);
      case "map":
        return this.#map(value, type, path);
      case "scalar":
        return this.#scalar(value, type.name, goType(type));
    }
  }

  #list(value: unknown, type: FieldType & { kind: "list" }, path: string): readonly JsonValue[] {
    if (!Array.isArray(value)) throw this.#mismatch(value, goType(type));
    const list: readonly unknown[] = value;
    const next = list.map((item, i) =>
      item === null ? zeroOf(type.of) : this.#value(item, type.of, `${path}[${i}]`),
    );
    return next.every((item, i) => item === list[i]) ? value : next;
  }

  #map(value: unknown, type: FieldType & { kind: "map" }, path: string): JsonObject {
    if (!isJsonObject(value)) throw this.#mismatch(value, goType(type));
    let copy: Record<string, JsonValue> | undefined;
    for (const name in value) {
      const old = value[name];
      const next =
        old === null || old === undefined
          ? zeroOf(type.of)
          : this.#value(old, type.of, `${path}.${name}`);
      if (next === old) continue;
      copy ??= { ...value };
      setProperty(copy, name, next);
    }
    return copy ?? value;
  }

  #scalar(value: unknown, name: ScalarName, wanted: string): JsonValue {
    switch (name) {
      case "string":
        if (typeof value === "string") return value;
        break;
      case "bool":
        if (typeof value === "boolean") return value;
        break;
      case "int32":
        if (isInteger(value, 2 ** 31)) return value;
        break;
      case "int64":
        if (isInteger(value, 2 ** 63)) return value;
        break;
      case "IntOrString":
        if (typeof value === "string" || isInteger(value, 2 ** 31)) return value;
        break;
      case "bytes":
        if (typeof value === "string") return canonicalBase64(value);
        break;
      case "Quantity":
        if (typeof value === "string" || typeof value === "number") return quantity(String(value));
        break;
      case "Time":
      case "MicroTime":
        if (typeof value === "string") return time(value, name);
        break;
      case "Strings":
        if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
        break;
      case "RawExtension":
      case "FieldsV1":
        if (isJson(value)) return value;
        throw new MismatchError("exceeded max depth");
    }
    throw this.#mismatch(value, wanted);
  }

  #mismatch(value: unknown, wanted: string): MismatchError {
    const place =
      this.#names.length === 0
        ? "Go value"
        : `Go struct field ${this.#struct}.${this.#names.join(".")}`;
    return new MismatchError(
      `json: cannot unmarshal ${jsonWord(value, wanted)} into ${place} of type ${wanted}`,
    );
  }
}

/** Whether Kubernetes' JSON would leave the value out. A struct is never empty. */
function isEmpty(value: JsonValue, type: FieldType): boolean {
  switch (type.kind) {
    case "object":
      return false;
    case "list":
      return Array.isArray(value) && value.length === 0;
    case "map":
      return isJsonObject(value) && Object.keys(value).length === 0;
    case "scalar":
      return value === "" || value === false || (value === 0 && type.name !== "IntOrString");
  }
}

function isInteger(value: unknown, limit: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit;
}

/** What Go calls a JSON value that it did not expect. */
function jsonWord(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return wanted.startsWith("int") ? `number ${value}` : "number";
  return typeof value === "string" ? "string" : "object";
}

function goType(type: FieldType): string {
  switch (type.kind) {
    case "object":
      return `v1.${type.schema.name}`;
    case "list":
      return `[]${goType(type.of)}`;
    case "map":
      return `map[string]${goType(type.of)}`;
    case "scalar":
      return goScalar(type.name, type.values?.name);
  }
}

function goScalar(name: ScalarName, enumName: string | undefined): string {
  switch (name) {
    case "string":
      return enumName === undefined ? "string" : `v1.${enumName}`;
    case "IntOrString":
      return "intstr.IntOrString";
    case "Quantity":
      return "resource.Quantity";
    case "Time":
    case "MicroTime":
    case "FieldsV1":
      return `v1.${name}`;
    case "RawExtension":
      return "runtime.RawExtension";
    case "bytes":
      return "[]uint8";
    case "Strings":
      return "[]string";
    default:
      return name;
  }
}

/** What Go makes of a null where there has to be a value. */
function zeroOf(type: FieldType): JsonValue {
  if (type.kind === "object" || type.kind === "map") return {};
  if (type.kind === "list" || type.name === "Strings") return [];
  if (type.name === "bool") return false;
  if (type.name === "RawExtension" || type.name === "FieldsV1") return null;
  return type.name === "int32" || type.name === "int64" || type.name === "IntOrString"
    ? 0
    : type.name === "Quantity"
      ? "0"
      : "";
}

function canonicalBase64(text: string): string {
  const compact = text.includes("\n") ? text.replaceAll(/[\r\n]/g, "") : text;
  const wrong = compact.search(/[^A-Za-z0-9+/=]|=(?!=?$)/);
  if (wrong !== -1 || compact.length % 4 !== 0) {
    const position = wrong === -1 ? compact.length : wrong;
    throw new MismatchError(`illegal base64 data at input byte ${position}`);
  }
  return compact;
}

function quantity(text: string): string {
  const canonical = canonicalQuantity(text.trim());
  if (canonical === undefined) {
    throw new MismatchError(
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    );
  }
  return canonical;
}

function time(text: string, name: "Time" | "MicroTime"): string {
  const canonical = name === "Time" ? canonicalTime(text) : canonicalMicroTime(text);
  if (canonical === undefined) {
    const layout =
      name === "Time" ? "2006-01-02T15:04:05Z07:00" : "2006-01-02T15:04:05.000000Z07:00";
    throw new MismatchError(
      `parsing time ${JSON.stringify(text)} as "${layout}": it is no such time`,
    );
  }
  return canonical;
}

/** Whether a value is JSON through and through, and nested at most `depth` deep. */
export function isJson(value: unknown, depth = RAW_DEPTH_MAX): value is JsonValue {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (depth === 0 || typeof value !== "object") return false;
  return Object.values(value).every((item) => isJson(item, depth - 1));
}
