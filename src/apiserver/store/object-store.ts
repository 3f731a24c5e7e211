import { type Kind, kinds } from "../../api/kinds.ts";
import type { KubeObject } from "../../api/types.ts";
import type { Clock } from "../../lib/clock.ts";
import { errorCode } from "../../lib/errors.ts";
import type { Storage, StorageEvent, WriteResult } from "../../storage/storage.ts";
import { objectTooLarge, serviceUnavailable, tooLargeVersion } from "../refusals.ts";
import { encodeObject, type Item, itemOf } from "./item.ts";
import { type CacheEvent, type HistoryLimits, ResourceCache } from "./resource-cache.ts";

/** Largest stored object: etcd's default request limit, which Kubernetes' clients know. */
const OBJECT_BYTES_MAX = 1.5 * 1024 * 1024;
/** How long a request waits for a version that this server has not seen. */
const FUTURE_WAIT_MS = 3_000;
/** Kubernetes keeps at least 75 s in memory and five minutes in etcd. For each kind; 50,000 pods have 90 MB. */
const historyLimits: HistoryLimits = {
  ageMs: 5 * 60_000,
  count: 50_000,
  bytes: 128 * 1024 * 1024,
};

/** What a write must find, besides the object itself. */
export interface Guard {
  readonly kind: Kind;
  readonly key: string;
  readonly revision: number;
}

/** `done` with the new state; otherwise something has changed and the caller looks again. */
export type StoreResult =
  | { readonly done: true; readonly revision: number }
  | { readonly done: false };

/** Called with the changes of one kind, after the cache has them. */
export type EventListener = (kind: Kind, event: CacheEvent) => void;

/**
 * All objects in memory, in front of the storage. Reads never touch the disk; a write is answered when it is
 * durable, and then every reader sees it.
 */
export class ObjectStore {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #caches = new Map<string, { readonly kind: Kind; readonly cache: ResourceCache }>();
  readonly #listeners = new Set<EventListener>();
  readonly #waiting = new Set<{ readonly revision: number; readonly resolve: () => void }>();
  readonly #writing = new Map<string, Promise<void>>();
  #stopWatch: () => void = () => {};
  #revision = 0;
  #fault: string | undefined;

  private constructor(storage: Storage, clock: Clock) {
    this.#storage = storage;
    this.#clock = clock;
  }

  /** Reads everything, then follows the storage. The storage stays the caller's to close. */
  static async open(
    storage: Storage,
    clock: Clock,
    history: HistoryLimits = historyLimits,
  ): Promise<ObjectStore> {
    const store = new ObjectStore(storage, clock);
    // From the oldest state on, so that watches of before a restart find their history.
    const after = storage.compactedRevision;
    const { entries } = await storage.list("", after);
    const byPrefix = new Map<string, Item[]>(kinds.map((kind) => [prefixOf(kind), []]));
    for (const { key, value, revision } of entries) {
      const { prefix, rest } = splitKey(key);
      byPrefix.get(prefix)?.push(itemOf(rest, value, revision));
    }
    for (const kind of kinds) {
      const cache = new ResourceCache(byPrefix.get(prefixOf(kind)) ?? [], after, history);
      store.#caches.set(prefixOf(kind), { kind, cache });
    }
    const onEvents = (events: readonly StorageEvent[], revision: number) =>
      store.#take(events, revision);
    store.#stopWatch = await storage.watch({ prefix: "", after, onEvents });
    store.#revision = storage.revision;
    return store;
  }

  /** The newest version; every change up to it is in the caches. */
  get revision(): number {
    return this.#revision;
  }

  /** Why the last write failed; undefined when it did not. */
  get fault(): string | undefined {
    return this.#fault;
  }

  cacheOf(kind: Kind): ResourceCache {
    const entry = this.#caches.get(prefixOf(kind));
    if (entry === undefined) throw new TypeError(`The kind ${kind.kind} is not stored`);
    return entry.cache;
  }

  get(kind: Kind, key: string): Item | undefined {
    return this.cacheOf(kind).get(key);
  }

  /** Whether a watch of this kind can resume here without a gap. */
  isReachable(kind: Kind, revision: number): boolean {
    return revision >= this.cacheOf(kind).oldestRevision && this.#storage.isReachable(revision);
  }

