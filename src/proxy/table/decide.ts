import { familyOf } from "../../lib/ip.ts";
import type { ForwardingTable } from "./forwarding-table.ts";
import {
  type Backend,
  type Entry,
  entryKey,
  type NodePortEntry,
  type PortRouting,
} from "./port-routing.ts";
import {
  admittedSources,
  isInRanges,
  isNodeAddress,
  isNodePortAddress,
  type ProxyConfig,
} from "./proxy-config.ts";
import type { Protocol } from "./service-facts.ts";

/** The first packet of a connection, as it enters or leaves this node. Addresses are canonical. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
  readonly protocol: Protocol;
  /** Where it came in; absent for one that the node itself sends. */
  readonly inputInterface?: string;
}

/** What happens to a packet, and why. */
export type Decision = Forwarded | Refused | { readonly verdict: "NONE" };

export interface Forwarded {
  readonly verdict: "FORWARD";
  readonly servicePortName: string;
  readonly entry: Entry;
  /** One of these receives the connection. Never empty. */
  readonly backends: readonly Backend[];
  /** Whether every backend sees an address of this node instead of the client's. */
  readonly sourceRewritten: boolean;
  readonly rewriteReason:
    | "outside-entry"
    | "source-is-no-pod"
    | "source-is-this-node"
    | "masquerade-all"
    | "hairpin"
    | undefined;
}

export interface Refused {
  /** REJECT: the client learns at once. DROP: it times out. */
  readonly verdict: "REJECT" | "DROP";
  readonly servicePortName: string | undefined;
  readonly reason:
    | "no-endpoints"
    | "no-local-endpoints"
    | "source-not-allowed"
    | "undefined-port"
    | "unallocated-address";
}

/** A forwarding table made ready for questions. */
export interface EntryIndex {
  readonly entries: ReadonlyMap<string, Indexed>;
  readonly clusterIps: ReadonlySet<string>;
}

interface Indexed {
  readonly routing: PortRouting;
  readonly entry: Entry;
}

export function indexEntries(table: ForwardingTable): EntryIndex {
  const entries = new Map<string, Indexed>();
  const clusterIps = new Set<string>();
  for (const routing of [...table.values()].flat()) {
    for (const entry of routing.entries) {
      entries.set(entryKey(entry, routing.protocol, routing.family), { routing, entry });
      if (entry.kind === "ClusterIP") clusterIps.add(entry.address);
    }
  }
  return { entries, clusterIps };
}

/** Where this packet would go, and why: the reference for every data plane. */
export function decide(index: EntryIndex, config: ProxyConfig, packet: Packet): Decision {
  const found = findEntry(index, config, packet);
  if (found === undefined) return decideWithoutEntry(index, config, packet);

  const { routing, entry } = found;
  const { servicePortName } = routing;
  const admitted = entry.kind === "NodePort" ? undefined : admittedSources(entry, routing, config);
  if (admitted !== undefined && !isInRanges(admitted, packet.source)) {
    return { verdict: "DROP", servicePortName, reason: "source-not-allowed" };
  }
  const isPod = isLocalPod(config, packet);
  const isNode = isNodeAddress(config, packet.source);
  // Inside the cluster an outside address is a shortcut: it goes to any endpoint, whatever its policy.
  const isShortCircuit = entry.kind !== "ClusterIP" && entry.isLocalOnly && (isPod || isNode);
  const backends = (entry.isLocalOnly && !isShortCircuit ? routing.local : routing.cluster) ?? [];
  if (backends.length === 0) {
    return routing.hasAnyInCluster
      ? { verdict: "DROP", servicePortName, reason: "no-local-endpoints" }
      : { verdict: "REJECT", servicePortName, reason: "no-endpoints" };
  }
  const isHairpin = backends.every((backend) => backend.address === packet.source);
  const rewriteReason =
    rewriteReasonOf(entry, config, { isPod, isNode }) ?? (isHairpin ? "hairpin" : undefined);
  return {
    verdict: "FORWARD",
    servicePortName,
    entry,
    backends,
    sourceRewritten: rewriteReason !== undefined,
    rewriteReason,
  };
}

function findEntry(index: EntryIndex, config: ProxyConfig, packet: Packet): Indexed | undefined {
  const { destination, protocol, port } = packet;
  const byAddress = index.entries.get(`${destination} ${protocol} ${port}`);
  if (byAddress !== undefined || !isNodePortAddress(config, destination)) return byAddress;
  const entry: NodePortEntry = { kind: "NodePort", port, isLocalOnly: false };
  return index.entries.get(entryKey(entry, protocol, familyOf(destination) ?? "IPv4"));
}

function decideWithoutEntry(index: EntryIndex, config: ProxyConfig, packet: Packet): Decision {
  const { destination } = packet;
  const servicePortName = undefined;
  if (index.clusterIps.has(destination)) {
    return { verdict: "REJECT", servicePortName, reason: "undefined-port" };
  }
  if (isInRanges(config.serviceCidrs, destination)) {
    return { verdict: "DROP", servicePortName, reason: "unallocated-address" };
  }
  return { verdict: "NONE" };
}

function rewriteReasonOf(
  entry: Entry,
  config: ProxyConfig,
  source: { readonly isPod: boolean; readonly isNode: boolean },
): Forwarded["rewriteReason"] {
  if (entry.kind === "ClusterIP") {
    if (config.masqueradeAll) return "masquerade-all";
    const canTell = config.localDetection.kind !== "none";
    return canTell && !source.isPod ? "source-is-no-pod" : undefined;
  }
  if (!entry.isLocalOnly) return "outside-entry";
  return source.isNode && !source.isPod ? "source-is-this-node" : undefined;
}

function isLocalPod(config: ProxyConfig, { source, inputInterface }: Packet): boolean {
  const detection = config.localDetection;
  switch (detection.kind) {
    case "none":
      return false;
    case "ranges":
      return isInRanges(detection.ranges, source);
    case "interface":
      return inputInterface === detection.name;
    case "interface-prefix":
      return inputInterface?.startsWith(detection.prefix) ?? false;
  }
}
