import type { KubeObject } from "../api/types.ts";
import type { Change, Informer } from "./api.ts";
import { ClientError } from "./decode.ts";
import type { Followed } from "./follow.ts";
import { keyOf } from "./paths.ts";

/** The cache behind one informer: what is followed goes in, changes against what it held come out. */
export class InformerCache<T extends KubeObject> implements Informer<T> {
  readonly #objects = new Map<string, T>();
  readonly #byNamespace = new Map<string, Map<string, T>>();
  readonly #subscribers = new Set<(change: Change<T>) => void>();
  readonly #synced = Promise.withResolvers<void>();
  readonly #onSubscriberError: (error: unknown) => void;
  #hasSynced = false;

  /** `onSubscriberError` hears of handlers that throw; the others still get the change. */
  constructor(onSubscriberError: (error: unknown) => void) {
    this.#onSubscriberError = onSubscriberError;
    this.#synced.promise.catch(() => {}); // Nobody may be waiting when the informer ends.
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  listNamespace(namespace: string): readonly T[] {
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])];
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  async whenSynced(signal?: AbortSignal): Promise<void> {
    if (signal === undefined) return await this.#synced.promise;
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await Promise.race([this.#synced.promise, aborted]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  subscribe(onChange: (change: Change<T>) => void): () => void {
    for (const object of this.#objects.values()) this.#tell(onChange, { type: "ADDED", object });
    this.#subscribers.add(onChange);
    return () => this.#subscribers.delete(onChange);
  }

  /** Takes over what happened. After REPLACED, what is no longer there is told as DELETED first. */
  apply(followed: Followed<T>): void {
    switch (followed.type) {
      case "REPLACED": {
        const keys = new Set(followed.objects.map(keyOf));
        for (const [key, object] of this.#objects) if (!keys.has(key)) this.#remove(object);
        for (const object of followed.objects) this.#put(object);
        this.#hasSynced = true;
        this.#synced.resolve();
        return;
      }
      case "ADDED":
      case "MODIFIED":
        this.#put(followed.object);
        return;
      case "DELETED":
        this.#remove(followed.object);
    }
  }

  /** The informer has ended: who still waits for the first list waits in vain. */
  end(): void {
    this.#synced.reject(
      new ClientError("STREAM_DEAD", "Cannot wait for the first list: the informer has ended"),
    );
  }

  #put(object: T): void {
    const key = keyOf(object);
    let previous = this.#objects.get(key);
    if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) {
      // Deleted and made again while nobody watched: two objects, not one that changed.
      this.#remove(previous);
      previous = undefined;
    }
    if (previous?.metadata.resourceVersion === object.metadata.resourceVersion && previous) return;
    this.#objects.set(key, object);
    const namespace = object.metadata.namespace ?? "";
    const neighbours = this.#byNamespace.get(namespace) ?? new Map<string, T>();
    this.#byNamespace.set(namespace, neighbours.set(key, object));
    this.#tellAll(
      previous === undefined ? { type: "ADDED", object } : { type: "MODIFIED", object, previous },
    );
  }

  #remove(object: T): void {
    const key = keyOf(object);
    if (!this.#objects.delete(key)) return;
    const namespace = object.metadata.namespace ?? "";
    const neighbours = this.#byNamespace.get(namespace);
    neighbours?.delete(key);
    if (neighbours?.size === 0) this.#byNamespace.delete(namespace);
    this.#tellAll({ type: "DELETED", object });
  }

  #tellAll(change: Change<T>): void {
    for (const onChange of this.#subscribers) this.#tell(onChange, change);
  }

  #tell(onChange: (change: Change<T>) => void, change: Change<T>): void {
    try {
      onChange(change);
    } catch (error) {
      this.#onSubscriberError(error);
    }
  }
}