  /**
   * Puts an object where there was one of this revision (0: none), and only if the guards hold.
   * Throws the answer for an object that is too large, or a storage that does not work.
   */
  async put(
    kind: Kind,
    key: string,
    object: KubeObject,
    revision: number,
    guards: readonly Guard[] = [],
  ): Promise<StoreResult> {
    const value = encodeObject(object);
    if (value.byteLength > OBJECT_BYTES_MAX) {
      throw objectTooLarge({ bytes: value.byteLength, bytesMax: OBJECT_BYTES_MAX });
    }
    const path = prefixOf(kind) + key;
    return this.#write(
      path,
      this.#storage.write({
        type: "put",
        key: path,
        value,
        expect: expectations(path, revision, guards),
      }),
    );
  }

  async delete(kind: Kind, key: string, revision: number): Promise<StoreResult> {
    const path = prefixOf(kind) + key;
    return this.#write(
      path,
      this.#storage.write({ type: "delete", key: path, expect: expectations(path, revision, []) }),
    );
  }

  /**
   * Resolves when the write of this object that is on its way has come to its end; undefined when there is none. Who
   * looks at the object before that works out a change in vain: one commit takes one of them.
   */
  writing(kind: Kind, key: string): Promise<void> | undefined {
    return this.#writing.get(prefixOf(kind) + key);
  }

  /** What a write put there: the cache's own item, unless a later write has replaced it already. */
  itemAt(
    kind: Kind,
    key: string,
    written: { readonly object: KubeObject; readonly revision: number },
  ): Item {
    const item = this.get(kind, key);
    if (item?.revision === written.revision) return item;
    return itemOf(key, encodeObject(written.object), written.revision);
  }

  /** Listens to every change of every kind, in order. Returns the way to stop. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits a little for a version of the future, then throws the answer that says so. */
  async reach(revision: number, signal: AbortSignal): Promise<void> {
    if (revision <= this.#revision) return;
    const waiting = Promise.withResolvers<void>();
    const entry = { revision, resolve: () => waiting.resolve() };
    this.#waiting.add(entry);
    const stop = new AbortController();
    const timer = this.#clock.sleep(FUTURE_WAIT_MS, AbortSignal.any([signal, stop.signal]));
    await Promise.race([waiting.promise, timer]);
    stop.abort();
    this.#waiting.delete(entry);
    if (revision > this.#revision) throw tooLargeVersion(revision, this.#revision);
  }

  close(): void {
    this.#stopWatch();
    this.#listeners.clear();
  }

  async #write(path: string, written: Promise<WriteResult>): Promise<StoreResult> {
    const over = written.then(
      () => {},
      () => {},
    );
    this.#writing.set(path, over);
    try {
      const result = await written;
      this.#fault = undefined;
      return result.done ? { done: true, revision: result.revision } : { done: false };
    } catch (error) {
      const code = errorCode(error) ?? "STORAGE_FAILED";
      this.#fault = code;
      throw serviceUnavailable(`the server cannot write to its storage (${code})`);
    } finally {
      if (this.#writing.get(path) === over) this.#writing.delete(path);
    }
  }

  #take(events: readonly StorageEvent[], revision: number): void {
    const nowMs = this.#clock.now();
    for (const event of events) {
      const { prefix, rest: key } = splitKey(event.key);
      const entry = this.#caches.get(prefix);
      if (entry === undefined) continue;
      const change =
        event.type === "put"
          ? { key, revision: event.revision, value: event.value }
          : { key, revision: event.revision };
      const applied = entry.cache.apply(change, nowMs);
      if (applied === undefined) continue;
      for (const listener of this.#listeners) listener(entry.kind, applied);
    }
    for (const { cache } of this.#caches.values()) cache.forget(nowMs);
    this.#revision = revision;
    for (const { revision: wanted, resolve } of this.#waiting) {
      if (wanted <= revision) resolve();
    }
  }
}

/** `apps/deployments/` or `core/pods/`; below it are the keys of the items. */
function prefixOf(kind: Kind): string {
  return `${kind.group === "" ? "core" : kind.group}/${kind.plural}/`;
}

function splitKey(key: string): { readonly prefix: string; readonly rest: string } {
  const at = key.indexOf("/", key.indexOf("/") + 1) + 1;
  return { prefix: key.slice(0, at), rest: key.slice(at) };
}

function expectations(path: string, revision: number, guards: readonly Guard[]) {
  return [
    { key: path, revision },
    ...guards.map((guard) => ({
      key: prefixOf(guard.kind) + guard.key,
      revision: guard.revision,
    })),
  ];
}

/** The key of an object in its kind's cache. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}
