import type { KubeObject } from "../api/types.ts";

interface Replaced {
  /** Undefined for an object that was not there before. */
  readonly version: string | undefined;
  checks: number;
}

/** What was made and deleted between two looks is never seen; after so many looks it is not waited for. */
const CHECKS_MAX = 20;

/**
 * Knows when a cache is behind this controller's own writes. Working from such a cache would at best be refused as a
 * conflict. Versions are compared for equality only: the cache is behind while it shows the very one we replaced.
 * The event that catches it up also wakes the key, so a sync that finds it behind may simply end.
 */
export class OwnWrites {
  readonly #replaced = new Map<string, Replaced>();

  /** Notes a write; `cached` is what the cache shows now that the answer is here. */
  wrote(
    key: string,
    before: KubeObject | undefined,
    after: KubeObject,
    cached: KubeObject | undefined,
  ): void {
    const replaced = before?.metadata.resourceVersion;
    // A write without effect has no event that could show it.
    const hasEffect = after.metadata.resourceVersion !== replaced;
    if (hasEffect && cached?.metadata.resourceVersion === replaced)
      this.#replaced.set(key, { version: replaced, checks: 0 });
  }

  isBehind(key: string, cached: KubeObject | undefined): boolean {
    const replaced = this.#replaced.get(key);
    if (replaced === undefined) return false;
    const isOld = replaced.version === cached?.metadata.resourceVersion;
    if (isOld && replaced.checks++ < CHECKS_MAX) return true;
    this.#replaced.delete(key);
    return false;
  }

  forget(key: string): void {
    this.#replaced.delete(key);
  }
}

/** When to look again should the event that catches the cache up be lost with its watch. */
export const CATCH_UP_MS = 1_000;
