import { kindOfResource } from "../api/kinds.ts";
import { events } from "../api/resource.ts";
import type { Event, KubeObject } from "../api/types.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { objectOf } from "./store/item.ts";
import type { WriteContext } from "./write/write-context.ts";

/** Events live for an hour after they were last seen, as in Kubernetes. */
const TTL_MS = 60 * 60_000;
const CHECK_EVERY_MS = 60_000;
const kind = kindOfResource(events);

/** Deletes old Events for as long as the signal lets it. */
export async function expireEvents(
  context: WriteContext,
  { log, signal }: { readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const { clock, store } = context;
  while (!signal.aborted) {
    await clock.sleep(CHECK_EVERY_MS, signal);
    if (signal.aborted) return;
    const before = clock.now() - TTL_MS;
    const old = store
      .cacheOf(kind)
      .list("")
      .filter((item) => lastSeenMs(objectOf(item)) < before);
    try {
      // Together: they share commits.
      await Promise.all(old.map((item) => store.delete(kind, item.key, item.revision)));
    } catch (error) {
      log.warn("Cannot delete old events", { error: describeError(error) });
    }
  }
}

/** The newest of the times in an Event. */
function lastSeenMs(
  event: KubeObject & Pick<Event, "lastTimestamp" | "series" | "eventTime">,
): number {
  const times = [
    event.metadata.creationTimestamp,
    event.lastTimestamp,
    event.eventTime,
    event.series?.lastObservedTime,
  ];
  return Math.max(...times.map((time) => (time ? Date.parse(time) || 0 : 0)));
}
