/** First pause, longest pause, in milliseconds; a container that ran for twice the longest starts afresh. */
const RESTART_BACKOFF = { baseMs: 10_000, maxMs: 300_000 } as const;

/** What is remembered of one container's restarts. */
export interface BackoffEntry {
  readonly pauseMs: number;
  /** When the pause was last lengthened, in epoch milliseconds. */
  readonly updatedAtMs: number;
}

/** Start again now, or after some time. */
export type RestartDecision =
  | { readonly type: "restart"; readonly entry: BackoffEntry }
  | { readonly type: "wait"; readonly remainingMs: number; readonly pauseMs: number };

/** Whether a container that ended at `finishedAtMs` may start again: the first time at once, then after 10 s × 2ⁿ. */
export function decideRestart(
  entry: BackoffEntry | undefined,
  finishedAtMs: number,
  nowMs: number,
): RestartDecision {
  const { baseMs, maxMs } = RESTART_BACKOFF;
  const isStale = entry === undefined || finishedAtMs - entry.updatedAtMs > 2 * maxMs;
  if (isStale) return { type: "restart", entry: { pauseMs: baseMs, updatedAtMs: nowMs } };
  const remainingMs = finishedAtMs + entry.pauseMs - nowMs;
  if (remainingMs > 0) return { type: "wait", remainingMs, pauseMs: entry.pauseMs };
  const pauseMs = Math.min(maxMs, entry.pauseMs * 2);
  return { type: "restart", entry: { pauseMs, updatedAtMs: nowMs } };
}
