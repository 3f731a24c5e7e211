import { isJsonObject, type JsonObject, setProperty } from "../conform.ts";
import type { Field, FieldType, JsonValue, ObjectSchema } from "../schema/schema.ts";
import { orderElements, positions } from "./element-order.ts";
import { PatchFault } from "./patch-fault.ts";
import { printed } from "./printed.ts";

// What a patch may say besides values.
const directive = "$patch";
const retainKeys = "$retainKeys";
const deleteFrom = "$deleteFromPrimitiveList/";
const elementOrder = "$setElementOrder/";

/**
 * Applies a strategic merge patch: a merge patch that knows from the schema which lists to merge, and by
 * which key. Directives in the patch (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList`,
 * `$setElementOrder`) say what values can't.
 */
export function strategicMergePatch(
  original: JsonObject,
  patch: JsonObject,
  schema: ObjectSchema,
): JsonObject {
  return mergeObject(original, patch, { kind: "object", schema });
}

function mergeObject(
  original: JsonObject,
  patch: JsonObject,
  type: FieldType | undefined,
): JsonObject {
  const command = patch[directive];
  if (command === "delete") return {};
  if (command === "replace") return without(patch, [directive]);
  if (command !== undefined && command !== "merge") throw unknownDirective(command, patch);

  const result: Record<string, JsonValue> = retainedOf(original, patch);
  const done = new Set<string>([directive, retainKeys]);
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(elementOrder)) continue;
    const listName = name.slice(elementOrder.length);
    done.add(name).add(listName);
    mergeInOrder(result, listName, patch[listName], order, fieldNamed(type, listName));
  }
  for (const [name, value] of Object.entries(patch)) {
    if (done.has(name)) continue;
    if (name.startsWith(deleteFrom)) deleteItems(result, name.slice(deleteFrom.length), value);
    else mergeField(result, name, value, memberOf(type, name));
  }
  return result;
}

/** What the schema says about a member of an object or map. */
interface Member {
  readonly type?: FieldType | undefined;
  readonly patch?: Field["patch"] | undefined;
}

function memberOf(type: FieldType | undefined, name: string): Member {
  if (type?.kind === "map") return { type: type.of };
  return type?.kind === "object" ? (type.schema.fields.get(name) ?? {}) : {};
}

function fieldNamed(type: FieldType | undefined, name: string): Member {
  const member = memberOf(type, name);
  if (member.type?.kind === "list") return member;
  const struct = type?.kind === "object" ? type.schema.name : "";
  throw new PatchFault(
    "malformed",
    `unable to find api field in struct ${struct} for the json field "${name}"`,
  );
}

function mergeField(
  result: Record<string, JsonValue>,
  name: string,
  value: JsonValue,
  { type, patch }: Member,
): void {
  const old = Object.hasOwn(result, name) ? result[name] : undefined;
  if (value === null) {
    delete result[name];
  } else if (isJsonObject(old) && isJsonObject(value)) {
    setProperty(result, name, patch?.replace ? value : mergeObject(old, value, type));
  } else if (isList(old) && isList(value)) {
    const list = patch?.merge ? mergeList(old, value, { type, patch }) : value;
    setProperty(result, name, list);
  } else {
    const next = withoutDirectives(value);
    if (next === undefined) delete result[name];
    else setProperty(result, name, next);
  }
}

/** The original without the fields that `$retainKeys` doesn't name; used where one field excludes another. */
function retainedOf(original: JsonObject, patch: JsonObject): Record<string, JsonValue> {
  const keys = patch[retainKeys];
  if (keys === undefined) return { ...original };
  const isDirective = (name: string) =>
    name.startsWith(elementOrder) || name.startsWith(deleteFrom);
  const retained = new Set<JsonValue>(isList(keys) ? keys : []);
  const isRetained = (name: string) => retained.has(name);
  const isConsistent = Object.entries(patch).every(
    ([name, value]) =>
      name === retainKeys || value === null || isDirective(name) || isRetained(name),
  );
  if (!isConsistent) throw new PatchFault("malformed", "invalid patch format of retainKeys");
  return Object.fromEntries(Object.entries(original).filter(([name]) => isRetained(name)));
}

function deleteItems(result: Record<string, JsonValue>, name: string, items: JsonValue): void {
  const old = result[name];
  if (!isList(items)) throw new PatchFault("malformed", "invalid patch format of primitive list");
  const gone = new Set(items);
  if (isList(old)) result[name] = old.filter((item) => !gone.has(item));
}

/** Merges a list and puts it in the order that the patch wants. */
function mergeInOrder(
  result: Record<string, JsonValue>,
  name: string,
  items: JsonValue | undefined,
  order: JsonValue,
  member: Member,
): void {
  const mergeKey = member.patch?.mergeKey;
  if (!isList(order) || (items !== undefined && items !== null && !isList(items))) {
    throw new PatchFault("malformed", "invalid patch format of setElementOrder list");
  }
  const old = result[name];
  const given = isList(items) ? items : [];
  checkOrder(given, order, mergeKey);
  if (!isList(old)) {
    if (isList(items)) result[name] = withoutDirectives(items) ?? [];
    return;
  }
  if (isList(items) && !member.patch?.merge) {
    result[name] = orderElements({ items, wanted: order, live: old, mergeKey });
    return;
  }
  const { merged, live } = isList(items)
    ? mergeItems(old, items, member)
    : { merged: old, live: old };
  // Kubernetes merges in place and then compares with the old list, in which new items have by then taken the
  // room of deleted ones. Clients see the order that comes of it, so it is ours as well.
  const reused = [...live, ...merged.slice(live.length)].slice(0, old.length);
  result[name] = orderElements({ items: merged, wanted: order, live: reused, mergeKey });
}

