/** Where time comes from; passed in, so that tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  monotonicMs(): number;
  /** Resolves after `ms`, or at once (without an error) when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Node's longest timer, in milliseconds; a longer one would fire at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const wait = (leftMs: number): NodeJS.Timeout =>
        leftMs <= TIMER_MS_MAX
          ? setTimeout(done, leftMs)
          : setTimeout(() => {
              timer = wait(leftMs - TIMER_MS_MAX);
            }, TIMER_MS_MAX);
      let timer = wait(ms);
      signal?.addEventListener("abort", done, { once: true });
    }),
};

/** RFC 3339 with seconds, as Kubernetes writes `Time`. */
export function formatTime(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with microseconds, as Kubernetes writes `MicroTime`. */
export function formatMicroTime(epochMs: number): string {
  const micros = String(Math.floor((epochMs * 1000) % 1000)).padStart(3, "0");
  return `${new Date(epochMs).toISOString().slice(0, 23)}${micros}Z`;
}
