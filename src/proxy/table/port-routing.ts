import type { Cidr, IpFamily } from "../../lib/ip.ts";
import { familyOf } from "../../lib/ip.ts";
import { chooseEndpoints, isOnNode, type NodeFacts } from "./choose-endpoints.ts";
import type { Protocol, ServiceFacts, ServicePortFacts } from "./service-facts.ts";
import type { EndpointFacts, SliceFacts } from "./slice-facts.ts";

/** What one node forwards for one port of a Service in one address family. */
export interface PortRouting {
  /** `namespace/name`, with `:port` where the port has a name. */
  readonly servicePortName: string;
  readonly family: IpFamily;
  readonly protocol: Protocol;
  /** The ways in. An entry whose list of backends is empty stays: its flows are refused or dropped. */
  readonly entries: readonly Entry[];
  /** Backends for traffic policy Cluster; undefined where no entry has it. */
  readonly cluster: readonly Backend[] | undefined;
  /** Backends for traffic policy Local; undefined where no entry has it. */
  readonly local: readonly Backend[] | undefined;
  /** Whether anybody anywhere could serve. */
  readonly hasAnyInCluster: boolean;
  /** Addresses that still answer, wherever they are: UDP flows to others are cut off (see conntrack). */
  readonly serving: readonly Backend[];
  /** How long a client stays with its backend; undefined without session affinity. */
  readonly affinitySeconds: number | undefined;
  /** What the load balancer asks this node for; undefined for a Service that has no such port. */
  readonly healthCheck: HealthCheck | undefined;
}

export interface HealthCheck {
  readonly port: number;
  /** Addresses of ready endpoints on this node; those that shut down are not among them. */
  readonly readyHere: readonly string[];
}

/** One way into a Service port. */
export type Entry = AddressEntry | NodePortEntry;

export interface AddressEntry {
  readonly kind: "ClusterIP" | "ExternalIP" | "LoadBalancer";
  readonly address: string;
  readonly port: number;
  readonly isLocalOnly: boolean;
  /** Who may use it; undefined means everybody. */
  readonly allowedSources: readonly Cidr[] | undefined;
}

/** The port is open on the addresses of the node that node ports are for. */
export interface NodePortEntry {
  readonly kind: "NodePort";
  readonly port: number;
  readonly isLocalOnly: boolean;
}

export interface Backend {
  readonly address: string;
  readonly port: number;
}

export interface RoutingInput {
  readonly service: ServiceFacts;
  readonly slices: readonly SliceFacts[];
  readonly node: NodeFacts;
  /** False for an entry that an older Service has claimed. */
  readonly ownsEntry: (entryKey: string) => boolean;
}

/** Works out what this node forwards for one Service: sorted, so that equal input gives equal output. */
export function routeService(input: RoutingInput): readonly PortRouting[] {
  const { service, slices } = input;
  const slicesByName = slices.toSorted((a, b) => compareText(a.key, b.key));
  return (["IPv4", "IPv6"] as const).flatMap((family) => {
    if (!service.clusterIps.some((ip) => familyOf(ip) === family)) return [];
    const own = slicesByName.filter((slice) => slice.family === family);
    return service.ports.map((port) => routePort({ ...input, slices: own }, port, family));
  });
}

function routePort(input: RoutingInput, port: ServicePortFacts, family: IpFamily): PortRouting {
  const { service, slices, node, ownsEntry } = input;
  const entries = entriesOf(service, port, family).filter((entry) =>
    ownsEntry(entryKey(entry, port.protocol, family)),
  );
  const isExternallyAccessible = entries.some((entry) => entry.kind !== "ClusterIP");
  const endpoints = mergedEndpoints(slices, port, node);
  const chosen = chooseEndpoints(
    endpoints,
    {
      cluster: !service.isInternalLocal || isExternallyAccessible,
      local: service.isInternalLocal || (service.isExternalLocal && isExternallyAccessible),
    },
    node,
  );
  return {
    servicePortName: port.name === "" ? service.key : `${service.key}:${port.name}`,
    family,
    protocol: port.protocol,
    entries,
    cluster: chosen.cluster?.map(backendOf),
    local: chosen.local?.map(backendOf),
    hasAnyInCluster: chosen.hasAnyInCluster,
    serving: endpoints.filter((e) => e.isReady || e.isServing).map(backendOf),
    affinitySeconds: service.affinitySeconds,
    healthCheck: healthCheckOf(service, endpoints, node),
  };
}