/** Every item of the patch, except those that delete, must have its place in the order. */
function checkOrder(
  items: readonly JsonValue[],
  order: readonly JsonValue[],
  mergeKey: string | undefined,
): void {
  let at = 0;
  for (const item of items) {
    if (isJsonObject(item) && item[directive] !== undefined) continue;
    const id = identityOf(item, mergeKey);
    while (at < order.length && identityOf(order[at] ?? null, mergeKey) !== id) at++;
    if (at === order.length) {
      throw new PatchFault(
        "malformed",
        `The order in patch list:\n${printed(items)}\n doesn't match $setElementOrder list:\n${printed(order)}\n`,
      );
    }
    at++;
  }
}

function mergeList(
  old: readonly JsonValue[],
  items: readonly JsonValue[],
  member: Member,
): readonly JsonValue[] {
  const mergeKey = member.patch?.mergeKey;
  const { live, merged, given } = mergeItems(old, items, member);
  return orderElements({ items: merged, wanted: given, live, mergeKey });
}

interface MergedItems {
  readonly merged: readonly JsonValue[];
  /** The old items that the patch didn't delete. */
  readonly live: readonly JsonValue[];
  /** The patch's items, without those that are commands. */
  readonly given: readonly JsonValue[];
}

function mergeItems(
  old: readonly JsonValue[],
  items: readonly JsonValue[],
  { type, patch }: Member,
): MergedItems {
  const itemType = type?.kind === "list" ? type.of : undefined;
  const mergeKey = patch?.mergeKey;
  if (mergeKey === undefined) {
    return { merged: [...new Set([...old, ...items])], live: old, given: items };
  }
  const { live, given, replaces } = applyCommands(old, items, mergeKey);
  if (replaces) return { merged: given, live: given, given: [] };

  const merged = [...live];
  // Items of one key beyond the first stay as they are: the key does not tell them apart.
  const places = positions(live.map((item) => identityOf(item, mergeKey)));
  for (const item of given) {
    const id = identityOf(item, mergeKey);
    const place = places.get(id) ?? merged.length;
    const previous = merged[place];
    merged[place] =
      isJsonObject(previous) && isJsonObject(item)
        ? mergeObject(previous, item, itemType)
        : (withoutDirectives(item) ?? null);
    places.set(id, place);
  }
  return { merged, live, given };
}

/** Carries out the items of a patch that are commands: `{$patch: delete, <key>: …}` and `{$patch: replace}`. */
function applyCommands(
  old: readonly JsonValue[],
  items: readonly JsonValue[],
  mergeKey: string,
): { live: readonly JsonValue[]; given: readonly JsonValue[]; replaces: boolean } {
  const given: JsonValue[] = [];
  const deleted = new Set<JsonValue>();
  let replaces = false;
  for (const item of items) {
    const command = isJsonObject(item) ? item[directive] : undefined;
    if (command === "delete") deleted.add(identityOf(item, mergeKey));
    else if (command === "replace") replaces = true;
    else if (command === undefined || command === "merge") given.push(item);
    else throw unknownDirective(command, item);
  }
  const live = old.filter((item) => !deleted.has(identityOf(item, mergeKey)));
  return { live, given, replaces };
}

/** What tells an item from its neighbours: its merge key, or, among plain values, itself. */
function identityOf(item: JsonValue, mergeKey: string | undefined): JsonValue {
  if (mergeKey === undefined) return item;
  const id = isJsonObject(item) ? item[mergeKey] : undefined;
  if (id === undefined) {
    throw new PatchFault(
      "malformed",
      `map: ${printed(item)} does not contain declared merge key: ${mergeKey}`,
    );
  }
  return id;
}

/** A new value has nothing to merge with: nulls and what is to be deleted are simply left out. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (isList(value)) {
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isJsonObject(value)) return value;
  if (value[directive] !== undefined && value[directive] !== "merge") return undefined;
  const result: Record<string, JsonValue> = {};
  for (const [name, item] of Object.entries(value)) {
    const isDirective =
      name === directive ||
      name === retainKeys ||
      name.startsWith(elementOrder) ||
      name.startsWith(deleteFrom);
    const next = isDirective || item === null ? undefined : withoutDirectives(item);
    if (next !== undefined) setProperty(result, name, next);
  }
  return result;
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function unknownDirective(command: JsonValue, map: JsonValue): PatchFault {
  return new PatchFault(
    "malformed",
    `unknown patch type: ${printed(command)} in map: ${printed(map)}`,
  );
}
