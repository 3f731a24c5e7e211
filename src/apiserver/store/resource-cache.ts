import { type Item, itemOf } from "./item.ts";

/** A change of one kind, with what was there before. */
export interface CacheEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  /** The new state; of a deletion the last one. */
  readonly item: Item;
  readonly previous: Item | undefined;
  readonly timeMs: number;
}

/** How long and how much is kept for watches that resume and for lists of an older version. */
export interface HistoryLimits {
  readonly ageMs: number;
  readonly count: number;
  /** Of all kept states together. */
  readonly bytes: number;
}

/** All objects of one kind, sorted by key, and the recent past. Knows nothing of clients. */
export class ResourceCache {
  readonly #items = new Map<string, Item>();
  /** Sorted by code unit, as the store sorts. */
  readonly #keys: string[] = [];
  readonly #limits: HistoryLimits;
  #history: CacheEvent[] = [];
  /** Where in the array the history begins; what lies before is cut off now and then. */
  #historyStart = 0;
  #historyBytes = 0;
  /** History is complete after this revision. */
  #oldest: number;

  constructor(items: readonly Item[], revision: number, limits: HistoryLimits) {
    for (const item of items) {
      this.#items.set(item.key, item);
      this.#keys.push(item.key);
    }
    this.#keys.sort();
    this.#oldest = revision;
    this.#limits = limits;
  }

  /** The oldest revision from which a watch can resume. */
  get oldestRevision(): number {
    return this.#oldest;
  }

  /** How many objects there are. */
  get size(): number {
    return this.#items.size;
  }

  /** Of all states in the history together. */
  get historyBytes(): number {
    return this.#historyBytes;
  }

  get(key: string): Item | undefined {
    return this.#items.get(key);
  }

  /** Items whose key begins with a prefix, sorted by key. */
  list(prefix: string): Item[] {
    const from = prefix === "" ? 0 : lowerBound(this.#keys, prefix);
    const items: Item[] = [];
    for (let i = from; i < this.#keys.length; i++) {
      const key = this.#keys[i] ?? "";
      if (!key.startsWith(prefix)) break;
      const item = this.#items.get(key);
      if (item !== undefined) items.push(item);
    }
    return items;
  }

  /** The same list as it was at an older revision; undefined when the history does not reach back. */
  listAt(prefix: string, revision: number): Item[] | undefined {
    const later = this.eventsAfter(revision);
    if (later === undefined) return undefined;
    const now = this.list(prefix);
    if (later.length === 0) return now;
    const then = new Map<string, Item | undefined>();
    for (const { item, previous } of later) {
      if (item.key.startsWith(prefix) && !then.has(item.key)) then.set(item.key, previous);
    }
    const kept = now.filter(({ key }) => !then.has(key));
    const restored = [...then.values()].filter((item) => item !== undefined);
    return [...kept, ...restored].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** The changes after a revision, in order; undefined when some of them have been forgotten. */
  eventsAfter(revision: number): CacheEvent[] | undefined {
    if (revision < this.#oldest) return undefined;
    let low = this.#historyStart;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  /** Takes over a change and returns it with its context; undefined for a deletion of what is not there. */
  apply(
    change: { readonly key: string; readonly revision: number; readonly value?: Uint8Array },
    timeMs: number,
  ): CacheEvent | undefined {
    const { key, revision, value } = change;
    const previous = this.#items.get(key);
    let event: CacheEvent;
    if (value !== undefined) {
      const item = itemOf(key, value, revision);
      this.#items.set(key, item);
      if (previous === undefined) this.#keys.splice(lowerBound(this.#keys, key), 0, key);
      const type = previous === undefined ? "ADDED" : "MODIFIED";
      event = { type, revision, item, previous, timeMs };
    } else {
      if (previous === undefined) return undefined;
      this.#items.delete(key);
      this.#keys.splice(lowerBound(this.#keys, key), 1);
      event = { type: "DELETED", revision, item: previous, previous, timeMs };
    }
    this.#history.push(event);
    this.#historyBytes += event.item.bytes.byteLength;
    this.forget(timeMs);
    return event;
  }

  /** Lets go of what lies beyond the history's limits. A kind that no longer changes has no other end of its history. */
  forget(nowMs: number): void {
    const { ageMs, count, bytes } = this.#limits;
    for (;;) {
      const first = this.#history[this.#historyStart];
      if (first === undefined) break;
      const isWanted =
        this.#history.length - this.#historyStart <= count &&
        this.#historyBytes <= bytes &&
        nowMs - first.timeMs <= ageMs;
      if (isWanted) break;
      this.#oldest = first.revision;
      this.#historyBytes -= first.item.bytes.byteLength;
      this.#historyStart += 1;
    }
    // Each change costs the copying of 16 references, and what is forgotten but not yet cut off stays a small part.
    if (this.#historyStart * 16 > this.#history.length) {
      this.#history = this.#history.slice(this.#historyStart);
      this.#historyStart = 0;
    }
  }
}

/** The first place at which the key is not smaller. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
