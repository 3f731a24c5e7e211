import { isJson, setProperty } from "../conform.ts";
import type { Field, FieldType, JsonValue, ObjectSchema, ScalarName } from "../schema/schema.ts";
import { microsText, secondsText } from "../timestamp.ts";
import { parseJson } from "./json.ts";
import { readFields, readPacked, toNumber, WireFault, type WireField } from "./wire.ts";

/** What Kubernetes puts before its messages, so that they can be told from JSON: "k8s" and a zero byte. */
const magic = [0x6b, 0x38, 0x73, 0];

/** The message around an object (`runtime.Unknown`). */
export interface Envelope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly raw: Uint8Array;
}

/** Takes the object out of its envelope; undefined when the bytes don't begin with the magic. */
export function openEnvelope(bytes: Uint8Array): Envelope | undefined {
  if (magic.some((byte, i) => bytes[i] !== byte)) return undefined;
  let apiVersion = "";
  let kind = "";
  let raw: Uint8Array = new Uint8Array();
  for (const field of readFields(bytes.subarray(magic.length))) {
    if (field.kind !== "bytes") continue;
    if (field.number === 2) raw = field.bytes;
    if (field.number !== 1) continue;
    for (const part of readFields(field.bytes)) {
      if (part.number === 1) apiVersion = textOf(part);
      if (part.number === 2) kind = textOf(part);
    }
  }
  return { apiVersion, kind, raw };
}

/**
 * Turns a message into the JSON that Kubernetes would have for it. Fields with unknown numbers are passed over.
 *
 * Go writes every field that is no pointer, zero or not. So a zero in a field that JSON leaves out while it is
 * zero is dropped, and a zero behind a pointer is kept: only the table knows which is which.
 */
export function decodeMessage(schema: ObjectSchema, bytes: Uint8Array): Record<string, JsonValue> {
  const object: Record<string, JsonValue> = {};
  readMessage(object, schema, bytes);
  return object;
}

function readMessage(
  object: Record<string, JsonValue>,
  schema: ObjectSchema,
  bytes: Uint8Array,
): void {
  for (const wire of readFields(bytes)) {
    const field = rowOf(schema, wire.number);
    if (field === undefined) continue;
    if (field.inline && field.type.kind === "object") {
      readMessage(object, field.type.schema, bytesOf(wire));
    } else {
      readField(object, field, wire);
    }
  }
}

const rowsByNumber = new WeakMap<ObjectSchema, ReadonlyMap<number, Field>>();

function rowOf(schema: ObjectSchema, number: number): Field | undefined {
  let rows = rowsByNumber.get(schema);
  if (rows === undefined) {
    rows = new Map(schema.rows.map((row) => [row.number, row]));
    rowsByNumber.set(schema, rows);
  }
  return rows.get(number);
}

function readField(object: Record<string, JsonValue>, field: Field, wire: WireField): void {
  const { type, name } = field;
  const old = object[name];
  if (type.kind === "list") {
    const list = Array.isArray(old) ? old : [];
    const items = isPacked(type.of, wire)
      ? readPacked(bytesOf(wire)).map(toNumber)
      : [itemOf(type.of, wire)];
    for (const item of items) list.push(item);
    object[name] = list;
  } else if (type.kind === "map") {
    const map = isMutable(old) ? old : {};
    readEntry(map, type.of, bytesOf(wire));
    object[name] = map;
  } else if (type.kind === "object") {
    // A message that comes in two parts is one message: protobuf merges them.
    const part = isMutable(old) ? old : {};
    readMessage(part, type.schema, bytesOf(wire));
    object[name] = part;
  } else {
    const value = scalarOf(type.name, wire);
    if (value === undefined || (field.omitEmpty && !field.pointer && isZero(value))) {
      delete object[name];
    } else {
      object[name] = value;
    }
  }
}

function isMutable(value: JsonValue | undefined): value is Record<string, JsonValue> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPacked(type: FieldType, wire: WireField): boolean {
  return (
    wire.kind === "bytes" &&
    type.kind === "scalar" &&
    (type.name === "int32" || type.name === "int64")
  );
}

