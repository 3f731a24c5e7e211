import {
  type Cidr,
  cidrContains,
  cidrSize,
  formatCidr,
  formatIp,
  type IpFamily,
  parseIp,
} from "../../lib/ip.ts";
import { NumberPool, staticBandSize } from "./number-pool.ts";

/** Band of cluster IPs for those who name theirs (KEP-3070). */
export const clusterIpBand = { share: 16n, max: 256n };

/** Hands out the addresses of one range. */
export class ClusterIpRange {
  readonly #cidr: Cidr;
  readonly #pool: NumberPool;

  constructor(cidr: Cidr, random: () => number) {
    this.#cidr = cidr;
    const size = usableSize(cidr);
    this.#pool = new NumberPool({
      size,
      staticBandSize: staticBandSize(size, clusterIpBand),
      random,
    });
  }

  get family(): IpFamily {
    return this.#cidr.family;
  }

  get takenCount(): number {
    return this.#pool.takenCount;
  }

  /** Takes this address. What is wrong if that cannot be, in Kubernetes' words. */
  take(ip: string): string | undefined {
    const number = this.#numberOf(ip);
    if (number === undefined) {
      return `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${formatCidr(this.#cidr)}`;
    }
    return this.#pool.take(number) ? undefined : "provided IP is already allocated";
  }

  /** Takes any address, canonical; undefined if the range is full. */
  takeAny(): string | undefined {
    const number = this.#pool.takeAny();
    if (number === undefined) return undefined;
    return formatIp({ family: this.#cidr.family, value: this.#cidr.base + 1n + number });
  }

  /** Gives an address back; one of another range is ignored. */
  release(ip: string): void {
    const number = this.#numberOf(ip);
    if (number !== undefined) this.#pool.release(number);
  }

  /** Number 0 is the address after the network's own. */
  #numberOf(ip: string): bigint | undefined {
    const address = parseIp(ip);
    if (address === undefined || !cidrContains(this.#cidr, address)) return undefined;
    const number = address.value - this.#cidr.base - 1n;
    return number >= 0n && number < this.#pool.size ? number : undefined;
  }
}

/** The range without its network address, and for IPv4 without the broadcast address. */
function usableSize(cidr: Cidr): bigint {
  const size = cidrSize(cidr) - (cidr.family === "IPv4" ? 2n : 1n);
  return size < 0n ? 0n : size;
}
