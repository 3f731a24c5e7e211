/** Bytes that are no protobuf message. */
export class WireFault extends Error {}

/** One field as it comes over the wire. Varints stay split in two halves, so that no number is rounded. */
export type WireField =
  | {
      readonly number: number;
      readonly kind: "varint";
      readonly low: number;
      readonly high: number;
    }
  | { readonly number: number; readonly kind: "bytes"; readonly bytes: Uint8Array };

/** Wire types that Kubernetes' messages don't use: fixed 64 and 32 bits. They are skipped, as unknown fields. */
const fixedLengths: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

/** Yields the fields of one message, in order. */
export function* readFields(bytes: Uint8Array): Generator<WireField> {
  const reader = new Reader(bytes);
  while (!reader.done) {
    const tag = reader.varint().low;
    const number = tag >>> 3;
    const wireType = tag & 7;
    if (number === 0) throw new WireFault("illegal tag 0");
    if (wireType === 0) yield { number, kind: "varint", ...reader.varint() };
    else if (wireType === 2) yield { number, kind: "bytes", bytes: reader.bytes() };
    else reader.skip(fixedLengths[wireType] ?? Number.NaN);
  }
}

/** The varints of a packed list. */
export function readPacked(bytes: Uint8Array): { low: number; high: number }[] {
  const reader = new Reader(bytes);
  const values = [];
  while (!reader.done) values.push(reader.varint());
  return values;
}

/** The two halves as a signed number; beyond 53 bits it is the nearest one, as in JSON. */
export function toNumber({ low, high }: { low: number; high: number }): number {
  if (high === 0) return low >>> 0;
  return Number((BigInt(high | 0) << 32n) | BigInt(low >>> 0));
}

/** Protobuf's varint has at most ten bytes. */
const VARINT_BYTES_MAX = 10;

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let i = 0; i < VARINT_BYTES_MAX; i++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new WireFault("unexpected EOF");
      const bits = byte & 0x7f;
      const shift = i * 7;
      if (shift < 32) low |= bits << shift;
      if (shift > 28) high |= bits << (shift - 32);
      else if (shift === 28) high |= bits >>> 4;
      if (byte < 0x80) return { low, high };
    }
    throw new WireFault("integer overflow");
  }

  bytes(): Uint8Array {
    const { low, high } = this.varint();
    const end = this.#at + (low >>> 0);
    if (high !== 0 || end > this.#bytes.length) throw new WireFault("unexpected EOF");
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  skip(length: number): void {
    if (Number.isNaN(length)) throw new WireFault("illegal wire type");
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new WireFault("unexpected EOF");
  }
}
