import { invalid } from "../../api/field-error.ts";
import { headlessIp } from "../../api/service-facts.ts";
import type { Service, ServiceSpec } from "../../api/types.ts";
import { type Cidr, familyOf, type IpFamily } from "../../lib/ip.ts";
import { ClusterIpRange } from "./cluster-ip-range.ts";
import { exhausted, type Held, Refusal } from "./held.ts";
import { keepsPreferDualStack } from "./service-families.ts";

/** Cluster IPs of Services whose families are settled: one address for each. */
export class ServiceAddresses {
  readonly #ranges: ReadonlyMap<string, ClusterIpRange>;

  constructor(cidrs: readonly Cidr[], random: () => number) {
    this.#ranges = new Map(cidrs.map((cidr) => [cidr.family, new ClusterIpRange(cidr, random)]));
  }

  /** The families of the cluster, the primary one first. */
  get families(): readonly IpFamily[] {
    return [...this.#ranges.values()].map(({ family }) => family);
  }

  get takenCount(): number {
    return [...this.#ranges.values()].reduce((sum, { takenCount }) => sum + takenCount, 0);
  }

  /** Takes an address of a stored Service. What is wrong if that cannot be. */
  restore(ip: string): string | undefined {
    const range = this.#rangeOf(ip);
    return range === undefined ? "no range of its family" : range.take(ip);
  }

  release(ip: string): void {
    this.#rangeOf(ip)?.release(ip);
  }

  /** For each family the address that the request names, or any. */
  forNew(spec: ServiceSpec, held: Held): ServiceSpec {
    const { type, clusterIPs = [], ipFamilies = [] } = spec;
    if (type === "ExternalName" || clusterIPs[0] === headlessIp) return spec;
    const taken = ipFamilies.map((family, index) =>
      this.#take(family, clusterIPs[index] ?? "", clusterIPs, held),
    );
    const [first] = taken;
    return first === undefined ? spec : { ...spec, clusterIP: first, clusterIPs: taken };
  }

  /** What the change of type or families asks for; an unchanged Service keeps its addresses. */
  forUpdate(service: Service, old: Service, held: Held): ServiceSpec {
    const spec = service.spec ?? {};
    const was = old.spec ?? {};
    if (keepsPreferDualStack(service, old)) return spec;
    if (was.type === "ExternalName" && spec.type !== "ExternalName") {
      return this.forNew(spec, held);
    }
    if (was.clusterIPs?.[0] === headlessIp) return spec;
    if (spec.type === "ExternalName") {
      if (was.type !== "ExternalName") this.#releaseLater(addressesOf(old), held);
      return spec;
    }
    const { clusterIPs = [], ipFamilies = [] } = spec;
    const countBefore = (was.ipFamilies ?? []).length;
    if (countBefore === 1 && ipFamilies.length === 2) {
      const second = this.#take(ipFamilies[1] ?? "", clusterIPs[1] ?? "", clusterIPs, held);
      return { ...spec, clusterIPs: [...clusterIPs.slice(0, 1), second] };
    }
    if (countBefore === 2 && ipFamilies.length === 1) {
      this.#releaseLater((was.clusterIPs ?? []).slice(1), held);
    }
    return spec;
  }

  #take(family: string, ip: string, given: readonly string[], held: Held): string {
    const refuse = (problem: string) => new Refusal(invalid("spec.clusterIPs", given, problem));
    const range = this.#ranges.get(family);
    if (range === undefined) throw refuse(`${family} is not configured on this cluster`);
    if (ip === "") {
      const any = range.takeAny();
      if (any === undefined) throw exhausted("failed to allocate a serviceIP: range is full");
      held.took(() => range.release(any));
      return any;
    }
    const problem = range.take(ip);
    if (problem !== undefined) throw refuse(`failed to allocate IP ${ip}: ${problem}`);
    held.took(() => range.release(ip));
    return ip;
  }

  #releaseLater(ips: readonly string[], held: Held): void {
    for (const ip of ips) held.freed(() => this.release(ip));
  }

  #rangeOf(ip: string): ClusterIpRange | undefined {
    return this.#ranges.get(familyOf(ip) ?? "");
  }
}

/** The addresses that a stored Service holds. */
export function addressesOf({ spec }: Service): readonly string[] {
  const { type, clusterIP, clusterIPs } = spec ?? {};
  const all = clusterIPs ?? (clusterIP ? [clusterIP] : []);
  return type === "ExternalName" ? [] : all.filter((ip) => familyOf(ip) !== undefined);
}
