import { isGone, StatusError } from "../api/status-error.ts";
import type { BackoffOptions } from "../lib/backoff.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import type { List } from "./api.ts";
import { ClientError } from "./decode.ts";

/** An event of a watch as the server sent it, an ERROR event having become an exception. */
export type WatchEvent<T> =
  | {
      readonly type: "ADDED" | "MODIFIED" | "DELETED";
      readonly object: T;
      readonly resourceVersion: string;
    }
  | {
      readonly type: "BOOKMARK";
      readonly resourceVersion: string;
      /** Whether what came before was the whole state (WatchList, KEP-3157). */
      readonly endsInitialEvents: boolean;
    };

/** Where a watch begins: after a version, or with the whole present state sent as ADDED events. */
export type WatchStart = { readonly after: string } | "initial-events";

/** One kind in one scope at a server. */
export interface ListWatch<T> {
  list(signal: AbortSignal): Promise<List<T>>;
  /** Ends when the server ends it, which it does every few minutes; `timeoutMs` asks for that. */
  watch(start: WatchStart, timeoutMs: number, signal: AbortSignal): AsyncIterable<WatchEvent<T>>;
}

/** What happened to the objects that are followed. */
export type Followed<T> =
  | { readonly type: "REPLACED"; readonly objects: readonly T[] }
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T };

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Hears of each failed turn; `retryMs` is the pause before the next. */
  readonly onError: (error: unknown, retryMs: number) => void;
}

/** client-go starts at 0.8 s; a server in the same process is back sooner. */
const RETRY: BackoffOptions = { baseMs: 100, maxMs: 30_000, jitter: 0.5 };
/** A watch is asked to end after this, or up to twice this (client-go's figure). */
const WATCH_MS_MIN = 5 * 60_000;
/** How long after the end we asked for a silent stream is taken for dead. */
const WATCH_GRACE_MS = 30_000;
/** A watch that lived this long and ended is taken up again at once: that is its ordinary course. */
const WATCH_USEFUL_MS = 1_000;
/** A server that accepted the initial-events watch but does not end its first part in this time lacks it. */
const INITIAL_EVENTS_MS_MAX = 60_000;

/**
 * Lists once, then watches for ever, resuming where the last stream stopped. Ends only with the signal.
 *
 * `resourceVersion` is opaque: kept and handed back, never compared. After 410 Gone only a new list can close
 * the gap, and it arrives as REPLACED: what vanished in between has no event. The list comes through the watch
 * itself (WatchList) where the server can do that; a server that refuses is asked no second time.
 */
export async function* follow<T>(
  source: ListWatch<T>,
  { signal, clock, random, onError }: FollowOptions,
): AsyncGenerator<Followed<T>> {
  let version: string | undefined;
  let canStreamInitial = true;
  let idleTurns = 0; // Turns in a row without an event; each makes the next pause longer.

  while (!signal.aborted) {
    const startedMs = clock.monotonicMs();
    const turn = new AbortController();
    const turnSignal = AbortSignal.any([signal, turn.signal]);
    let isInitial = version === undefined && canStreamInitial;
    let failure: unknown;
    try {
      if (version === undefined && !canStreamInitial) {
        const list = await source.list(turnSignal);
        version = list.resourceVersion;
        yield { type: "REPLACED", objects: list.items };
      }
      const timeoutMs = Math.round(WATCH_MS_MIN * (1 + random()));
      abortLater(turn, clock, timeoutMs + WATCH_GRACE_MS, () => true);
      if (isInitial) abortLater(turn, clock, INITIAL_EVENTS_MS_MAX, () => isInitial);
      const start = version === undefined ? "initial-events" : { after: version };
      const initial: T[] = [];
      for await (const event of source.watch(start, timeoutMs, turnSignal)) {
        if (isInitial) {
          if (event.type === "ADDED" || event.type === "MODIFIED") initial.push(event.object);
          if (event.type !== "BOOKMARK" || !event.endsInitialEvents) continue;
          isInitial = false;
          version = event.resourceVersion;
          idleTurns = 0;
          yield { type: "REPLACED", objects: initial };
          continue;
        }
        version = event.resourceVersion;
        idleTurns = 0;
        if (event.type !== "BOOKMARK") yield { type: event.type, object: event.object };
      }
      if (turn.signal.aborted) throw silence();
      if (isInitial) canStreamInitial = false;
    } catch (error) {
      if (signal.aborted) return;
      failure = turn.signal.aborted ? silence() : error;
      if (isGone(error)) version = undefined;
    } finally {
      turn.abort();
    }

    if (isInitial && refusesInitialEvents(failure)) {
      canStreamInitial = false;
      continue;
    }
    if (failure === undefined && clock.monotonicMs() - startedMs >= WATCH_USEFUL_MS) continue;
    const retryMs = backoffMs(idleTurns++, RETRY, random);
    if (failure !== undefined) onError(failure, retryMs);
    await clock.sleep(retryMs, signal);
  }
}

/**
 * Ends a turn that lasts longer than it can. A connection that was cut without a word stays silent for ever,
 * and with it the cache would stay old for ever.
 */
function abortLater(
  turn: AbortController,
  clock: Clock,
  ms: number,
  isStillLate: () => boolean,
): void {
  const end = () => {
    if (isStillLate()) turn.abort();
  };
  clock.sleep(ms, turn.signal).then(end, end);
}

function silence(): ClientError {
  return new ClientError("STREAM_DEAD", "Cannot follow the watch: the server went silent");
}

/** Servers without WatchList answer 400, 403 or 422 to its parameters; a silent one runs into our deadline. */
function refusesInitialEvents(error: unknown): boolean {
  if (error instanceof ClientError) return error.code === "STREAM_DEAD";
  if (!(error instanceof StatusError)) return false;
  return ["Invalid", "BadRequest", "Forbidden"].includes(error.code);
}
