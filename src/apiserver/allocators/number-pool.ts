import assert from "node:assert/strict";

export interface NumberPoolOptions {
  /** The pool holds the numbers from 0 to size - 1. */
  readonly size: bigint;
  /** How many of the lowest numbers are kept for callers that name theirs; see `staticBandSize`. */
  readonly staticBandSize: bigint;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/**
 * A pool of numbers from which callers take a certain one or any one.
 *
 * Any-one requests are served from the upper band until it is full, so that numbers picked by people, who tend to
 * pick low ones, rarely collide with them (KEP-3070, KEP-3668). Only taken numbers use memory, so a pool may be as
 * large as an IPv6 range.
 */
export class NumberPool {
  readonly #size: bigint;
  readonly #staticBandSize: bigint;
  readonly #random: () => number;
  readonly #taken = new Set<bigint>();
  #takenLow = 0n;

  constructor({ size, staticBandSize, random }: NumberPoolOptions) {
    assert.ok(size >= 0n && staticBandSize >= 0n && staticBandSize <= size);
    this.#size = size;
    this.#staticBandSize = staticBandSize;
    this.#random = random;
  }

  get size(): bigint {
    return this.#size;
  }

  get takenCount(): number {
    return this.#taken.size;
  }

  /** Takes this number; false if it is taken. It must lie in the pool. */
  take(number: bigint): boolean {
    assert.ok(number >= 0n && number < this.#size);
    if (this.#taken.has(number)) return false;
    this.#taken.add(number);
    if (number < this.#staticBandSize) this.#takenLow++;
    return true;
  }

  /** Takes any number; undefined if the pool is empty. */
  takeAny(): bigint | undefined {
    const takenHigh = BigInt(this.#taken.size) - this.#takenLow;
    const number =
      this.#freeIn(this.#staticBandSize, this.#size, takenHigh) ??
      this.#freeIn(0n, this.#staticBandSize, this.#takenLow);
    if (number !== undefined) this.take(number);
    return number;
  }

  /** Gives a number back; giving back a free one does nothing. */
  release(number: bigint): void {
    if (this.#taken.delete(number) && number < this.#staticBandSize) this.#takenLow--;
  }

  /** A free number in [from, to): from a random place on, round the end. */
  #freeIn(from: bigint, to: bigint, takenCount: bigint): bigint | undefined {
    const size = to - from;
    if (takenCount >= size) return undefined;
    const start = (size * BigInt(Math.floor(this.#random() * 2 ** 53))) >> 53n;
    for (let offset = start; offset < size; offset++) {
      if (!this.#taken.has(from + offset)) return from + offset;
    }
    for (let offset = 0n; offset < start; offset++) {
      if (!this.#taken.has(from + offset)) return from + offset;
    }
    return undefined;
  }
}

/** No static band in a range that is not larger than this, and none smaller than this in a larger one. */
const bandMin = 16n;

/** The size of the static band: a `share`-th of the range, between 16 and `max`; none in a tiny range. */
export function staticBandSize(
  size: bigint,
  { share, max }: { share: bigint; max: bigint },
): bigint {
  if (size <= bandMin) return 0n;
  const part = size / share;
  return part < bandMin ? bandMin : part > max ? max : part;
}
