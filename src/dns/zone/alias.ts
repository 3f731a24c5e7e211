import { CLASS_IN, recordTypes } from "../wire/constants.ts";
import type { ResourceRecord } from "../wire/message.ts";
import { type NameKey, nameKey } from "../wire/name.ts";
import { dataOf, ttlOf } from "../wire/record-set.ts";
import { setOf } from "./nodes.ts";
import type { Zone } from "./zone.ts";

/** Links of a chain of aliases that are followed. */
const ALIAS_LINKS_MAX = 10;

/** Where a chain of aliases ends; `links` are its CNAME records, in order. */
export type AliasEnd =
  | { readonly kind: "found"; readonly answers: readonly ResourceRecord[] }
  /** The target has no such record, or does not exist. `zone` is its zone's name, in wire form. */
  | {
      readonly kind: "denied";
      readonly exists: boolean;
      readonly links: readonly ResourceRecord[];
      readonly zone: Uint8Array;
    }
  /** The target belongs to other servers. */
  | {
      readonly kind: "outside";
      readonly links: readonly ResourceRecord[];
      readonly target: Uint8Array;
      readonly key: NameKey;
    }
  /** The objects that say so have not arrived yet. */
  | { readonly kind: "unknown" }
  /** The chain comes back to itself, or is too long. */
  | { readonly kind: "endless" };

/** Follows an ExternalName as far as the zones know. `owner` and `alias` are in wire form. */
export function followAlias(
  zone: Zone,
  start: { readonly owner: Uint8Array; readonly key: NameKey; readonly alias: Uint8Array },
  type: number,
): AliasEnd {
  const seen = new Set([start.key]);
  const links: ResourceRecord[] = [];
  let { owner, alias: target } = start;
  while (links.length < ALIAS_LINKS_MAX) {
    links.push(record(owner, recordTypes.CNAME, zone.ttlSeconds, target));
    const key = nameKey(target);
    if (seen.has(key)) break;
    seen.add(key);
    const found = zone.lookup(key);
    if (found.kind === "unknown") return { kind: "unknown" };
    if (found.kind === "outside") return { kind: "outside", links, target, key };
    const own = target.subarray(found.zoneAt);
    if (found.kind === "missing") return { kind: "denied", exists: false, links, zone: own };
    const { alias } = found.node;
    if (alias === undefined) {
      const set = setOf(found.node, type);
      if (set === undefined) return { kind: "denied", exists: true, links, zone: own };
      const named = target;
      const records = dataOf(set).map((data) => record(named, type, ttlOf(set), data));
      return { kind: "found", answers: [...links, ...records] };
    }
    owner = target;
    target = alias;
  }
  return { kind: "endless" };
}

function record(name: Uint8Array, type: number, ttl: number, data: Uint8Array): ResourceRecord {
  return { name, type, class: CLASS_IN, ttl, data };
}
