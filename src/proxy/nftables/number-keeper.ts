import { PortolanError } from "../../lib/errors.ts";
import { formatBackend } from "../table/port-routing.ts";
import type { Element, Numbers, Spread } from "./elements.ts";
import {
  BACKEND_INDEX_MAX,
  backendIndexOf,
  LIST_ID_MAX,
  listIdOf,
  SPREAD_ID_MAX,
  spreadOf,
} from "./marks.ts";

/** Spreads without affinity over up to so many slots have that number. */
const PLAIN_SPREAD_MAX = 2048;

/** A way of spreading, and what marks call it. */
export interface NumberedSpread extends Spread {
  readonly id: number;
}

/** The numbers that a kernel's table is written with. */
export interface HeldNumbers {
  readonly elements: ReadonlyMap<string, Element>;
  readonly spreads: readonly NumberedSpread[];
  /** Numbers of the lists whose clients the kernel remembers. */
  readonly clientLists: ReadonlySet<number>;
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
  readonly #spreads = new Map<string, NumberedSpread>();
  /** Of those that are not plain. */
  readonly #usedSpreadIds = new Set<number>();
  #lastSpread = PLAIN_SPREAD_MAX;
  #newSpreads: NumberedSpread[] = [];
  #held = noNumbers;

  /** All spreads that were ever asked for. */
  get spreads(): readonly NumberedSpread[] {
    return [...this.#spreads.values()];
  }

  /** Which spreads the kernel lacks: the next `takeNewSpreads` gives these. */
  announce(missing: readonly NumberedSpread[]): void {
    this.#newSpreads = [...missing];
  }

  /** The spreads that were asked for the first time since the last call. */
  takeNewSpreads(): readonly NumberedSpread[] {
    const spreads = this.#newSpreads;
    this.#newSpreads = [];
    return spreads;
  }

  /**
   * Until `releaseHeld`, a list that is new here takes over the numbers by which the kernel knows it, so that the
   * clients that the kernel remembers stay with their backends; and none takes a number that means another list there.
   */
  takeOver(held: HeldNumbers): void {
    const backends = Map.groupBy(
      [...held.elements.values()].filter((element) => element.in.startsWith("backends")),
      (element) => listIdOf(element.key),
    );
    const ids = [...backends.keys(), ...held.clientLists];
    this.#held = { ...held, backends, ids: new Set(ids) };
    this.#keepSpreadsOf(held);
  }

  /** Only ways of spreading that the kernel's elements lead to: others would add up to more than there may be. */
  #keepSpreadsOf(held: HeldNumbers): void {
    const used = new Set<string>();
    for (const { in: map, value } of held.elements.values()) {
      if (value !== undefined && leadsToSpread(map))
        used.add(`${map.slice(-1)} ${spreadOf(value)}`);
    }
    const known = [...this.#spreads.values(), ...held.spreads];
    this.#spreads.clear();
    this.#usedSpreadIds.clear();
    this.#lastSpread = PLAIN_SPREAD_MAX;
    for (const spread of known) {
      const isFree = isPlain(spread)
        ? spread.id === spread.slots
        : spread.id > PLAIN_SPREAD_MAX && !this.#usedSpreadIds.has(spread.id);
      const isUsed = used.has(`${spread.digit} ${spread.id}`);
      if (isUsed && isFree && !this.#spreads.has(spreadKey(spread))) this.#addSpread(spread);
    }
  }

  /** What was not taken over is gone from the kernel, but for the clients that it remembers. */
  releaseHeld(): void {
    for (const id of this.#held.clientLists) this.#usedIds.add(id);
    this.#held = noNumbers;
  }

  /** Numbers for one rendering of a Service; afterwards `forgetUnused` frees those that it did not ask for. */
  forService(service: string): Numbers & { readonly forgetUnused: () => void } {
    const known = this.#lists.get(service) ?? new Map<string, NumberedList>();
    const used = new Map<string, NumberedList>();
    return {
      list: (listKey, options) => {
        const list = used.get(listKey) ?? known.get(listKey) ?? this.#newList(listKey, options);
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

  #newList(listKey: string, options: { isSticky: boolean; ledToBy: string }): NumberedList {
    const mark = this.#held.elements.get(options.ledToBy)?.value;
    const heldId = mark === undefined ? 0 : listIdOf(mark);
    if (heldId === 0 || this.#usedIds.has(heldId)) {
      return new NumberedList(this.#newId(listKey), options.isSticky);
    }
    this.#usedIds.add(heldId);
    return new NumberedList(heldId, options.isSticky, this.#held.backends.get(heldId));
  }

  #newId(listKey: string): number {
    const first = hashOf(listKey) % LIST_ID_MAX;
    for (let step = 0; step < LIST_ID_MAX; step++) {
      const id = ((first + step) % LIST_ID_MAX) + 1;
      if (this.#usedIds.has(id) || this.#held.ids.has(id)) continue;
      this.#usedIds.add(id);
      return id;
    }
    throw tooMany("lists of backends", LIST_ID_MAX);
  }

  #spreadId(spread: Spread): number {
    const known = this.#spreads.get(spreadKey(spread));
    if (known !== undefined) return known.id;
    const numbered = { ...spread, id: isPlain(spread) ? spread.slots : this.#newSpreadId() };
    this.#addSpread(numbered);
    this.#newSpreads.push(numbered);
    return numbered.id;
  }

  #addSpread(spread: NumberedSpread): void {
    this.#spreads.set(spreadKey(spread), spread);
    if (!isPlain(spread)) this.#usedSpreadIds.add(spread.id);
  }

  #newSpreadId(): number {
    do this.#lastSpread++;
    while (this.#usedSpreadIds.has(this.#lastSpread));
    if (this.#lastSpread <= SPREAD_ID_MAX) return this.#lastSpread;
    throw tooMany("ways of spreading", SPREAD_ID_MAX - PLAIN_SPREAD_MAX);
  }
}

const noNumbers: HeldNumbers & {
  readonly backends: ReadonlyMap<number, readonly Element[]>;
  readonly ids: ReadonlySet<number>;
} = {
  elements: new Map(),
  spreads: [],
  clientLists: new Set(),
  backends: new Map(),
  ids: new Set(),
};

function leadsToSpread(map: string): boolean {
  return /^(services|nodeports|inside|outside)[46]$/.test(map);
}

/** Without affinity the number of slots says it all. */
function isPlain({ slots, affinitySeconds }: Spread): boolean {
  return affinitySeconds === undefined && slots <= PLAIN_SPREAD_MAX;
}

function spreadKey({ digit, slots, affinitySeconds }: Spread): string {
  return `${digit} ${slots} ${affinitySeconds}`;
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

  /** `held` are the backends of the list as the kernel knows them. */
  constructor(id: number, isSticky: boolean, held: readonly Element[] = []) {
    this.id = id;
    this.isSticky = isSticky;
    for (const { key, value = "" } of held) {
      const [address = "", port] = value.split(" . ");
      const backend = formatBackend({ address, port: Number(port) });
      const index = backendIndexOf(key);
      this.#indices.set(backend, index);
      this.#used.add(index);
      this.#lastIndex = Math.max(this.#lastIndex, index);
    }
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
