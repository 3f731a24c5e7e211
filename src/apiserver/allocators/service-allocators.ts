import { withField } from "../../api/copy.ts";
import { type FieldError, invalid } from "../../api/field-error.ts";
import {
  headlessIp,
  needsHealthCheckPort,
  needsNodePorts,
  nodePortsOf,
} from "../../api/service-facts.ts";
import { StatusError } from "../../api/status-error.ts";
import type { Service, ServicePort, ServiceSpec } from "../../api/types.ts";
import { type Cidr, familyOf, type IpFamily } from "../../lib/ip.ts";
import { ClusterIpRange } from "./cluster-ip-range.ts";
import { withClusterIpsInStep, withInherited } from "./inherit.ts";
import { NodePortRange, type PortRange } from "./node-port-range.ts";
import { keepsPreferDualStack, withFamilies } from "./service-families.ts";

export interface ServiceAllocatorsOptions {
  /** One range, or one for each family; the first one's family is the primary. */
  readonly serviceCidrs: readonly Cidr[];
  readonly nodePorts: PortRange;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface AllocationOptions {
  /** Works out the answer and then gives everything back, whether committed or not. */
  readonly dryRun?: boolean;
}

/** A Service with its addresses and ports, which are held until `commit` or `rollback`; later calls do nothing. */
export interface Allocation {
  readonly service: Service;
  /** Why not; nothing is held then. */
  readonly errors: readonly FieldError[];
  /** The Service has been stored: what the update freed is given back. */
  commit(): void;
  /** The Service has not been stored: what it took is given back. */
  rollback(): void;
}

/** A value that a stored Service has and cannot hold. */
export interface AllocationConflict {
  readonly namespace: string;
  readonly name: string;
  /** The address or port. */
  readonly value: string;
  readonly problem: string;
}

/**
 * Cluster IPs and node ports of all Services, in memory.
 *
 * Every call is synchronous: between looking and taking nothing else runs, so no two Services get one value. The
 * stored Services are the truth; `restore` rebuilds this from them at start.
 */
export class ServiceAllocators {
  readonly #ranges: ReadonlyMap<string, ClusterIpRange>;
  readonly #nodePorts: NodePortRange;

  constructor({ serviceCidrs, nodePorts, random }: ServiceAllocatorsOptions) {
    this.#ranges = new Map(
      serviceCidrs.map((cidr) => [cidr.family, new ClusterIpRange(cidr, random)]),
    );
    this.#nodePorts = new NodePortRange(nodePorts, random);
  }

