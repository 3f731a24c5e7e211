import { parseCidr } from "../../src/lib/ip.ts";
import type { ForwardingTableBuilder } from "../../src/proxy/table/forwarding-table.ts";
import type { ServiceFacts } from "../../src/proxy/table/service-facts.ts";
import type { SliceFacts } from "../../src/proxy/table/slice-facts.ts";
import type { Random } from "./random.ts";

const nodes = ["node-a", "node-b", undefined];
const zones = ["zone-1", "zone-2"];

/** A Service of a small world, so that Services collide over addresses and node ports. */
export function randomService(random: Random, name: string): ServiceFacts {
  const number = random.int(8);
  const isDual = random.chance(0.3);
  const hasRanges = random.chance(0.3);
  return {
    key: `default/${name}`,
    createdAt: `2026-01-0${1 + random.int(3)}T00:00:00Z`,
    clusterIps: [`172.30.0.${number + 1}`, ...(isDual ? [`fd00:30::${number + 1}`] : [])],
    externalIps: random.chance(0.3) ? [`203.0.113.${random.int(4)}`] : [],
    loadBalancerIps: random.chance(0.3) ? [`203.0.113.${random.int(4)}`] : [],
    ports: ["web", "dns"].slice(0, 1 + random.int(2)).map((portName, index) => ({
      name: portName,
      protocol: index === 0 ? ("TCP" as const) : ("UDP" as const),
      port: 80 + index,
      ...(random.chance(0.4) ? { nodePort: 30_000 + random.int(5) } : {}),
    })),
    isInternalLocal: random.chance(0.2),
    isExternalLocal: random.chance(0.3),
    sourceRanges: hasRanges ? [parseCidr("203.0.113.0/25")!, parseCidr("203.0.113.0/26")!] : [],
    ...(random.chance(0.3) ? { affinitySeconds: random.pick([10, 10_800]) } : {}),
  };
}

/** A slice of one of the Services; it may well belong to none that exists. */
export function randomSlice(random: Random, name: string, service: string): SliceFacts {
  const isIpv6 = random.chance(0.2);
  const hasHints = random.chance(0.3);
  return {
    key: `default/${name}`,
    service: `default/${service}`,
    family: isIpv6 ? "IPv6" : "IPv4",
    ports: [
      { name: "web", protocol: "TCP", port: 8080 },
      ...(random.chance(0.6) ? [{ name: "dns", protocol: "UDP" as const, port: 53 }] : []),
    ],
    endpoints: Array.from({ length: random.int(5) }, () => {
      const nodeName = random.pick(nodes);
      const isReady = random.chance(0.7);
      return {
        address: isIpv6 ? `fd00:10::${1 + random.int(9)}` : `10.0.0.${1 + random.int(9)}`,
        ...(nodeName === undefined ? {} : { nodeName }),
        isReady,
        isServing: isReady || random.chance(0.5),
        isTerminating: !isReady && random.chance(0.5),
        forZones: hasHints ? [random.pick(zones)] : [],
        forNodes: hasHints && random.chance(0.5) ? [random.pick(["node-a", "node-b"])] : [],
      };
    }),
  };
}

/** What the objects are now; the other side of the comparison. */
export interface World {
  readonly services: Map<string, ServiceFacts>;
  readonly slices: Map<string, SliceFacts>;
}

export function emptyWorld(): World {
  return { services: new Map(), slices: new Map() };
}

/** One random event, told to the builder and noted in the world. */
export function randomEvent(random: Random, world: World, builder: ForwardingTableBuilder): void {
  if (random.chance(0.5)) {
    const name = `s${random.int(6)}`;
    const facts = random.chance(0.75) ? randomService(random, name) : undefined;
    setOrDelete(world.services, `default/${name}`, facts);
    builder.setService(`default/${name}`, facts);
    return;
  }
  const name = `slice${random.int(10)}`;
  const facts = random.chance(0.75) ? randomSlice(random, name, `s${random.int(6)}`) : undefined;
  setOrDelete(world.slices, `default/${name}`, facts);
  builder.setSlice(`default/${name}`, facts);
}

function setOrDelete<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
