import type { Clock } from "../../lib/clock.ts";

/** A point in time that may come nearer while somebody waits for it, but never moves away. */
export class Deadline {
  readonly #clock: Clock;
  #atMs: number;
  #moved = new AbortController();

  /** `ms` from now. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#atMs = clock.monotonicMs() + ms;
  }

  get remainingMs(): number {
    return Math.max(0, this.#atMs - this.#clock.monotonicMs());
  }

  /** Moves it to `ms` from now, if that is earlier. */
  shorten(ms: number): void {
    const atMs = this.#clock.monotonicMs() + ms;
    if (atMs >= this.#atMs) return;
    this.#atMs = atMs;
    this.#moved.abort();
    this.#moved = new AbortController();
  }

  /** Resolves when the time has come, or when the signal aborts. */
  async passed(signal: AbortSignal): Promise<void> {
    while (this.remainingMs > 0 && !signal.aborted) {
      await this.#clock.sleep(this.remainingMs, AbortSignal.any([signal, this.#moved.signal]));
    }
  }
}
