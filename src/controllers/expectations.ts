import type { KubeObject } from "../api/types.ts";
import type { Change } from "../client/api.ts";

/** A write that the cache does not show in this time is not waited for any longer (client-go's figure). */
const WAIT_MS_MAX = 5 * 60_000;

interface Expected {
  readonly created: Set<string>;
  readonly deleted: Set<string>;
  sinceMs: number;
}

/**
 * What a controller made and removed but its cache does not show yet, by the key of the owner. Counting from such
 * a cache would make the same pods again. Objects are told apart by uid, so events may come in any order.
 */
export class Expectations {
  readonly #expected = new Map<string, Expected>();

  /** Notes a create; `isCached` tells whether the cache was faster than the answer. */
  created(key: string, uid: string, isCached: boolean, nowMs: number): void {
    if (!isCached) this.#of(key, nowMs).created.add(uid);
  }

  /** Notes a delete that is about to be sent; `undone` takes it back when it fails. */
  deleting(key: string, uid: string, nowMs: number): void {
    this.#of(key, nowMs).deleted.add(uid);
  }

  undone(key: string, uid: string): void {
    this.#expected.get(key)?.deleted.delete(uid);
  }

  /** Takes in what the cache shows. A pod with a deletion time counts as deleted: nobody counts it any more. */
  observe(key: string, { type, object }: Change<KubeObject>): void {
    const expected = this.#expected.get(key);
    if (expected === undefined) return;
    const { uid = "", deletionTimestamp } = object.metadata;
    expected.created.delete(uid);
    if (type === "DELETED" || deletionTimestamp !== undefined) expected.deleted.delete(uid);
    if (expected.created.size === 0 && expected.deleted.size === 0) this.#expected.delete(key);
  }

  /** How long the cache may still take to show all that was done; 0 when it does, or has had its time. */
  waitMs(key: string, nowMs: number): number {
    const expected = this.#expected.get(key);
    if (expected === undefined) return 0;
    const leftMs = expected.sinceMs + WAIT_MS_MAX - nowMs;
    if (leftMs > 0 && expected.created.size + expected.deleted.size > 0) return leftMs;
    this.#expected.delete(key);
    return 0;
  }

  forget(key: string): void {
    this.#expected.delete(key);
  }

  #of(key: string, nowMs: number): Expected {
    const known = this.#expected.get(key) ?? {
      created: new Set(),
      deleted: new Set(),
      sinceMs: nowMs,
    };
    known.sinceMs = nowMs;
    this.#expected.set(key, known);
    return known;
  }
}
