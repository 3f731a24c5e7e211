import type { BackoffOptions } from "../lib/backoff.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";

/** What a worker wants next for its key: nothing, or to see it again after a while. */
export type WorkResult = undefined | { readonly againAfterMs: number };

export interface WorkQueueOptions {
  /** Works on one key; a failure brings the key back after a growing pause. */
  readonly work: (key: string) => Promise<WorkResult> | WorkResult;
  /** No new work starts after this. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Hears of each failure. `retryMs` is undefined when the key is given up until something else brings it back. */
  readonly onError: (key: string, error: unknown, retryMs: number | undefined) => void;
  /** Keys worked on at the same time; 5 unless told. */
  readonly workers?: number;
  /** Pauses between the tries of one key; 5 ms doubling to 1,000 s unless told (client-go's figures). */
  readonly backoff?: BackoffOptions;
  /** Repeats in a row before a key is given up; for ever unless told. */
  readonly retriesMax?: number;
}

const BACKOFF: BackoffOptions = { baseMs: 5, maxMs: 1_000_000 };
const WORKERS = 5;

/**
 * A queue of keys, each at most once in it. A key never is with two workers: added while it is being worked on,
 * it comes again afterwards. Work starts at once, in the next microtask, so that events of one burst fall together
 * without a pause being added.
 */
export class WorkQueue implements AsyncDisposable {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #dueMs = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #isScheduled = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait, are worked on or are due later. */
  get size(): number {
    return new Set([...this.#waiting, ...this.#busy.keys(), ...this.#dueMs.keys()]).size;
  }

  /** Has the key worked on as soon as a worker is free. */
  add(key: string): void {
    this.#waiting.add(key);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#start();
    });
  }

  /** Adds the key after a while; of several such wishes the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    const { clock, signal } = this.#options;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = clock.monotonicMs() + delayMs;
    const known = this.#dueMs.get(key);
    if (known !== undefined && known <= dueMs) return;
    this.#dueMs.set(key, dueMs);
    const due = () => {
      if (signal.aborted || this.#dueMs.get(key) !== dueMs) return;
      this.#dueMs.delete(key);
      this.add(key);
    };
    clock.sleep(delayMs, signal).then(due, due);
  }

  /** Waits for the work that has begun; to be called after the signal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  #start(): void {
    const { signal, workers = WORKERS } = this.#options;
    for (const key of this.#waiting) {
      if (signal.aborted || this.#busy.size >= workers) return;
      if (this.#busy.has(key)) continue;
      this.#waiting.delete(key);
      this.#busy.set(key, this.#work(key));
    }
  }

  async #work(key: string): Promise<void> {
    try {
      // Never in the caller's turn: work that throws at once must find its key among the busy ones.
      const result = await Promise.resolve(key).then(this.#options.work);
      this.#failures.delete(key);
      if (result !== undefined) this.addAfter(key, result.againAfterMs);
    } catch (error) {
      this.#retry(key, error);
    }
    this.#busy.delete(key);
    this.#start();
  }

  #retry(key: string, error: unknown): void {
    const { backoff = BACKOFF, retriesMax = Infinity, random, signal, onError } = this.#options;
    if (signal.aborted) return;
    const failures = this.#failures.get(key) ?? 0;
    if (failures >= retriesMax) {
      this.#failures.delete(key);
      onError(key, error, undefined);
      return;
    }
    this.#failures.set(key, failures + 1);
    const retryMs = backoffMs(failures, backoff, random);
    onError(key, error, retryMs);
    this.addAfter(key, retryMs);
  }
}