  /** The families of the cluster, the primary one first. */
  get families(): readonly IpFamily[] {
    return [...this.#ranges.values()].map(({ family }) => family);
  }

  /** How many addresses and ports are taken. */
  get usage(): { readonly clusterIps: number; readonly nodePorts: number } {
    const counts = [...this.#ranges.values()].map(({ takenCount }) => takenCount);
    return {
      clusterIps: counts.reduce((sum, count) => sum + count, 0),
      nodePorts: this.#nodePorts.takenCount,
    };
  }

  /** Takes what stored Services have. What two of them share, or lies outside the ranges, is reported and stays theirs. */
  restore(services: Iterable<Service>): readonly AllocationConflict[] {
    const conflicts: AllocationConflict[] = [];
    for (const service of services) {
      const { namespace = "", name = "" } = service.metadata;
      const report = (value: string | number, problem: string | undefined) => {
        if (problem === undefined) return;
        conflicts.push({ namespace, name, value: String(value), problem });
      };
      for (const ip of addressesOf(service)) {
        const range = this.#rangeOf(ip);
        report(ip, range === undefined ? "no range of its family" : range.take(ip));
      }
      for (const port of portsOf(service)) report(port, this.#nodePorts.take(port));
    }
    return conflicts;
  }

  /** Gives back what a deleted Service had. */
  release(service: Service): void {
    for (const ip of addressesOf(service)) this.#rangeOf(ip)?.release(ip);
    for (const port of portsOf(service)) this.#nodePorts.release(port);
  }

  /** Fills in a new Service's families, addresses and ports. Throws a StatusError 500 when a range is full. */
  admitCreate(service: Service, options: AllocationOptions = {}): Allocation {
    const synced = withClusterIpsInStep(service, undefined);
    return this.#admit(synced, undefined, options, (spec, held) => {
      const addressed = this.#withClusterIps(spec, held);
      return this.#withNewNodePorts(addressed, held);
    });
  }

  /** The same for an update; values that the request left out are inherited. Throws a StatusError 500 when a range is full. */
  admitUpdate(old: Service, next: Service, options: AllocationOptions = {}): Allocation {
    const synced = withClusterIpsInStep(withInherited(next, old), old);
    return this.#admit(synced, old, options, (spec, held) => {
      const addressed = this.#withUpdatedClusterIps({ ...synced, spec }, old, held);
      return this.#withUpdatedNodePorts({ ...synced, spec: addressed }, old, held);
    });
  }

  #admit(
    service: Service,
    old: Service | undefined,
    { dryRun = false }: AllocationOptions,
    allocate: (spec: ServiceSpec, held: Held) => ServiceSpec,
  ): Allocation {
    const { spec, errors } = withFamilies(service, old, this.families);
    if (errors.length > 0) return refusal({ ...service, spec }, errors);
    const held = new Held();
    try {
      const allocated = allocate(spec, held);
      return {
        service: { ...service, spec: allocated },
        errors: [],
        commit: () => (dryRun ? held.giveBack() : held.keep()),
        rollback: () => held.giveBack(),
      };
    } catch (error) {
      held.giveBack();
      if (error instanceof Refusal) return refusal({ ...service, spec }, [error.problem]);
      throw error;
    }
  }

  /** One address for each family: the one that the request names, or any. */
  #withClusterIps(spec: ServiceSpec, held: Held): ServiceSpec {
    const { type, clusterIPs = [], ipFamilies = [] } = spec;
    if (type === "ExternalName" || clusterIPs[0] === headlessIp) return spec;
    const taken = ipFamilies.map((family, index) =>
      this.#takeIp(family, clusterIPs[index] ?? "", clusterIPs, held),
    );
    const [first] = taken;
    return first === undefined ? spec : { ...spec, clusterIP: first, clusterIPs: taken };
  }

  #withUpdatedClusterIps(service: Service, old: Service, held: Held): ServiceSpec {
    const spec = service.spec ?? {};
    const was = old.spec ?? {};
    if (keepsPreferDualStack(service, old)) return spec;
    if (was.type === "ExternalName" && spec.type !== "ExternalName") {
      return this.#withClusterIps(spec, held);
    }
    if (was.clusterIPs?.[0] === headlessIp) return spec;
    if (spec.type === "ExternalName") {
      if (was.type !== "ExternalName") this.#releaseLater(addressesOf(old), held);
      return spec;
    }
    const { clusterIPs = [], ipFamilies = [] } = spec;
    const countBefore = (was.ipFamilies ?? []).length;
    if (countBefore === 1 && ipFamilies.length === 2) {
      const second = this.#takeIp(ipFamilies[1] ?? "", clusterIPs[1] ?? "", clusterIPs, held);
      return { ...spec, clusterIPs: [...clusterIPs.slice(0, 1), second] };
    }
    if (countBefore === 2 && ipFamilies.length === 1) {
      this.#releaseLater((was.clusterIPs ?? []).slice(1), held);
    }
    return spec;
  }

  #takeIp(family: string, ip: string, given: readonly string[], held: Held): string {
    const range = this.#ranges.get(family);
    if (range === undefined) {
      throw new Refusal(
        invalid("spec.clusterIPs", given, `${family} is not configured on this cluster`),
      );
    }
    if (ip === "") {
      const any = range.takeAny();
      if (any === undefined) throw internalError("failed to allocate a serviceIP: range is full");
      held.took(() => range.release(any));
      return any;
    }
    const problem = range.take(ip);
    if (problem !== undefined) {
      throw new Refusal(
        invalid("spec.clusterIPs", given, `failed to allocate IP ${ip}: ${problem}`),
      );
    }
    held.took(() => range.release(ip));
    return ip;
  }

  #releaseLater(ips: readonly string[], held: Held): void {
    for (const ip of ips) held.freed(() => this.#rangeOf(ip)?.release(ip));
  }

  #rangeOf(ip: string): ClusterIpRange | undefined {
    return this.#ranges.get(familyOf(ip) ?? "");
  }

  #withNewNodePorts(spec: ServiceSpec, held: Held): ServiceSpec {
    const withPorts = needsNodePorts(bare(spec)) ? this.#withPairedNodePorts(spec, held) : spec;
    return needsHealthCheckPort(bare(withPorts))
      ? this.#withHealthCheckPort(withPorts, held)
      : withPorts;
  }

  /** One number for all ports of one number: DNS over TCP and UDP shares its node port. */
  #withPairedNodePorts(spec: ServiceSpec, held: Held): ServiceSpec {
    const given = spec.ports ?? [];
    const byPort = new Map<number, number>();
    const ports = given.map((port, index) => {
      const wanted = port.nodePort ?? 0;
      if (wanted === 0 && !allocatesNodePorts(spec)) return port;
      const paired = byPort.get(port.port);
      if (paired !== undefined) {
        if (wanted === 0) return { ...port, nodePort: paired };
        if (wanted !== paired) this.#takeNodePort(wanted, index, held);
        return port;
      }
      const requested = given.find((one) => one.port === port.port && one.nodePort)?.nodePort;
      const nodePort =
        requested === undefined
          ? this.#takeAnyNodePort("a nodePort", held)
          : this.#takeNodePort(requested, index, held);
      byPort.set(port.port, nodePort);
      return { ...port, nodePort };
    });
    return withField(spec, "ports", spec.ports === undefined ? undefined : ports);
  }

  #withUpdatedNodePorts(service: Service, old: Service, held: Held): ServiceSpec {
    let spec = service.spec ?? {};
    const before = nodePortsOf(old);
    if (needsNodePorts(service)) {
      const known = new Set(before);
      const ports = (spec.ports ?? []).map((port, index): ServicePort => {
        if (!port.nodePort) {
          if (!allocatesNodePorts(spec)) return port;
          return { ...port, nodePort: this.#takeAnyNodePort("a nodePort", held) };
        }
        if (!known.has(port.nodePort)) this.#takeNodePort(port.nodePort, index, held);
        known.add(port.nodePort);
        return port;
      });
      spec = withField(spec, "ports", spec.ports === undefined ? undefined : ports);
      const after = new Set(nodePortsOf(bare(spec)));
      this.#releasePortsLater(
        before.filter((port) => !after.has(port)),
        held,
      );
    } else if (needsNodePorts(old)) {
      this.#releasePortsLater(before, held);
    }
    const neededCheck = needsHealthCheckPort(old);
    const needsCheck = needsHealthCheckPort(service);
    if (needsCheck && !neededCheck) return this.#withHealthCheckPort(spec, held);
    if (needsCheck || !neededCheck) return spec;
    const port = old.spec?.healthCheckNodePort;
    if (port) this.#releasePortsLater([port], held);
    return spec;
  }

  #withHealthCheckPort(spec: ServiceSpec, held: Held): ServiceSpec {
    const wanted = spec.healthCheckNodePort ?? 0;
    if (wanted === 0) {
      return {
        ...spec,
        healthCheckNodePort: this.#takeAnyNodePort("a HealthCheck NodePort", held),
      };
    }
    const problem = this.#nodePorts.take(wanted);
    if (problem !== undefined) {
      throw internalError(
        `failed to allocate requested HealthCheck NodePort ${wanted}: ${problem}`,
      );
    }
    held.took(() => this.#nodePorts.release(wanted));
    return spec;
  }

  #takeNodePort(port: number, index: number, held: Held): number {
    const problem = this.#nodePorts.take(port);
    if (problem !== undefined) {
      throw new Refusal(invalid(`spec.ports[${index}].nodePort`, port, problem));
    }
    held.took(() => this.#nodePorts.release(port));
    return port;
  }

  #takeAnyNodePort(what: string, held: Held): number {
    const port = this.#nodePorts.takeAny();
    if (port === undefined) throw internalError(`failed to allocate ${what}: range is full`);
    held.took(() => this.#nodePorts.release(port));
    return port;
  }

  #releasePortsLater(ports: readonly number[], held: Held): void {
    for (const port of ports) held.freed(() => this.#nodePorts.release(port));
  }
}