function readEntry(map: Record<string, JsonValue>, type: FieldType, bytes: Uint8Array): void {
  let key = "";
  let value: JsonValue | undefined;
  for (const wire of readFields(bytes)) {
    if (wire.number === 1) key = textOf(wire);
    if (wire.number === 2) value = itemOf(type, wire);
  }
  setProperty(
    map,
    key,
    value ?? itemOf(type, { number: 2, kind: "bytes", bytes: new Uint8Array() }),
  );
}

function itemOf(type: FieldType, wire: WireField): JsonValue {
  switch (type.kind) {
    case "object":
      return decodeMessage(type.schema, bytesOf(wire));
    case "scalar":
      return scalarOf(type.name, wire) ?? null;
    default:
      // The tables hold no list of lists, and protobuf could not say one.
      throw new WireFault("illegal nesting");
  }
}

/** Undefined for a time that was never set, which Go writes as an empty message. */
function scalarOf(name: ScalarName, wire: WireField): JsonValue | undefined {
  switch (name) {
    case "int32":
    case "int64":
      return toNumber(varintOf(wire));
    case "bool":
      return varintOf(wire).low !== 0;
    case "string":
      return textOf(wire);
    case "bytes":
      return Buffer.from(bytesOf(wire)).toString("base64");
    case "Quantity":
      return textIn(wire, 1) || "0";
    case "Time":
    case "MicroTime":
      return timeOf(name, bytesOf(wire));
    case "IntOrString":
      return intOrString(bytesOf(wire));
    case "Strings":
      return [...readFields(bytesOf(wire))].filter((item) => item.number === 1).map(textOf);
    case "RawExtension":
    case "FieldsV1":
      return jsonOf(wire);
  }
}

function isZero(value: JsonValue): boolean {
  return value === "" || value === 0 || value === false;
}

function bytesOf(wire: WireField): Uint8Array {
  if (wire.kind !== "bytes") throw new WireFault(`wrong wire type for field ${wire.number}`);
  return wire.bytes;
}

function varintOf(wire: WireField): { low: number; high: number } {
  if (wire.kind !== "varint") throw new WireFault(`wrong wire type for field ${wire.number}`);
  return wire;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function textOf(wire: WireField): string {
  try {
    return utf8.decode(bytesOf(wire));
  } catch {
    throw new WireFault(`field ${wire.number} holds no valid UTF-8`);
  }
}

/** The text of one field inside a small message, "" when absent. */
function textIn(wire: WireField, number: number): string {
  const part = [...readFields(bytesOf(wire))].findLast((field) => field.number === number);
  return part === undefined ? "" : textOf(part);
}

function timeOf(name: "Time" | "MicroTime", bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return undefined;
  let seconds = 0;
  let nanos = 0;
  for (const field of readFields(bytes)) {
    if (field.number === 1) seconds = toNumber(varintOf(field));
    if (field.number === 2) nanos = toNumber(varintOf(field));
  }
  // The years 1 to 9999, which is what RFC 3339 can say.
  if (seconds < -62_135_596_800 || seconds > 253_402_300_799 || nanos < 0 || nanos > 999_999_999) {
    throw new WireFault("time out of range");
  }
  return name === "Time"
    ? secondsText(seconds * 1000)
    : microsText(seconds * 1000, Math.floor(nanos / 1000));
}

function intOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let number = 0;
  let text = "";
  for (const field of readFields(bytes)) {
    if (field.number === 1) isText = varintOf(field).low === 1;
    if (field.number === 2) number = toNumber(varintOf(field));
    if (field.number === 3) text = textOf(field);
  }
  return isText ? text : number;
}

/** The JSON inside a RawExtension or FieldsV1. */
function jsonOf(wire: WireField): JsonValue | undefined {
  const text = textIn(wire, 1);
  if (text === "") return undefined;
  const value = parseJson(text);
  if (!isJson(value)) throw new WireFault("JSON is nested too deep");
  return value;
}
