/** Growing pauses between tries of one thing. */
export interface BackoffOptions {
  /** First pause, in milliseconds. */
  readonly baseMs: number;
  /** Longest pause, in milliseconds. */
  readonly maxMs: number;
  /** Share of the pause that is drawn at random, 0 to 1, so that many clients do not return together. */
  readonly jitter?: number;
}

/** The pause before try number `tries` (0 = the first repeat), in milliseconds. `random` is in [0, 1). */
export function backoffMs(tries: number, options: BackoffOptions, random: () => number): number {
  const full = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(tries, 52));
  const jitter = options.jitter ?? 0;
  return full * (1 - jitter * random());
}
