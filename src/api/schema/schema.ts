/** What a field holds. Numbers of 64 bits are JSON numbers, as in Kubernetes' JSON. */
export type FieldType =
  | { readonly kind: "scalar"; readonly name: ScalarName; readonly values?: EnumValues }
  | { readonly kind: "list"; readonly of: FieldType }
  | { readonly kind: "map"; readonly of: FieldType }
  | { readonly kind: "object"; readonly schema: ObjectSchema };

/** The words that Kubernetes knows for a string; others decode as well, and validation refuses them. */
export interface EnumValues {
  readonly name: string;
  readonly words: readonly string[];
}

/**
 * The types at the leaves. `bytes` is base64 in JSON; `Time`, `MicroTime`, `Quantity`, `IntOrString` are
 * messages on the protobuf wire and plain values in JSON; `Strings` is a list of strings wrapped in a message;
 * `RawExtension` and `FieldsV1` are JSON that the schema doesn't know.
 */
export const scalarNames = [
  "string",
  "int32",
  "int64",
  "bool",
  "bytes",
  "Time",
  "MicroTime",
  "Quantity",
  "IntOrString",
  "Strings",
  "RawExtension",
  "FieldsV1",
] as const;

/** The name of a type without parts. */
export type ScalarName = (typeof scalarNames)[number];

/** A value as JSON has it. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** One row of a table. */
export interface Field {
  readonly name: string;
  /** Number on the protobuf wire; 0 where Kubernetes has none. */
  readonly number: number;
  readonly type: FieldType;
  /** The field tells "absent" from "zero" on the protobuf wire, and a zero value is not defaulted. */
  readonly pointer: boolean;
  /** Absent from JSON while it has its zero value. */
  readonly omitEmpty: boolean;
  /** A client need not send it, although an answer always has it. */
  readonly optional: boolean;
  /** Filled in when the field is absent, or zero and no pointer. */
  readonly default?: JsonValue;
  /** How server-side apply merges a list. `keys` only with "map". */
  readonly list?: { readonly type: "atomic" | "set" | "map"; readonly keys: readonly string[] };
  /** A map that server-side apply takes as one value. */
  readonly atomicMap: boolean;
  /** How a strategic merge patch treats the field. */
  readonly patch?: PatchStrategy;
  /** Fields of the type named here stand beside this object's own in JSON; on the wire they are a message. */
  readonly inline: boolean;
  readonly doc: string;
}

/** How a strategic merge patch treats a field. */
export interface PatchStrategy {
  readonly merge: boolean;
  readonly replace: boolean;
  readonly retainKeys: boolean;
  readonly mergeKey?: string;
}

/** One struct of the Kubernetes API. */
export interface ObjectSchema {
  readonly name: string;
  /** Which table it is from: "core", "meta", "apps"… */
  readonly table: string;
  /** It has `apiVersion` and `kind`. */
  readonly isKind: boolean;
  /** Server-side apply takes it as one value. */
  readonly atomic: boolean;
  readonly doc: string;
  /** The rows, in the table's order, inlined structs as one row. */
  readonly rows: readonly Field[];
  /** The fields that JSON has, inlined structs taken apart, by name. */
  readonly fields: ReadonlyMap<string, Field>;
}
