import { schemas } from "./registry.ts";
import type { Field, FieldType, ObjectSchema, ScalarName } from "./schema.ts";

/** Structs whose own name another group has taken. */
const typeNames: Readonly<Record<string, string>> = {
  "discovery.EndpointPort": "EndpointSlicePort",
};

const scalarTypes: Readonly<Record<ScalarName, string>> = {
  string: "string",
  int32: "number",
  int64: "number",
  bool: "boolean",
  bytes: "string",
  Time: "string",
  MicroTime: "string",
  Quantity: "Quantity",
  IntOrString: "IntOrString",
  Strings: "readonly string[]",
  RawExtension: "JsonValue",
  FieldsV1: "JsonValue",
};

const prologue = `// Generated from src/api/schema/tables by \`npm run generate\`. Change the tables, not this file.
import type { JsonValue } from "./schema/schema.ts";

export type { JsonValue };

/** A number, or a text such as a port's name or "25%". */
export type IntOrString = number | string;

/** An amount, such as "500m", "1Gi" or 2. */
export type Quantity = string | number;

/** What every object has. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
}

/** A list as the API answers it. */
export interface KubeList<T extends KubeObject = KubeObject> {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ListMeta;
  readonly items: readonly T[];
}
`;

/** The text of src/api/types.ts: an interface per struct, deeply readonly, in the shape of Kubernetes' JSON. */
export function renderTypes(): string {
  return [prologue, ...[...schemas.values()].map(renderInterface)].join("\n");
}

function renderInterface(schema: ObjectSchema): string {
  const isObject = schema.isKind && schema.rows.some(isObjectMeta);
  const parents = [
    ...(isObject ? ["KubeObject"] : []),
    ...schema.rows.flatMap((row) => (row.inline ? [typeText(row.type)] : [])),
  ];
  const own = schema.rows.filter((row) => !row.inline && !(isObject && isObjectMeta(row)));
  const heading = parents.length === 0 ? "" : ` extends ${parents.join(", ")}`;
  const opening = `export interface ${typeName(schema)}${heading} {`;
  if (own.length === 0 && isObject) return `${opening}}\n`;
  return [
    ...docLines(schema.doc, ""),
    opening,
    ...(schema.isKind && !isObject
      ? ["  readonly apiVersion?: string;", "  readonly kind?: string;"]
      : []),
    ...own.flatMap((row) => [...docLines(row.doc, "  "), renderField(row)]),
    "}",
    "",
  ].join("\n");
}

function isObjectMeta(row: Field): boolean {
  return (
    row.name === "metadata" && row.type.kind === "object" && row.type.schema.name === "ObjectMeta"
  );
}

function docLines(doc: string, indent: string): string[] {
  return doc === "" ? [] : [`${indent}/** ${doc} */`];
}

function renderField(field: Field): string {
  return `  readonly ${field.name}${field.optional ? "?" : ""}: ${typeText(field.type)};`;
}

function typeText(type: FieldType): string {
  switch (type.kind) {
    case "scalar":
      return scalarTypes[type.name];
    case "list":
      return `readonly ${typeText(type.of)}[]`;
    case "map":
      return `Readonly<Record<string, ${typeText(type.of)}>>`;
    case "object":
      return typeName(type.schema);
  }
}

function typeName(schema: ObjectSchema): string {
  return typeNames[`${schema.table}.${schema.name}`] ?? schema.name;
}
