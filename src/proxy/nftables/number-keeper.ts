import { PortolanError } from "../../lib/errors.ts";
import type { Numbers, Spread } from "./elements.ts";
import { BACKEND_INDEX_MAX, LIST_ID_MAX, SPREAD_ID_MAX } from "./marks.ts";

/** Spreads without affinity over up to so many slots have that number. */
const PLAIN_SPREAD_MAX = 2048;

/** A way of spreading, and what marks call it. */
export interface NumberedSpread extends Spread {
  readonly id: number;
}

/**
 * Gives numbers, and keeps them for as long as what they stand for is there.
 *
 * Numbers follow from names as far as possible, so that the nodes of a cluster have the same ruleset.
 */
export class NumberKeeper {
  /** By Service, then by list. */
  readonly #lists = new Map<string, Map<string, NumberedList>>();
  readonly #usedIds = new Set<number>();
  readonly #spreads = new Map<string, number>();
  #lastSpread = PLAIN_SPREAD_MAX;
  #newSpreads: NumberedSpread[] = [];

  /** The spreads that were asked for the first time since the last call. */
  takeNewSpreads(): readonly NumberedSpread[] {
    const spreads = this.#newSpreads;
    this.#newSpreads = [];
    return spreads;
  }

  /** Numbers for one rendering of a Service; afterwards `forgetUnused` frees those that it did not ask for. */
  forService(service: string): Numbers & { readonly forgetUnused: () => void } {
    const known = this.#lists.get(service) ?? new Map<string, NumberedList>();
    const used = new Map<string, NumberedList>();
    return {
      list: (listKey, { isSticky }) => {
        const list =
          used.get(listKey) ??
          known.get(listKey) ??
          new NumberedList(this.#newId(listKey), isSticky);
        used.set(listKey, list);
        return list;
      },
      spreadId: (spread) => this.#spreadId(spread),
      forgetUnused: () => {
        for (const [listKey, list] of known) {
          // The kernel may remember clients of a list with affinity: its number is not given again.
          if (!used.has(listKey) && !list.isSticky) this.#usedIds.delete(list.id);
        }
        for (const list of used.values()) list.forgetUnused();
        if (used.size === 0) this.#lists.delete(service);
        else this.#lists.set(service, used);
      },
    };
  }

  #newId(listKey: string): number {
    if (this.#usedIds.size >= LIST_ID_MAX) throw tooMany("lists of backends", LIST_ID_MAX);
    let id = (hashOf(listKey) % LIST_ID_MAX) + 1;
    while (this.#usedIds.has(id)) id = (id % LIST_ID_MAX) + 1;
    this.#usedIds.add(id);
    return id;
  }

  #spreadId(spread: Spread): number {
    const key = `${spread.digit} ${spread.slots} ${spread.affinitySeconds}`;
    const known = this.#spreads.get(key);
    if (known !== undefined) return known;
    const isPlain = spread.affinitySeconds === undefined && spread.slots <= PLAIN_SPREAD_MAX;
    const id = isPlain ? spread.slots : ++this.#lastSpread;
    if (id > SPREAD_ID_MAX) throw tooMany("ways of spreading", SPREAD_ID_MAX - PLAIN_SPREAD_MAX);
    this.#spreads.set(key, id);
    this.#newSpreads.push({ ...spread, id });
    return id;
  }
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** A list's number, and those of its backends. */
class NumberedList {
  readonly id: number;
  readonly isSticky: boolean;
  readonly #indices = new Map<string, number>();
  readonly #used = new Set<number>();
  #asked = new Set<string>();
  #lastIndex = -1;

  constructor(id: number, isSticky: boolean) {
    this.id = id;
    this.isSticky = isSticky;
  }

  indexOf(backend: string): number {
    this.#asked.add(backend);
    const known = this.#indices.get(backend);
    if (known !== undefined) return known;
    const index = this.#newIndex();
    this.#indices.set(backend, index);
    return index;
  }

  forgetUnused(): void {
    for (const [backend, index] of this.#indices) {
      if (this.#asked.has(backend)) continue;
      this.#indices.delete(backend);
      this.#used.delete(index);
    }
    this.#asked = new Set();
  }

  /** In turn: a client that the kernel remembers should not find another backend under the same number soon. */
  #newIndex(): number {
    if (this.#used.size > BACKEND_INDEX_MAX) {
      throw tooMany("backends of a Service port", BACKEND_INDEX_MAX + 1);
    }
    do this.#lastIndex = (this.#lastIndex + 1) % (BACKEND_INDEX_MAX + 1);
    while (this.#used.has(this.#lastIndex));
    this.#used.add(this.#lastIndex);
    return this.#lastIndex;
  }
}

function tooMany(what: string, max: number): PortolanError {
  return new PortolanError(
    "NFT_LAYOUT_FULL",
    `Cannot plan the nftables ruleset: there are too many ${what}, at most ${max} are possible`,
  );
}
