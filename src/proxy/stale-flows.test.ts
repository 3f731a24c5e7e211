import assert from "node:assert/strict";
import { test } from "node:test";
import type { UdpFlow } from "../kernel/conntrack.ts";
import { UdpEntries } from "./stale-flows.ts";
import type { ForwardingTable } from "./table/forwarding-table.ts";
import type { PortRouting } from "./table/port-routing.ts";
import { clusterProxyConfig } from "./table/proxy-config.ts";

// Cluster IPs 172.30.0.0/16. This node is 192.168.0.1; the Service is UDP, 172.30.0.10:53, node port 30053.
const config = clusterProxyConfig({
  nodeIps: ["192.168.0.1"],
  podCidrs: ["10.0.0.0/8"],
  serviceCidrs: ["172.30.0.0/16"],
});

function table(...serving: readonly string[]): ForwardingTable {
  const routing: PortRouting = {
    servicePortName: "kube-system/dns",
    family: "IPv4",
    protocol: "UDP",
    entries: [
      {
        kind: "ClusterIP",
        address: "172.30.0.10",
        port: 53,
        isLocalOnly: false,
        allowedSources: undefined,
      },
      { kind: "NodePort", port: 30_053, isLocalOnly: false },
    ],
    cluster: [],
    local: undefined,
    hasAnyInCluster: serving.length > 0,
    serving: serving.map((address) => ({ address, port: 53 })),
    affinitySeconds: undefined,
    healthCheck: undefined,
  };
  return new Map([["kube-system/dns", [routing]]]);
}

function flow(destination: string, answerer: string): UdpFlow {
  const end = (text: string) => {
    const [address = "", port = ""] = text.split(":");
    return { address, port: Number(port) };
  };
  return {
    source: end("10.0.0.1:40000"),
    destination: end(destination),
    answerer: end(answerer),
    id: 1,
  };
}

const cases: readonly {
  readonly name: string;
  readonly serving: readonly string[];
  readonly flow: UdpFlow;
  readonly want: boolean;
}[] = [
  {
    name: "a flow to an endpoint that serves stays",
    serving: ["10.0.0.2"],
    flow: flow("172.30.0.10:53", "10.0.0.2:53"),
    want: false,
  },
  {
    name: "a flow to an endpoint that is gone is stale",
    serving: ["10.0.0.3"],
    flow: flow("172.30.0.10:53", "10.0.0.2:53"),
    want: true,
  },
  {
    name: "so is one to the right address, but a port that is not the target port any more",
    serving: ["10.0.0.2"],
    flow: flow("172.30.0.10:53", "10.0.0.2:5353"),
    want: true,
  },
  {
    name: "so is every flow when nobody serves",
    serving: [],
    flow: flow("172.30.0.10:53", "10.0.0.2:53"),
    want: true,
  },
  {
    name: "so is one that began before there were rules, and was not translated",
    serving: ["10.0.0.2"],
    flow: flow("172.30.0.10:53", "172.30.0.10:53"),
    want: true,
  },
  {
    name: "node ports count as well",
    serving: ["10.0.0.3"],
    flow: flow("192.168.0.1:30053", "10.0.0.2:53"),
    want: true,
  },
  {
    name: "the same port on another machine is not ours",
    serving: ["10.0.0.3"],
    flow: flow("192.168.0.2:30053", "192.168.0.2:30053"),
    want: false,
  },
  {
    name: "a translated flow to a cluster IP that nobody has is stale",
    serving: [],
    flow: flow("172.30.0.11:53", "10.0.0.2:53"),
    want: true,
  },
  {
    name: "flows that have nothing to do with Services stay",
    serving: [],
    flow: flow("203.0.113.1:53", "203.0.113.1:53"),
    want: false,
  },
];

for (const { name, serving, flow: tracked, want } of cases) {
  test(`stale flows: ${name}`, () => {
    const entries = new UdpEntries();
    entries.update(table(...serving), ["kube-system/dns"]);
    assert.equal(entries.staleAmong([tracked], config).length === 1, want);
  });
}

