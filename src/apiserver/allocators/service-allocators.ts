import type { FieldError } from "../../api/field-error.ts";
import type { Service, ServiceSpec } from "../../api/types.ts";
import type { Cidr, IpFamily } from "../../lib/ip.ts";
import { Held, Refusal } from "./held.ts";
import { withClusterIpsInStep, withInherited } from "./inherit.ts";
import type { PortRange } from "./node-port-range.ts";
import { addressesOf, ServiceAddresses } from "./service-addresses.ts";
import { withFamilies } from "./service-families.ts";
import { portsOf, ServiceNodePorts } from "./service-node-ports.ts";

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
  readonly #addresses: ServiceAddresses;
  readonly #nodePorts: ServiceNodePorts;

  constructor({ serviceCidrs, nodePorts, random }: ServiceAllocatorsOptions) {
    this.#addresses = new ServiceAddresses(serviceCidrs, random);
    this.#nodePorts = new ServiceNodePorts(nodePorts, random);
  }

  /** The families of the cluster, the primary one first. */
  get families(): readonly IpFamily[] {
    return this.#addresses.families;
  }

  /** How many addresses and ports are taken. */
  get usage(): { readonly clusterIps: number; readonly nodePorts: number } {
    return { clusterIps: this.#addresses.takenCount, nodePorts: this.#nodePorts.takenCount };
  }

  /** Takes what stored Services have. What two of them share, or lies outside the ranges, is reported and stays theirs. */
  restore(services: Iterable<Service>): readonly AllocationConflict[] {
    const conflicts: AllocationConflict[] = [];
    for (const service of services) {
      const { namespace = "", name = "" } = service.metadata;
      const problems = [
        ...addressesOf(service).map((ip) => [ip, this.#addresses.restore(ip)] as const),
        ...portsOf(service).map((port) => [String(port), this.#nodePorts.restore(port)] as const),
      ];
      for (const [value, problem] of problems) {
        if (problem !== undefined) conflicts.push({ namespace, name, value, problem });
      }
    }
    return conflicts;
  }

  /** Gives back what a deleted Service had. */
  release(service: Service): void {
    for (const ip of addressesOf(service)) this.#addresses.release(ip);
    for (const port of portsOf(service)) this.#nodePorts.release(port);
  }

  /** Fills in a new Service's families, addresses and ports. Throws a StatusError 500 when a range is full. */
  admitCreate(service: Service, options: AllocationOptions = {}): Allocation {
    const synced = withClusterIpsInStep(service, undefined);
    return this.#admit(synced, undefined, options, (next, held) => {
      const spec = this.#addresses.forNew(next.spec ?? {}, held);
      return this.#nodePorts.forNew({ ...next, spec }, held);
    });
  }

  /** The same for an update; values that the request left out are inherited. */
  admitUpdate(old: Service, service: Service, options: AllocationOptions = {}): Allocation {
    const synced = withClusterIpsInStep(withInherited(service, old), old);
    return this.#admit(synced, old, options, (next, held) => {
      const spec = this.#addresses.forUpdate(next, old, held);
      return this.#nodePorts.forUpdate({ ...next, spec }, old, held);
    });
  }

  #admit(
    service: Service,
    old: Service | undefined,
    { dryRun = false }: AllocationOptions,
    allocate: (next: Service, held: Held) => ServiceSpec,
  ): Allocation {
    const { spec, errors } = withFamilies(service, old, this.families);
    const next = { ...service, spec };
    if (errors.length > 0) return refused(next, errors);
    const held = new Held();
    try {
      const allocated = allocate(next, held);
      return {
        service: { ...service, spec: allocated },
        errors: [],
        commit: () => (dryRun ? held.giveBack() : held.keep()),
        rollback: () => held.giveBack(),
      };
    } catch (error) {
      held.giveBack();
      if (error instanceof Refusal) return refused(next, [error.problem]);
      throw error;
    }
  }
}

function refused(service: Service, errors: readonly FieldError[]): Allocation {
  const nothing = () => {};
  return { service, errors, commit: nothing, rollback: nothing };
}
