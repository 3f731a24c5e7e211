import { PortolanError } from "../../lib/errors.ts";
import type { Numbers, Spread } from "./elements.ts";
import { LIST_ID_MAX, SPREAD_ID_MAX, STICKY_INDEX_MAX } from "./marks.ts";

/** A way of spreading, and what marks call it. */
export interface NumberedSpread extends Spread {
  readonly id: number;
}

/** Gives numbers, and keeps them for as long as what they stand for is there. */
export class NumberKeeper {
  /** By Service, then by list. */
  readonly #lists = new Map<string, Map<string, NumberedList>>();
  readonly #usedIds = new Set<number>();
  #lastId = 0;
  readonly #spreads = new Map<string, number>();
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
    const listOf = (listKey: string): NumberedList => {
      const list = used.get(listKey) ?? known.get(listKey) ?? new NumberedList(this.#newId());
      used.set(listKey, list);
      return list;
    };
    return {
      listId: (listKey) => listOf(listKey).id,
      backendIndex: (listKey, backend) => listOf(listKey).indexOf(backend),
      spreadId: (spread) => this.#spreadId(spread),
      forgetUnused: () => {
        for (const [listKey, list] of known) {
          if (!used.has(listKey)) this.#usedIds.delete(list.id);
        }
        for (const list of used.values()) list.forgetUnused();
        if (used.size === 0) this.#lists.delete(service);
        else this.#lists.set(service, used);
      },
    };
  }

  /** In turn, so that what the kernel still remembers of a freed number has time to expire. */
  #newId(): number {
    if (this.#usedIds.size >= LIST_ID_MAX) throw tooMany("lists of backends", LIST_ID_MAX);
    do this.#lastId = (this.#lastId % LIST_ID_MAX) + 1;
    while (this.#usedIds.has(this.#lastId));
    this.#usedIds.add(this.#lastId);
    return this.#lastId;
  }

  #spreadId(spread: Spread): number {
    const key = `${spread.digit} ${spread.slots} ${spread.affinitySeconds}`;
    const known = this.#spreads.get(key);
    if (known !== undefined) return known;
    const id = this.#spreads.size + 1;
    if (id > SPREAD_ID_MAX) throw tooMany("ways of spreading", SPREAD_ID_MAX);
    this.#spreads.set(key, id);
    this.#newSpreads.push({ ...spread, id });
    return id;
  }
}

/** A list's number, and those of its backends. */
class NumberedList {
  readonly id: number;
  #indices = new Map<string, number>();
  #asked = new Map<string, number>();
  #lastIndex = -1;

  constructor(id: number) {
    this.id = id;
  }

  indexOf(backend: string): number {
    const index = this.#asked.get(backend) ?? this.#indices.get(backend) ?? this.#newIndex();
    this.#asked.set(backend, index);
    return index;
  }

  forgetUnused(): void {
    this.#indices = this.#asked;
    this.#asked = new Map();
  }

  #newIndex(): number {
    const used = new Set([...this.#indices.values(), ...this.#asked.values()]);
    if (used.size > STICKY_INDEX_MAX) throw tooMany("backends", STICKY_INDEX_MAX + 1);
    do this.#lastIndex = (this.#lastIndex + 1) % (STICKY_INDEX_MAX + 1);
    while (used.has(this.#lastIndex));
    return this.#lastIndex;
  }
}

function tooMany(what: string, max: number): PortolanError {
  return new PortolanError(
    "NFT_LAYOUT_FULL",
    `Cannot plan the nftables ruleset: there are too many ${what}, at most ${max} are possible`,
  );
}
