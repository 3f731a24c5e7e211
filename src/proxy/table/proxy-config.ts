import { PortolanError } from "../../lib/errors.ts";
import {
  type Cidr,
  canonicalIp,
  cidrContains,
  type IpFamily,
  parseCidr,
  parseIp,
} from "../../lib/ip.ts";
import type { AddressEntry, PortRouting } from "./port-routing.ts";

/** How the proxy of one node is set up. The same for the model and for every data plane. */
export interface ProxyConfig {
  /** The node's own addresses, canonical; the first of a family is its primary one. */
  readonly nodeIps: readonly string[];
  /** The ranges that cluster IPs come from; an address in them that no Service has is dropped. */
  readonly serviceCidrs: readonly Cidr[];
  /** How to tell a packet of a pod of this cluster; it keeps its source address. */
  readonly localDetection: LocalDetection;
  /** Rewrites the source of everything that goes to a cluster IP. */
  readonly masqueradeAll: boolean;
  /** Where node ports are open: on the primary address of each family, or on all local ones in these ranges. */
  readonly nodePortAddresses: "primary" | readonly Cidr[];
}

export type LocalDetection =
  | { readonly kind: "none" }
  /** The source lies in one of these ranges (all pods of the cluster, or those of this node). */
  | { readonly kind: "ranges"; readonly ranges: readonly Cidr[] }
  /** The packet came in through this interface. */
  | { readonly kind: "interface"; readonly name: string }
  /** The packet came in through an interface whose name begins like this. */
  | { readonly kind: "interface-prefix"; readonly prefix: string };

/** The set-up of a node of an ordinary cluster; ranges and addresses are text. Throws on what is none. */
export function clusterProxyConfig(options: {
  readonly nodeIps: readonly string[];
  /** Of all pods of the cluster. */
  readonly podCidrs: readonly string[];
  readonly serviceCidrs: readonly string[];
}): ProxyConfig {
  return {
    nodeIps: options.nodeIps.map((text) => required(text, canonicalIp(text), "an IP address")),
    serviceCidrs: options.serviceCidrs.map(requiredCidr),
    localDetection: { kind: "ranges", ranges: options.podCidrs.map(requiredCidr) },
    masqueradeAll: false,
    nodePortAddresses: "primary",
  };
}

function requiredCidr(text: string): Cidr {
  return required(text, parseCidr(text), "a range such as 10.0.0.0/16");
}

function required<T>(text: string, value: T | undefined, what: string): T {
  if (value !== undefined) return value;
  throw new PortolanError(
    "PROXY_CONFIG",
    `Cannot configure the proxy with "${text}": ${what} is needed`,
  );
}

/** Node ports are never open here: the nftables flavour has none, since they need `route_localnet`. */
const LOOPBACK_RANGES = ["127.0.0.0/8", "::1/128"].flatMap((text) => parseCidr(text) ?? []);

/** The node's first address of a family. */
export function primaryNodeIp(config: ProxyConfig, family: IpFamily): string | undefined {
  return config.nodeIps.find((ip) => parseIp(ip)?.family === family);
}

/** Whether node ports are open on this address. */
export function isNodePortAddress(config: ProxyConfig, ip: string): boolean {
  const { nodePortAddresses, nodeIps } = config;
  if (!nodeIps.includes(ip) || isLoopback(ip)) return false;
  return nodePortAddresses === "primary"
    ? ip === primaryNodeIp(config, "IPv4") || ip === primaryNodeIp(config, "IPv6")
    : isInRanges(nodePortAddresses, ip);
}

/** Whether the address is the node's own. */
export function isNodeAddress(config: ProxyConfig, ip: string): boolean {
  return config.nodeIps.includes(ip) || isLoopback(ip);
}

/** Whether one of the ranges holds the address. */
export function isInRanges(ranges: readonly Cidr[], ip: string): boolean {
  const address = parseIp(ip);
  return address !== undefined && ranges.some((range) => cidrContains(range, address));
}

/**
 * Who may use a load balancer address: ranges, none of which lies in another. Undefined means everybody.
 *
 * What a node sends to an address that it holds itself has that address as its source. So where the
 * ranges admit the node, they admit the Service's load balancer addresses too.
 */
export function admittedSources(
  entry: AddressEntry,
  routing: PortRouting,
  config: ProxyConfig,
): readonly Cidr[] | undefined {
  const { allowedSources } = entry;
  if (allowedSources === undefined) return undefined;
  const nodeIp = primaryNodeIp(config, routing.family);
  if (nodeIp === undefined || !isInRanges(allowedSources, nodeIp))
    return withoutNested(allowedSources);
  const own = routing.entries.flatMap((other) => {
    const address = other.kind === "LoadBalancer" ? parseIp(other.address) : undefined;
    if (address === undefined) return [];
    const prefixLength = address.family === "IPv4" ? 32 : 128;
    return [{ family: address.family, base: address.value, prefixLength }];
  });
  return withoutNested([...allowedSources, ...own]);
}

/** The widest of the ranges: none of the result lies in another. */
export function withoutNested(ranges: readonly Cidr[]): readonly Cidr[] {
  const widestFirst = ranges.toSorted(
    (a, b) => a.prefixLength - b.prefixLength || (a.base < b.base ? -1 : a.base > b.base ? 1 : 0),
  );
  const kept: Cidr[] = [];
  for (const range of widestFirst) {
    const address = { family: range.family, value: range.base };
    if (!kept.some((wider) => cidrContains(wider, address))) kept.push(range);
  }
  return kept;
}

function isLoopback(ip: string): boolean {
  return isInRanges(LOOPBACK_RANGES, ip);
}
