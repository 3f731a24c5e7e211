import type { Clock } from "../../lib/clock.ts";

/** Marks that something changed, for a loop that runs at its own pace. */
export class WakeUp {
  readonly #clock: Clock;
  #isDue = true;
  #waiting: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** There is something to do. Any number of calls make one turn of the loop. */
  wake(): void {
    this.#isDue = true;
    this.#waiting?.abort();
  }

  /** Resolves at once if it was woken since the last time, else at the next wake, after `ms`, or when the signal aborts. */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#isDue) {
      this.#waiting = new AbortController();
      await this.#clock.sleep(ms, AbortSignal.any([signal, this.#waiting.signal]));
      this.#waiting = undefined;
    }
    this.#isDue = false;
  }
}
