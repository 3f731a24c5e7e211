import { computedDefaults } from "./computed-defaults.ts";
import { isJsonObject, type JsonObject, setProperty } from "./conform.ts";
import type { BodyType } from "./kinds.ts";
import { inThousandths } from "./quantity.ts";
import type { Field, FieldType, JsonValue, ObjectSchema } from "./schema/schema.ts";
import { typed } from "./typed.ts";

/**
 * Fills in what the client left out, as Kubernetes does before it looks at an object: first what depends on
 * other fields, then the defaults of the tables, then zeros in fields that Kubernetes' JSON always has. Amounts of
 * resources lose what is finer than a thousandth. The object itself is not touched.
 */
export function withDefaults<T extends object>(kind: BodyType, object: T): T {
  const value: unknown = object;
  return isJsonObject(value) ? typed<T>(fillObject(value, kind.schema)) : object;
}

/** A field that defaulting has to look at; others can't change. */
interface Step {
  readonly name: string;
  readonly field: Field;
  /** What to put where there is nothing. */
  readonly missing: JsonValue | undefined;
  /** The value itself may lack something. */
  readonly descend: boolean;
}

const stepsBySchema = new WeakMap<ObjectSchema, readonly Step[]>();

function stepsOf(schema: ObjectSchema): readonly Step[] {
  const known = stepsBySchema.get(schema);
  if (known !== undefined) return known;
  const steps = [...schema.fields]
    .map(([name, field]) => ({
      name,
      field,
      missing: field.default ?? zeroOf(field),
      descend: mayLack(field.type),
    }))
    .filter((step) => step.missing !== undefined || step.descend);
  stepsBySchema.set(schema, steps);
  return steps;
}

function mayLack(type: FieldType): boolean {
  switch (type.kind) {
    case "scalar":
      return false;
    case "object":
      return computedDefaults.has(nameOf(type.schema)) || stepsOf(type.schema).length > 0;
    default:
      return isResourceList(type) || mayLack(type.of);
  }
}

/** Every map of amounts is one of resources. */
function isResourceList(type: FieldType): boolean {
  return type.kind === "map" && type.of.kind === "scalar" && type.of.name === "Quantity";
}

function nameOf(schema: ObjectSchema): string {
  return `${schema.table}.${schema.name}`;
}

/** The zero that Kubernetes' JSON has for a field without a value; undefined where it has none. */
function zeroOf({ type, pointer, omitEmpty }: Field): JsonValue | undefined {
  if (pointer) return undefined;
  // Go never leaves out a struct.
  if (type.kind === "object") return {};
  if (type.kind === "scalar" && type.name === "Quantity") return "0";
  if (omitEmpty) return undefined;
  if (type.kind === "list") return [];
  if (type.kind === "map") return {};
  switch (type.name) {
    case "string":
      return "";
    case "int32":
    case "int64":
    case "IntOrString":
      return 0;
    case "bool":
      return false;
    default:
      // Go has null for a time that was never set; absent says the same.
      return undefined;
  }
}

function fillObject(value: JsonObject, schema: ObjectSchema): JsonObject {
  const computed = computedDefaults.get(nameOf(schema))?.(value) ?? value;
  let copy: Record<string, JsonValue> | undefined;
  for (const { name, field, missing, descend } of stepsOf(schema)) {
    const old = computed[name];
    const present = isMissing(old, field) ? missing : old;
    if (present === undefined) continue;
    const next = descend ? fillValue(present, field.type) : present;
    if (next === old) continue;
    copy ??= { ...computed };
    copy[name] = next;
  }
  return copy ?? computed;
}

/** Without a pointer, zero can't be told from absent. */
function isMissing(value: JsonValue | undefined, field: Field): boolean {
  if (value === undefined || value === null) return true;
  return !field.pointer && (value === "" || value === 0);
}

function fillValue(value: JsonValue, type: FieldType): JsonValue {
  if (type.kind === "object") return isJsonObject(value) ? fillObject(value, type.schema) : value;
  if (type.kind === "list" && Array.isArray(value)) {
    const list: readonly JsonValue[] = value;
    const next = list.map((item) => fillValue(item, type.of));
    return next.every((item, i) => item === list[i]) ? value : next;
  }
  if (type.kind !== "map" || !isJsonObject(value)) return value;
  const isResources = isResourceList(type);
  const next: Record<string, JsonValue> = {};
  for (const [name, item] of Object.entries(value)) {
    setProperty(next, name, isResources ? inThousandths(`${item}`) : fillValue(item, type.of));
  }
  return next;
}
