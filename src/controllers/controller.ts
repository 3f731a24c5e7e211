import { isConflict, isNotFound, isStatus } from "../api/status-error.ts";
import type { KubeObject } from "../api/types.ts";
import type { Api, Informer, Informers } from "../client/api.ts";
import type { EventRecorder } from "../client/events.ts";
import { createEventRecorder } from "../client/events.ts";
import type { WorkQueueOptions, WorkResult } from "../client/work-queue.ts";
import { WorkQueue } from "../client/work-queue.ts";
import type { Clock } from "../lib/clock.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";

/** What every controller is given. */
export interface ControllerContext {
  readonly api: Api;
  readonly informers: Informers;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Ends the controllers. */
  readonly signal: AbortSignal;
}

/** A controller's loop: wait for the caches, let their changes mark keys, work on marked keys until the signal. */
export interface Loop {
  /** `source.component` of its events and the name in the log. */
  readonly name: string;
  /** Caches that must be complete before the first key is worked on. */
  readonly caches: readonly Pick<Informer<KubeObject>, "whenSynced">[];
  /** Subscribes to changes; called once all caches are complete. */
  wake(queue: WorkQueue): void;
  /** Brings about what is wanted for one key; fails to be called again after a pause. */
  work(key: string): Promise<WorkResult> | WorkResult;
  readonly queue?: Pick<WorkQueueOptions, "workers" | "backoff" | "retriesMax">;
}

/** Runs a loop until the signal aborts and the work that has begun is done. */
export async function runLoop(context: ControllerContext, loop: Loop): Promise<void> {
  const { clock, random, signal } = context;
  const log = context.log.with({ controller: loop.name });
  try {
    await Promise.all(loop.caches.map((cache) => cache.whenSynced(signal)));
  } catch (error) {
    if (signal.aborted) return;
    throw error;
  }
  await using queue = new WorkQueue({
    ...loop.queue,
    work: (key) => loop.work(key),
    clock,
    random,
    signal,
    onError: (key, error, retryMs) => {
      const fields = {
        key,
        error: describeError(error),
        retryMs: retryMs === undefined ? "never" : Math.round(retryMs),
      };
      // Somebody else wrote or deleted first, or our cache is behind: the next try sees it.
      if (isConflict(error) || isNotFound(error) || error instanceof StaleCache)
        log.debug("Will try again", fields);
      else log.warn("Could not bring about what is wanted, will try again", fields);
    },
  });
  loop.wake(queue);
  await aborted(signal);
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The events of one controller. */
export function recorderOf(context: ControllerContext, component: string): EventRecorder {
  const { api, clock, log, signal } = context;
  return createEventRecorder({ api, component, clock, log, signal });
}

/** The cache does not yet hold what this controller wrote itself. */
export class StaleCache extends Error {}

/** A create was refused since its namespace is going away: nothing is left to be done. */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!isStatus(error, "Forbidden")) return false;
  const { causes = [] } = error.status.details ?? {};
  return causes.some(({ reason }) => reason === "NamespaceTerminating");
}
