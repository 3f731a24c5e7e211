import type { Clock } from "../lib/clock.ts";

/** A bell with one slot: any number of rings before somebody waits are one. */
export class Wakeup {
  readonly #clock: Clock;
  #isRung = false;
  #waiting: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#isRung = true;
    this.#waiting?.abort();
  }

  /** Waits for a ring, at most so long; whether there was one. For one waiter at a time. */
  async wait(maxMs: number): Promise<boolean> {
    if (!this.#isRung) {
      this.#waiting = new AbortController();
      await this.#clock.sleep(maxMs, this.#waiting.signal);
      this.#waiting = undefined;
    }
    const isRung = this.#isRung;
    this.#isRung = false;
    return isRung;
  }
}
