import { type Cidr, cidrAddress, cidrSize, formatIp, parseIp } from "../../lib/ip.ts";

/** The first address is the network's, the second the gateway's, the last the broadcast's. */
const FIRST_OFFSET = 2n;

/** Hands out the addresses of a node's pod range, one after another, so that one just freed rests the longest. */
export class AddressPool {
  readonly #range: Cidr;
  readonly #used = new Set<string>();
  #next = FIRST_OFFSET;

  constructor(range: Cidr) {
    this.#range = range;
  }

  /** Takes `wanted` if it is of this range and free, else the next free one. Undefined when all are taken. */
  take(wanted?: string): string | undefined {
    if (wanted !== undefined && this.#isOwn(wanted) && !this.#used.has(wanted)) {
      this.#used.add(wanted);
      return wanted;
    }
    const end = cidrSize(this.#range) - 1n;
    for (let tries = FIRST_OFFSET; tries < end; tries++) {
      const offset = this.#next;
      this.#next = offset + 1n < end ? offset + 1n : FIRST_OFFSET;
      const address = cidrAddress(this.#range, offset);
      if (address === undefined) return undefined;
      const text = formatIp(address);
      if (this.#used.has(text)) continue;
      this.#used.add(text);
      return text;
    }
    return undefined;
  }

  release(address: string): void {
    this.#used.delete(address);
  }

  #isOwn(text: string): boolean {
    const address = parseIp(text);
    if (address === undefined || address.family !== this.#range.family) return false;
    const offset = address.value - this.#range.base;
    return offset >= FIRST_OFFSET && offset < cidrSize(this.#range) - 1n;
  }
}
