import { type Element, elementId, isShared } from "./elements.ts";

/** Elements by what names them. */
export type Elements = ReadonlyMap<string, Element>;

export const none: Elements = new Map();

/** By what names them in the whole table. */
export function byId(elements: readonly Element[]): Elements {
  return new Map(elements.map((element) => [elementId(element), element]));
}

/** The elements that are among the others with the same value; the very same map if all are. */
export function sameAmong(elements: Elements, others: Elements): Elements {
  const isSame = ([id, { value }]: readonly [string, Element]) => {
    const other = others.get(id);
    return other !== undefined && other.value === value;
  };
  const same = [...elements].filter(isSame);
  return same.length === elements.size ? elements : new Map(same);
}

/**
 * The Services, those that pass an entry or a list on to one another in one group: it changes hands in one
 * transaction, and is never missing.
 */
export function groupsOf(
  after: ReadonlyMap<string, Elements>,
  before: ReadonlyMap<string, Elements>,
): readonly (readonly string[])[] {
  const givers = new Map<string, string>();
  for (const [service, elements] of after) {
    const former = before.get(service) ?? none;
    if (former === elements) continue;
    for (const [id, element] of former) {
      if (!elements.has(id) && !isShared(element)) givers.set(id, service);
    }
  }
  if (givers.size === 0) return [...after.keys()].map((service) => [service]);
  const neighbours = new Map<string, string[]>();
  for (const [service, elements] of after) {
    for (const id of elements.keys()) {
      const giver = givers.get(id);
      if (giver === undefined || giver === service) continue;
      neighbours.set(service, [...(neighbours.get(service) ?? []), giver]);
      neighbours.set(giver, [...(neighbours.get(giver) ?? []), service]);
    }
  }
  const seen = new Set<string>();
  const groups: string[][] = [];
  for (const first of after.keys()) {
    if (seen.has(first)) continue;
    seen.add(first);
    const group = [first];
    // The list grows while it is walked.
    for (const service of group) {
      const others = (neighbours.get(service) ?? []).filter((other) => !seen.has(other));
      for (const other of new Set(others)) {
        seen.add(other);
        group.push(other);
      }
    }
    groups.push(group);
  }
  return groups;
}

/** The elements that the others lack, or have another value for. */
export function differing(elements: Elements, others: Elements): readonly Element[] {
  if (elements === others) return [];
  return [...elements].flatMap(([id, element]) => {
    const other = others.get(id);
    return other !== undefined && other.value === element.value ? [] : [element];
  });
}

/** An element that one Service gives up and another takes over unchanged stays where it is. */
export function withoutReturning(
  removed: readonly Element[],
  added: readonly Element[],
): { readonly removed: readonly Element[]; readonly added: readonly Element[] } {
  if (removed.length === 0 || added.length === 0) return { removed, added };
  const text = ({ in: map, key, value }: Element) => `${map} ${key} : ${value}`;
  const coming = new Set(added.map(text));
  const going = new Set(removed.map(text));
  return {
    removed: removed.filter((element) => !coming.has(text(element))),
    added: added.filter((element) => !going.has(text(element))),
  };
}
