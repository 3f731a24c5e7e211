import { NumberPool, staticBandSize } from "./number-pool.ts";

/** Ports from `from` to `to`, both of them included. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

/** Band of node ports for those who name theirs (KEP-3668). */
export const nodePortBand = { share: 32n, max: 128n };

/** Hands out ports that every node listens on. One number serves all protocols. */
export class NodePortRange {
  readonly #range: PortRange;
  readonly #pool: NumberPool;

  constructor(range: PortRange, random: () => number) {
    this.#range = range;
    const size = BigInt(range.to - range.from + 1);
    this.#pool = new NumberPool({
      size,
      staticBandSize: staticBandSize(size, nodePortBand),
      random,
    });
  }

  get takenCount(): number {
    return this.#pool.takenCount;
  }

  /** Takes this port. What is wrong if that cannot be, in Kubernetes' words. */
  take(port: number): string | undefined {
    const { from, to } = this.#range;
    if (!this.#contains(port)) {
      return `provided port is not in the valid range. The range of valid ports is ${from}-${to}`;
    }
    return this.#pool.take(BigInt(port - from)) ? undefined : "provided port is already allocated";
  }

  /** Takes any port; undefined if the range is full. */
  takeAny(): number | undefined {
    const number = this.#pool.takeAny();
    return number === undefined ? undefined : this.#range.from + Number(number);
  }

  /** Gives a port back; one outside the range is ignored. */
  release(port: number): void {
    if (this.#contains(port)) this.#pool.release(BigInt(port - this.#range.from));
  }

  #contains(port: number): boolean {
    return Number.isInteger(port) && port >= this.#range.from && port <= this.#range.to;
  }
}