// A Service with every way in, over one endpoint that serves. Where the flows lead, and which of them end.
const addresses = [
  { kind: "ClusterIP", address: "172.30.0.10" },
  { kind: "ExternalIP", address: "203.0.113.10" },
  { kind: "LoadBalancer", address: "203.0.113.20" },
] as const;
const everyWay: PortRouting = {
  ...table("10.0.0.2").get("kube-system/dns")![0]!,
  entries: [
    ...addresses.map((entry) => ({
      ...entry,
      port: 53,
      isLocalOnly: false,
      allowedSources: undefined,
    })),
    { kind: "NodePort", port: 30_053, isLocalOnly: false },
  ],
};
const ways = ["172.30.0.10:53", "203.0.113.10:53", "203.0.113.20:53", "192.168.0.1:30053"];
const ends = [
  { who: "the endpoint that serves", answerer: "10.0.0.2:53", want: false },
  { who: "its former port", answerer: "10.0.0.2:8080", want: true },
  { who: "an endpoint that does not serve", answerer: "10.0.1.5:53", want: true },
  { who: "an endpoint that was deleted", answerer: "10.0.2.6:53", want: true },
  { who: "itself, since it began without rules", answerer: undefined, want: true },
] as const;

for (const way of ways) {
  for (const { who, answerer, want } of ends) {
    test(`stale flows: one to ${way} that leads to ${who} ${want ? "ends" : "stays"}`, () => {
      const entries = new UdpEntries();
      entries.update(new Map([["kube-system/dns", [everyWay]]]), ["kube-system/dns"]);
      const tracked = flow(way, answerer ?? way);
      assert.equal(entries.staleAmong([tracked], config).length === 1, want);
    });
  }
}

for (const way of ["172.30.0.10:3000", "203.0.113.10:3000", "203.0.113.20:3000"]) {
  test(`stale flows: one to ${way}, a port that no Service has, and not translated, stays`, () => {
    const entries = new UdpEntries();
    entries.update(new Map([["kube-system/dns", [everyWay]]]), ["kube-system/dns"]);
    assert.deepEqual(entries.staleAmong([flow(way, way)], config), []);
  });
}

for (const way of ["203.0.113.10:3000", "203.0.113.20:3000"]) {
  test(`stale flows: one to ${way}, a port that no Service has, which others translated, stays`, () => {
    const entries = new UdpEntries();
    entries.update(new Map([["kube-system/dns", [everyWay]]]), ["kube-system/dns"]);
    assert.deepEqual(entries.staleAmong([flow(way, "10.0.2.6:53")], config), []);
  });
}

for (const protocol of ["TCP", "SCTP"] as const) {
  test(`stale flows: a Service of ${protocol} is none to look at`, () => {
    const entries = new UdpEntries();
    entries.update(new Map([["kube-system/dns", [{ ...everyWay, protocol }]]]), [
      "kube-system/dns",
    ]);
    assert.equal(entries.isChanged, false);
  });
}

test("stale flows: a node port's flows end with their Service", () => {
  const entries = new UdpEntries();
  const tracked = flow("192.168.0.1:30053", "10.0.0.2:53");
  entries.update(table("10.0.0.2"), ["kube-system/dns"]);
  entries.settled();
  entries.update(new Map(), ["kube-system/dns"]);
  assert.equal(entries.isChanged, true);
  assert.deepEqual(entries.staleAmong([tracked], config), [tracked]);
  entries.settled();
  assert.deepEqual(entries.staleAmong([tracked], config), []);
});

test("stale flows: there is nothing to look at when no UDP endpoint changed", () => {
  const entries = new UdpEntries();
  entries.update(table("10.0.0.2"), ["kube-system/dns"]);
  assert.equal(entries.isChanged, true);
  entries.settled();
  entries.update(table("10.0.0.2"), ["kube-system/dns"]);
  assert.equal(entries.isChanged, false);
});
