import { parseCidr } from "../../src/lib/ip.ts";
import { FlatPlan } from "../../src/proxy/nftables/flat-plan.ts";
import { renderTransaction } from "../../src/proxy/nftables/kernel-writer.ts";
import { ForwardingTableBuilder } from "../../src/proxy/table/forwarding-table.ts";
import { clusterProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import type { ServiceFacts } from "../../src/proxy/table/service-facts.ts";
import type { SliceFacts } from "../../src/proxy/table/slice-facts.ts";

const config = clusterProxyConfig({
  nodeIps: ["192.168.0.1", "2001:db8::1"],
  podCidrs: ["10.0.0.0/8", "fd00:10::/32"],
  serviceCidrs: ["172.30.0.0/16", "fd00:30::/112"],
});

const web: ServiceFacts = {
  key: "default/web",
  createdAt: "2026-01-01T00:00:00Z",
  clusterIps: ["172.30.0.1", "fd00:30::1"],
  externalIps: [],
  loadBalancerIps: [],
  ports: [{ name: "", protocol: "TCP", port: 80, nodePort: 30_080 }],
  isInternalLocal: false,
  isExternalLocal: false,
  sourceRanges: [],
};

const sticky: ServiceFacts = {
  ...web,
  key: "default/sticky",
  clusterIps: ["172.30.0.2"],
  ports: [{ name: "", protocol: "TCP", port: 80 }],
  affinitySeconds: 10_800,
};

const balanced: ServiceFacts = {
  ...web,
  key: "default/balanced",
  clusterIps: ["172.30.0.3"],
  loadBalancerIps: ["203.0.113.3"],
  ports: [{ name: "dns", protocol: "UDP", port: 53, nodePort: 30_053 }],
  isExternalLocal: true,
  sourceRanges: [parseCidr("198.51.100.0/24")!],
};

function slice(service: ServiceFacts, addresses: readonly string[]): SliceFacts {
  const family = addresses[0]?.includes(":") ? "IPv6" : "IPv4";
  const [port] = service.ports;
  return {
    key: `${service.key}-${family}`,
    service: service.key,
    family,
    ports: [{ name: port!.name, protocol: port!.protocol, port: 8080 }],
    endpoints: addresses.map((address, index) => ({
      address,
      nodeName: index === 0 ? "node-a" : "node-b",
      isReady: true,
      isServing: true,
      isTerminating: false,
      forZones: [],
      forNodes: [],
    })),
  };
}

/** Transactions that follow on one another, by the names of their golden files. */
export function goldenTransactions(): readonly (readonly [string, string])[] {
  const builder = new ForwardingTableBuilder({ nodeName: "node-a" });
  const plan = new FlatPlan({ config, affinityClientsMax: 262_144 });
  const files: (readonly [string, string])[] = [];
  const empty = [...plan.replaceAll(builder.table)].map(renderTransaction).join("");
  files.push(["1-empty.nft", empty]);
  const step = (name: string, change: () => void) => {
    change();
    const { services } = builder.take();
    files.push([name, [...plan.change(builder.table, services)].map(renderTransaction).join("")]);
  };
  step("2-services-come.nft", () => {
    for (const service of [web, sticky, balanced]) builder.setService(service.key, service);
    builder.setSlice("web4", slice(web, ["10.0.0.1", "10.0.0.2"]));
    builder.setSlice("web6", slice(web, ["fd00:10::1"]));
    builder.setSlice("sticky", slice(sticky, ["10.0.0.3", "10.0.0.4"]));
    builder.setSlice("balanced", slice(balanced, ["10.0.0.5", "10.0.0.6"]));
  });
  step("3-endpoints-change.nft", () => {
    builder.setSlice("web4", slice(web, ["10.0.0.1", "10.0.0.7", "10.0.0.8"]));
    builder.setSlice("sticky", slice(sticky, ["10.0.0.3", "10.0.0.9"]));
    builder.setSlice("balanced", slice(balanced, []));
  });
  step("4-services-go.nft", () => {
    for (const service of [web, sticky, balanced]) builder.setService(service.key, undefined);
  });
  return files;
}