function healthCheckOf(
  service: ServiceFacts,
  endpoints: readonly EndpointFacts[],
  node: NodeFacts,
): HealthCheck | undefined {
  if (service.healthCheckNodePort === undefined) return undefined;
  const ready = endpoints.filter((endpoint) => endpoint.isReady && isOnNode(endpoint, node));
  return { port: service.healthCheckNodePort, readyHere: ready.map(({ address }) => address) };
}

/** What names an entry on a node; two Services can not both have it. */
export function entryKey(entry: Entry, protocol: Protocol, family: IpFamily): string {
  return entry.kind === "NodePort"
    ? `${family} node port ${protocol} ${entry.port}`
    : `${entry.address} ${protocol} ${entry.port}`;
}

/** The keys of all entries that a Service wants. */
export function claimedEntries(service: ServiceFacts): readonly string[] {
  const keys = (["IPv4", "IPv6"] as const).flatMap((family) =>
    service.ports.flatMap((port) =>
      entriesOf(service, port, family).map((entry) => entryKey(entry, port.protocol, family)),
    ),
  );
  return [...new Set(keys)];
}

function entriesOf(
  service: ServiceFacts,
  port: ServicePortFacts,
  family: IpFamily,
): readonly Entry[] {
  const ofFamily = (ips: readonly string[]) => ips.filter((ip) => familyOf(ip) === family);
  const clusterIps = ofFamily(service.clusterIps);
  if (clusterIps.length === 0) return [];
  const ranges = service.sourceRanges.filter((range) => range.family === family);
  const isLocalOnly = service.isExternalLocal;
  const entry = (
    kind: AddressEntry["kind"],
    address: string,
    options: Pick<AddressEntry, "isLocalOnly" | "allowedSources">,
  ): AddressEntry => ({ kind, address, port: port.port, ...options });
  const loadBalancerIps = ofFamily(service.loadBalancerIps).filter(
    (ip) => !clusterIps.includes(ip),
  );
  // An address in several lists is one entry; as a load balancer's it has source ranges.
  const taken = [...clusterIps, ...loadBalancerIps];
  const externalIps = ofFamily(service.externalIps).filter((ip) => !taken.includes(ip));
  return [
    ...clusterIps.map((ip) =>
      entry("ClusterIP", ip, { isLocalOnly: service.isInternalLocal, allowedSources: undefined }),
    ),
    ...externalIps.map((ip) => entry("ExternalIP", ip, { isLocalOnly, allowedSources: undefined })),
    ...loadBalancerIps.map((ip) =>
      entry("LoadBalancer", ip, {
        isLocalOnly,
        allowedSources: ranges.length === 0 ? undefined : ranges,
      }),
    ),
    ...(port.nodePort === undefined
      ? []
      : [{ kind: "NodePort" as const, port: port.nodePort, isLocalOnly }]),
  ];
}

/** An endpoint joined with the number that one Service port has on it. */
interface PortEndpoint extends EndpointFacts {
  readonly port: number;
}

/**
 * The endpoints of one Service port over all slices, in the order of their text `address:port`.
 *
 * While the controller moves a pod between slices, both list it. It counts once, and the variant that
 * says which node it is on wins.
 */
function mergedEndpoints(
  slices: readonly SliceFacts[],
  wanted: ServicePortFacts,
  node: NodeFacts,
): readonly PortEndpoint[] {
  const merged = new Map<string, PortEndpoint>();
  for (const slice of slices) {
    const port = slice.ports.find(
      ({ name, protocol }) => name === wanted.name && protocol === wanted.protocol,
    )?.port;
    if (port === undefined) continue;
    for (const endpoint of slice.endpoints) {
      const key = formatBackend({ address: endpoint.address, port });
      if (!merged.has(key) || isOnNode(endpoint, node)) merged.set(key, { ...endpoint, port });
    }
  }
  return [...merged.entries()]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([, endpoint]) => endpoint);
}

function backendOf({ address, port }: PortEndpoint): Backend {
  return { address, port };
}

/** `address:port`, IPv6 in brackets: how backends are named and ordered. */
export function formatBackend({ address, port }: Backend): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Code unit order; the same on every machine, unlike a locale's. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
