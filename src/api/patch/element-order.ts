import { isJsonObject } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";

/** What decides the order of a merged list. */
export interface ElementOrder {
  readonly items: readonly JsonValue[];
  /** The order that the patch asks for; items that it names come from the patch. */
  readonly wanted: readonly JsonValue[];
  /** The list as it was before the patch. */
  readonly live: readonly JsonValue[];
  /** Absent for lists of plain values. */
  readonly mergeKey: string | undefined;
}

/**
 * Puts a merged list in Kubernetes' order: the patch's items in the patch's order, the others in the order they
 * had, and where both orders leave it open, an item of the patch before one that only the server has.
 */
export function orderElements({ items, wanted, live, mergeKey }: ElementOrder): JsonValue[] {
  const idOf = (item: JsonValue) =>
    mergeKey !== undefined && isJsonObject(item) ? (item[mergeKey] ?? null) : item;
  const wantedAt = positions(wanted.map(idOf));
  const liveAt = positions(live.map(idOf));
  const at = (map: ReadonlyMap<JsonValue, number>, item: JsonValue) => map.get(idOf(item)) ?? -1;

  const fromPatch = items
    .filter((item) => wantedAt.has(idOf(item)))
    .toSorted((a, b) => at(wantedAt, a) - at(wantedAt, b));
  const serverOnly = items
    .filter((item) => !wantedAt.has(idOf(item)))
    .toSorted((a, b) => at(liveAt, a) - at(liveAt, b));

  const result: JsonValue[] = [];
  let i = 0;
  for (const item of fromPatch) {
    const here = at(liveAt, item);
    for (let other = serverOnly[i]; other !== undefined; other = serverOnly[++i]) {
      const there = at(liveAt, other);
      if (here < 0 || there < 0 || there >= here) break;
      result.push(other);
    }
    result.push(item);
  }
  return [...result, ...serverOnly.slice(i)];
}

/** Where each item stands first. */
export function positions(ids: readonly JsonValue[]): Map<JsonValue, number> {
  const map = new Map<JsonValue, number>();
  for (const [i, id] of ids.entries()) {
    if (!map.has(id)) map.set(id, i);
  }
  return map;
}
