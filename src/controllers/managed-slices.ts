import { endpointSlices } from "../api/resource.ts";
import type { EndpointSlice } from "../api/types.ts";
import type { Api, Change, Informer } from "../client/api.ts";
import type { Index } from "../client/index-by.ts";
import { indexBy } from "../client/index-by.ts";
import { keyOf } from "../client/paths.ts";
import type { WorkQueue } from "../client/work-queue.ts";
import type { Clock } from "../lib/clock.ts";
import { deleteExactly } from "./delete-exactly.ts";
import { isTerminating } from "./pods.ts";
import { SliceTracker } from "./slice-tracker.ts";
import type { SlicePlan } from "./slices.ts";
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from "./slices.ts";

/** How soon slices that somebody else touched are looked at. */
const SLICE_CHANGE_DELAY_MS = 1_000;
/** A write that the cache does not show in this time is not waited for: its slice may be gone, unseen. */
const BEHIND_MS_MAX = 5 * 60_000;

/** The queue of controllers that write slices (kube-controller-manager's figures). */
export const SLICE_QUEUE = { backoff: { baseMs: 1_000, maxMs: 1_000_000 }, retriesMax: 15 };

type SliceWrites = Pick<Api, "create" | "update" | "delete">;

/** The slices of one manager, by the key of the Service that they bear; and what that manager wrote itself. */
export class ManagedSlices {
  readonly #cache: Informer<EndpointSlice>;
  readonly #managedBy: string;
  readonly #byKey: Index<EndpointSlice>;
  readonly #tracker = new SliceTracker();
  readonly #clock: Clock;
  readonly #behindSinceMs = new Map<string, number>();

  constructor(cache: Informer<EndpointSlice>, managedBy: string, clock: Clock) {
    this.#cache = cache;
    this.#managedBy = managedBy;
    this.#clock = clock;
    this.#byKey = indexBy(cache, (slice) => this.#keysOf(slice));
  }

  /**
   * The slices of a key, or that the cache is behind our own writes: then the event that it lacks wakes the key.
   * Slices that are being deleted are as good as gone: what they hold needs a place elsewhere.
   */
  of(key: string): readonly EndpointSlice[] | "behind" {
    const cached = this.#byKey.get(key);
    const staying = cached.filter((slice) => !isTerminating(slice));
    if (!this.#tracker.isStale(key, cached)) {
      this.#behindSinceMs.delete(key);
      return staying;
    }
    const nowMs = this.#clock.monotonicMs();
    const sinceMs = this.#behindSinceMs.get(key) ?? nowMs;
    this.#behindSinceMs.set(key, sinceMs);
    if (nowMs - sinceMs < BEHIND_MS_MAX) return "behind";
    this.forget(key);
    return staying;
  }

  has(key: string): boolean {
    return this.#byKey.get(key).length > 0;
  }

  forget(key: string): void {
    this.#tracker.forget(key);
    this.#behindSinceMs.delete(key);
  }

  /** Marks keys whose slices somebody else made, changed or removed; and those that waited for our own writes. */
  wake(queue: WorkQueue): void {
    this.#cache.subscribe((change) => {
      const before = change.type === "MODIFIED" ? this.#keysOf(change.previous) : [];
      for (const key of new Set([...before, ...this.#keysOf(change.object)])) {
        if (this.#isForeign(key, change)) queue.addAfter(key, SLICE_CHANGE_DELAY_MS);
        else if (this.#behindSinceMs.has(key)) queue.add(key);
      }
    });
  }

  /**
   * Writes a plan: creates, then updates, then deletes, so that an address may be there twice for a moment but is
   * never missing.
   */
  async apply(
    api: SliceWrites,
    { creates, updates, deletes }: SlicePlan,
    key: string,
  ): Promise<void> {
    for (const slice of creates) {
      this.#tracker.written(key, await api.create(endpointSlices, slice));
    }
    for (const slice of updates) {
      this.#tracker.written(key, await api.update(endpointSlices, slice));
    }
    for (const slice of deletes) {
      const isOurs = await deleteExactly(api, endpointSlices, slice);
      const isCached = this.#cache.get(keyOf(slice))?.metadata.uid === slice.metadata.uid;
      // If it is not cached, the event was faster than the answer.
      if (isOurs && isCached) this.#tracker.deleted(key, slice);
    }
  }

  #isForeign(key: string, { type, object }: Change<EndpointSlice>): boolean {
    if (type === "DELETED") return this.#tracker.observeDeletion(key, object);
    // One that bears another name or manager now is as good as removed.
    return this.#tracker.isForeignChange(key, object) || !this.#keysOf(object).includes(key);
  }

  /** The key of the Service that a slice of this manager belongs to, as a list of at most one. */
  #keysOf({ metadata }: EndpointSlice): readonly string[] {
    const { labels = {}, namespace = "" } = metadata;
    const name = labels[SERVICE_NAME_LABEL];
    const isManaged = labels[MANAGED_BY_LABEL] === this.#managedBy;
    return name !== undefined && isManaged ? [`${namespace}/${name}`] : [];
  }
}
