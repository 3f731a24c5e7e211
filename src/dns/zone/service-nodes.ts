import { recordTypes } from "../wire/constants.ts";
import { labelKey, labelStarts, type NameKey } from "../wire/name.ts";
import { recordSet } from "../wire/record-set.ts";
import {
  addressSets,
  emptyNode,
  type NamedAddress,
  type NodeContext,
  nodeOf,
  type SrvTarget,
  srvSet,
  type ZoneNode,
} from "./nodes.ts";
import type { EndpointView, PortView, ServiceView, SliceView } from "./views.ts";

/** Options that change what a Service has. */
export interface ServiceOptions {
  /** A Service with cluster IPs but without ready endpoints does not exist. */
  readonly hideEmpty: boolean;
}

/** A Service, its slices, and its own name relative to the zone (`name.namespace.svc`). */
export interface ServiceSource {
  readonly service: ServiceView;
  readonly slices: readonly SliceView[];
  readonly name: NameKey;
}

const ZONE_LABEL = labelKey("_zone");
const PIN_LABEL = labelKey("pin");
const PREFER_LABEL = labelKey("prefer");

/** What is at the Service's own name; undefined if the name does not exist. */
export function serviceNode(
  source: ServiceSource,
  context: NodeContext,
  { hideEmpty }: ServiceOptions,
): ZoneNode | undefined {
  const { service, slices } = source;
  if (service.kind === "external") {
    if (service.target === undefined) return undefined;
    const cname = recordSet(recordTypes.CNAME, context.ttlSeconds, [service.target]);
    return nodeOf([cname], { alias: service.target });
  }
  if (service.kind === "headless") {
    return endpointsOf(slices).length === 0 ? undefined : headlessNode(source, context);
  }
  if (hideEmpty && endpointsOf(slices).length === 0) return undefined;
  return nodeOf(addressSets(service.clusterIps, context), {
    srv: () => clusterSrv(source, service.ports, context),
  });
}

/**
 * Every name below the Service's own, relative to it, with the way to make its node: after a change of one endpoint
 * in thousands only the names that are asked for are made anew.
 */
export function nodesBelowService(
  source: ServiceSource,
  context: NodeContext,
): Map<NameKey, () => ZoneNode> {
  const nodes = new Map<NameKey, () => ZoneNode>();
  const { service } = source;
  if (service.kind === "external") return nodes;
  for (const [host, make] of hostNodes(source, context)) nodes.set(host, make);

  const isHeadless = service.kind === "headless";
  const ports = isHeadless ? source.slices.flatMap(usedPorts) : service.ports;
  for (const [srvKey, group] of Map.groupBy(ports, (port) => port.srvKey)) {
    const protocol = group[0]?.protocolKey;
    if (srvKey === undefined || protocol === undefined) continue;
    const only = (port: PortView) => port.srvKey === srvKey;
    nodes.set(srvKey, () => {
      const srv = isHeadless
        ? srvSet(endpointTargets(source, only), namedAddresses(source, only), context)
        : clusterSrv(source, group, context);
      return nodeOf([], { srv: () => srv, needsSlices: isHeadless });
    });
    if (!nodes.has(protocol)) nodes.set(protocol, () => emptyNode);
  }
  return nodes;
}

/**
 * The zonal names of a headless Service: `<zone>.pin._zone` has the endpoints of that topology zone only,
 * `<zone>.prefer._zone` has all when the zone has none. Undefined if `below` is no such name.
 */
export function zonalNode(
  source: ServiceSource,
  below: NameKey,
  context: NodeContext,
): ZoneNode | undefined {
  const starts = labelStarts(below);
  const [modeAt, zoneLabelAt] = [starts.at(-2), starts.at(-1)];
  if (source.service.kind !== "headless" || below.slice(zoneLabelAt) !== ZONE_LABEL)
    return undefined;
  if (modeAt === undefined) return emptyNode;
  const mode = below.slice(modeAt, zoneLabelAt);
  if (mode !== PIN_LABEL && mode !== PREFER_LABEL) return undefined;
  // Labels that have no endpoints are a zone that is empty just now.
  const zone = below.slice(0, modeAt);
  if (zone === "") return emptyNode;
  const inZone = source.slices.map((slice) => ({
    ...slice,
    endpoints: slice.endpoints.filter(({ zoneKey }) => zoneKey === zone),
  }));
  const hasOwn = inZone.some(({ endpoints }) => endpoints.length > 0);
  const slices = mode === PREFER_LABEL && !hasOwn ? source.slices : inZone;
  return headlessNode({ ...source, slices }, context);
}

