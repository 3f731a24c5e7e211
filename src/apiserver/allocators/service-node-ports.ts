import { withField } from "../../api/copy.ts";
import { invalid } from "../../api/field-error.ts";
import { needsHealthCheckPort, needsNodePorts, nodePortsOf } from "../../api/service-facts.ts";
import type { Service, ServicePort, ServiceSpec } from "../../api/types.ts";
import { exhausted, type Held, Refusal } from "./held.ts";
import { NodePortRange, type PortRange } from "./node-port-range.ts";

/** Node ports of Services, and the ports at which load balancers ask about them. */
export class ServiceNodePorts {
  readonly #range: NodePortRange;

  constructor(range: PortRange, random: () => number) {
    this.#range = new NodePortRange(range, random);
  }

  get takenCount(): number {
    return this.#range.takenCount;
  }

  /** Takes a port of a stored Service. What is wrong if that cannot be. */
  restore(port: number): string | undefined {
    return this.#range.take(port);
  }

  release(port: number): void {
    this.#range.release(port);
  }

  /** For each port the number that the request names, or any. */
  forNew(service: Service, held: Held): ServiceSpec {
    const spec = service.spec ?? {};
    const withPorts = needsNodePorts(service) ? this.#paired(spec, held) : spec;
    return needsHealthCheckPort(service) ? this.#withHealthCheckPort(withPorts, held) : withPorts;
  }

  /** New numbers are taken, old ones that are no longer used are freed. */
  forUpdate(service: Service, old: Service, held: Held): ServiceSpec {
    const before = heldNodePorts(old);
    let spec = service.spec ?? {};
    if (needsNodePorts(service)) spec = this.#changed(spec, before, held);
    const after = new Set(heldNodePorts({ ...service, spec }));
    this.#releaseLater(
      before.filter((port) => !after.has(port)),
      held,
    );
    const neededCheck = needsHealthCheckPort(old);
    const needsCheck = needsHealthCheckPort(service);
    if (needsCheck && !neededCheck) return this.#withHealthCheckPort(spec, held);
    const checkPort = old.spec?.healthCheckNodePort;
    if (neededCheck && !needsCheck && checkPort) this.#releaseLater([checkPort], held);
    return spec;
  }

  /** One number for all ports of one number: DNS over TCP and UDP shares its node port. */
  #paired(spec: ServiceSpec, held: Held): ServiceSpec {
    const given = spec.ports ?? [];
    const byPort = new Map<number, number>();
    const ports = given.map((port, index): ServicePort => {
      const wanted = port.nodePort ?? 0;
      if (wanted === 0 && !allocates(spec)) return port;
      const paired = byPort.get(port.port);
      if (paired !== undefined) {
        if (wanted === 0) return { ...port, nodePort: paired };
        if (wanted !== paired) this.#take(wanted, index, held);
        return port;
      }
      const requested = given.find((one) => one.port === port.port && one.nodePort)?.nodePort;
      const nodePort =
        requested === undefined
          ? this.#takeAny("a nodePort", held)
          : this.#take(requested, index, held);
      byPort.set(port.port, nodePort);
      return { ...port, nodePort };
    });
    return withField(spec, "ports", spec.ports === undefined ? undefined : ports);
  }

  #changed(spec: ServiceSpec, before: readonly number[], held: Held): ServiceSpec {
    const own = new Set(before);
    const ports = (spec.ports ?? []).map((port, index): ServicePort => {
      if (!port.nodePort) {
        return allocates(spec) ? { ...port, nodePort: this.#takeAny("a nodePort", held) } : port;
      }
      if (!own.has(port.nodePort)) this.#take(port.nodePort, index, held);
      own.add(port.nodePort);
      return port;
    });
    return withField(spec, "ports", spec.ports === undefined ? undefined : ports);
  }

  #withHealthCheckPort(spec: ServiceSpec, held: Held): ServiceSpec {
    const wanted = spec.healthCheckNodePort ?? 0;
    if (wanted === 0) {
      return { ...spec, healthCheckNodePort: this.#takeAny("a HealthCheck NodePort", held) };
    }
    const problem = this.#range.take(wanted);
    if (problem !== undefined) {
      throw exhausted(`failed to allocate requested HealthCheck NodePort ${wanted}: ${problem}`);
    }
    held.took(() => this.release(wanted));
    return spec;
  }

  #take(port: number, index: number, held: Held): number {
    const problem = this.#range.take(port);
    if (problem !== undefined) {
      throw new Refusal(invalid(`spec.ports[${index}].nodePort`, port, problem));
    }
    held.took(() => this.release(port));
    return port;
  }

  #takeAny(what: string, held: Held): number {
    const port = this.#range.takeAny();
    if (port === undefined) throw exhausted(`failed to allocate ${what}: range is full`);
    held.took(() => this.release(port));
    return port;
  }

  #releaseLater(ports: readonly number[], held: Held): void {
    for (const port of ports) held.freed(() => this.release(port));
  }
}

/** Whether ports without a number get one; numbers that the request names are honoured anyway. */
function allocates({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return type === "NodePort" || allocateLoadBalancerNodePorts !== false;
}

/** The ports that a stored Service holds, each once. */
export function portsOf(service: Service): readonly number[] {
  const check = service.spec?.healthCheckNodePort;
  const ports = heldNodePorts(service);
  return [...new Set(needsHealthCheckPort(service) && check ? [...ports, check] : ports)];
}

/** An ExternalName may carry a nodePort, but does not hold it: its type has no use for one. */
function heldNodePorts(service: Service): readonly number[] {
  return needsNodePorts(service) ? nodePortsOf(service) : [];
}
