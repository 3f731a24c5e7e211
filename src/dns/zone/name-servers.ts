import { recordTypes } from "../wire/constants.ts";
import { relativeKey } from "../wire/name.ts";
import type { Address } from "./addresses.ts";
import {
  addressSets,
  type NamedAddress,
  type NodeContext,
  nameServerSet,
  nameSet,
  nodeOf,
  SVC,
  type ZoneNode,
} from "./nodes.ts";
import type { ZoneObjects } from "./zone-objects.ts";

/** The name that every zone's SOA record gives to its server, relative to the zone. */
export const NAME_SERVER = relativeKey("ns", "dns");

/** What follows from the servers' own addresses. */
export interface NameServerNodes {
  readonly clusterApex: ZoneNode;
  readonly reverseApex: ZoneNode;
  /** `ns.dns` of every zone, which the SOA records name. */
  readonly host: ZoneNode;
}

/** The apexes' NS records and their host's addresses: the Services in front of the servers, or the servers. */
export function nameServerNodes(
  servers: readonly Address[],
  objects: Pick<ZoneObjects, "entry" | "reverse">,
  context: NodeContext,
): NameServerNodes {
  const found = servers.flatMap((address) => servicesAt(address, objects));
  const hosts =
    found.length > 0
      ? found
      : servers.map((address): NamedAddress => ({ name: NAME_SERVER, address }));
  const names = found.length > 0 ? [...new Set(found.map(({ name }) => name))] : [NAME_SERVER];
  const addresses = hosts.map(({ address }) => address);
  return {
    clusterApex: nodeOf([nameServerSet(names, hosts, context)]),
    reverseApex: nodeOf([nameSet(recordTypes.NS, names, context)]),
    host: nodeOf(addressSets(addresses, context)),
  };
}

/** The names and addresses of the Services that have the server as an endpoint. */
function servicesAt(
  server: Address,
  objects: Pick<ZoneObjects, "entry" | "reverse">,
): NamedAddress[] {
  return objects.reverse.ownersOfAddress(server).endpoints.flatMap(({ hostKey, serviceKey }) => {
    const service = objects.entry(serviceKey)?.service;
    if (service?.kind === "headless") return { name: hostKey + serviceKey + SVC, address: server };
    return (service?.clusterIps ?? []).map((address) => ({ name: serviceKey + SVC, address }));
  });
}