/** Addresses and SRV records of all endpoints. */
function headlessNode(source: ServiceSource, context: NodeContext): ZoneNode {
  const addresses = endpointsOf(source.slices).map(({ address }) => address);
  return nodeOf(addressSets(addresses, context), {
    srv: () => srvSet(endpointTargets(source), namedAddresses(source), context),
    needsSlices: true,
  });
}

/** Endpoint names: all addresses that share one, and the SRV records of their ports. */
function* hostNodes(
  { name, slices }: ServiceSource,
  context: NodeContext,
): Generator<[NameKey, () => ZoneNode]> {
  const byHost = Map.groupBy(
    slices.flatMap(({ ports, endpoints }) => endpoints.map((endpoint) => ({ ports, endpoint }))),
    ({ endpoint }) => endpoint.hostKey,
  );
  for (const [host, members] of byHost) {
    yield [
      host,
      () => {
        const target = host + name;
        const own = members.map(({ ports, endpoint }) => ({ ports, endpoints: [endpoint] }));
        const pairs = uniqueEndpoints(own, () => true);
        const addresses = members.map(({ endpoint }) => endpoint.address);
        const srv = srvSet(
          pairs.map(({ port }): SrvTarget => ({ name: target, port: port.port })),
          addresses.map((address): NamedAddress => ({ name: target, address })),
          context,
        );
        return nodeOf(addressSets(addresses, context), { srv: () => srv, needsSlices: true });
      },
    ];
  }
}

/** SRV of a Service with cluster IPs: the Service's own name and ports. */
function clusterSrv(
  { service, name }: ServiceSource,
  ports: readonly PortView[],
  context: NodeContext,
) {
  const targets = service.clusterIps.flatMap(() =>
    ports.map(({ port }): SrvTarget => ({ name, port })),
  );
  const addresses = service.clusterIps.map((address): NamedAddress => ({ name, address }));
  return srvSet(targets, addresses, context);
}

/** SRV of a headless Service: the endpoints' names and their own ports, not the Service's. */
function endpointTargets(
  { slices, name }: ServiceSource,
  isWanted: (port: PortView) => boolean = () => true,
): SrvTarget[] {
  return uniqueEndpoints(slices, isWanted).map(({ endpoint, port }) => ({
    name: endpoint.hostKey + name,
    port: port.port,
  }));
}

function namedAddresses(
  { slices, name }: ServiceSource,
  isWanted: (port: PortView) => boolean = () => true,
): NamedAddress[] {
  return uniqueEndpoints(slices, isWanted).map(({ endpoint }) => ({
    name: endpoint.hostKey + name,
    address: endpoint.address,
  }));
}

/** Pairs of address and port; a pair that two slices have, while one takes over from the other, counts once. */
function uniqueEndpoints(
  slices: readonly Pick<SliceView, "ports" | "endpoints">[],
  isWanted: (port: PortView) => boolean,
): { readonly endpoint: EndpointView; readonly port: PortView }[] {
  const pairs = new Map<string, { endpoint: EndpointView; port: PortView }>();
  for (const { ports, endpoints } of slices) {
    for (const port of ports.filter(isWanted)) {
      for (const endpoint of endpoints) {
        const srv = port.srvKey ?? port.protocolKey;
        pairs.set(`${port.port} ${srv} ${endpoint.hostKey} ${endpoint.address}`, {
          endpoint,
          port,
        });
      }
    }
  }
  return [...pairs.values()];
}

function endpointsOf(slices: readonly SliceView[]): readonly EndpointView[] {
  return slices.flatMap((slice) => slice.endpoints);
}

/** A slice without ready endpoints gives its ports no SRV names. */
function usedPorts(slice: SliceView): readonly PortView[] {
  return slice.endpoints.length === 0 ? [] : slice.ports;
}