/** What one admission has taken and will free, until it is decided. */
class Held {
  #taken: (() => void)[] = [];
  #freed: (() => void)[] = [];

  took(release: () => void): void {
    this.#taken.push(release);
  }

  freed(release: () => void): void {
    this.#freed.push(release);
  }

  keep(): void {
    this.#finish(this.#freed);
  }

  giveBack(): void {
    this.#finish(this.#taken);
  }

  #finish(releases: readonly (() => void)[]): void {
    this.#taken = [];
    this.#freed = [];
    for (const release of releases) release();
  }
}

/** Leaves an allocation half way: the request asks for something that it cannot have. */
class Refusal extends Error {
  readonly problem: FieldError;

  constructor(problem: FieldError) {
    super(problem.message);
    this.problem = problem;
  }
}

function refusal(service: Service, errors: readonly FieldError[]): Allocation {
  const nothing = () => {};
  return { service, errors, commit: nothing, rollback: nothing };
}

function internalError(cause: string): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${cause}`, {
    causes: [{ reason: "", message: cause }],
  });
}

/** A Service of which only the spec matters. */
function bare(spec: ServiceSpec): Service {
  return { metadata: {}, spec };
}

function allocatesNodePorts({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return type === "NodePort" || allocateLoadBalancerNodePorts !== false;
}

/** The addresses that a stored Service holds. */
function addressesOf({ spec }: Service): readonly string[] {
  const { type, clusterIP, clusterIPs } = spec ?? {};
  const all = clusterIPs ?? (clusterIP ? [clusterIP] : []);
  return type === "ExternalName" ? [] : all.filter((ip) => familyOf(ip) !== undefined);
}

/** The node ports that a stored Service holds, each once. */
function portsOf(service: Service): readonly number[] {
  const check = service.spec?.healthCheckNodePort;
  const ports = nodePortsOf(service);
  return [...new Set(needsHealthCheckPort(service) && check ? [...ports, check] : ports)];
}
