import assert from "node:assert/strict";
import { test } from "node:test";
import type { Service } from "../../api/types.ts";
import { formatCidr } from "../../lib/ip.ts";
import { buildForwardingTable } from "./forwarding-table.ts";
import { type ServiceFacts, serviceFacts } from "./service-facts.ts";

type Spec = NonNullable<Service["spec"]>;

interface Case {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec: Spec;
  readonly ingress?: NonNullable<NonNullable<Service["status"]>["loadBalancer"]>["ingress"];
  /** Some of the facts, ranges as text; undefined where there are none. */
  readonly want: Readonly<Record<string, unknown>> | undefined;
}

const clusterIP = "172.30.0.1";
const ports = [{ name: "web", port: 80 }];
const lb = { type: "LoadBalancer", clusterIP, ports } as const;

const cases: readonly Case[] = [
  { name: "headless", spec: { clusterIP: "None", ports }, want: undefined },
  { name: "headless without a port", spec: { clusterIP: "None" }, want: undefined },
  { name: "no cluster IP yet", spec: { ports }, want: undefined },
  { name: "an empty cluster IP", spec: { clusterIP: "", ports }, want: undefined },
  {
    name: "ExternalName, though it has a stray cluster IP",
    spec: { type: "ExternalName", externalName: "a.example.org", clusterIP, ports },
    want: undefined,
  },
  {
    name: "somebody else's proxy serves it",
    labels: { "service.kubernetes.io/service-proxy-name": "other" },
    spec: { clusterIP, ports },
    want: undefined,
  },
  {
    name: "also where that label is empty",
    labels: { "service.kubernetes.io/service-proxy-name": "" },
    spec: { clusterIP, ports },
    want: undefined,
  },
  {
    name: "labelled headless",
    labels: { "service.kubernetes.io/headless": "" },
    spec: { clusterIP, ports },
    want: undefined,
  },
  {
    name: "other labels say nothing",
    labels: { "service.kubernetes.io/other": "x" },
    spec: { clusterIP, ports },
    want: { clusterIps: [clusterIP] },
  },
  {
    name: "protocols: TCP if it is not said",
    spec: {
      clusterIP,
      ports: [
        { name: "a", port: 1 },
        { name: "b", port: 1, protocol: "UDP" },
        { name: "c", port: 1, protocol: "SCTP" },
      ],
    },
    want: {
      ports: [
        { name: "a", protocol: "TCP", port: 1 },
        { name: "b", protocol: "UDP", port: 1 },
        { name: "c", protocol: "SCTP", port: 1 },
      ],
    },
  },
  {
    name: "node port 0 is none",
    spec: { type: "NodePort", clusterIP, ports: [{ port: 80, nodePort: 0 }] },
    want: { ports: [{ name: "", protocol: "TCP", port: 80 }] },
  },
  {
    name: "two families",
    spec: { clusterIP, clusterIPs: [clusterIP, "2001:DB8:0::1"], ports },
    want: { clusterIps: [clusterIP, "2001:db8::1"] },
  },
  {
    name: "a load balancer's addresses, but for host names",
    spec: lb,
    ingress: [{ ip: "203.0.113.1" }, { hostname: "lb.example.org" }, { ip: "2001:db8::2" }],
    want: { loadBalancerIps: ["203.0.113.1", "2001:db8::2"] },
  },
  {
    name: "ipMode VIP counts as unset",
    spec: lb,
    ingress: [{ ip: "203.0.113.1", ipMode: "VIP" }],
    want: { loadBalancerIps: ["203.0.113.1"] },
  },
  {
    name: "ipMode Proxy takes the address away",
    spec: lb,
    ingress: [{ ip: "203.0.113.1", ipMode: "Proxy" }],
    want: { loadBalancerIps: [] },
  },
  {
    name: "the address that was asked for is none that it has",
    spec: { ...lb, loadBalancerIP: "203.0.113.9" },
    want: { loadBalancerIps: [] },
  },
  {
    name: "source ranges: blanks around them, families mixed, what is none",
    spec: {
      ...lb,
      loadBalancerSourceRanges: [" 198.51.100.0/24", "2001:db8::/32 ", "nonsense", "10.0.0.1/8"],
    },
    want: { sourceRanges: ["198.51.100.0/24", "2001:db8::/32", "10.0.0.0/8"] },
  },
  {
    name: "affinity of three hours if no time is said",
    spec: { clusterIP, ports, sessionAffinity: "ClientIP" },
    want: { affinitySeconds: 10_800 },
  },
  {
    name: "affinity with a time",
    spec: {
      clusterIP,
      ports,
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
    },
    want: { affinitySeconds: 10 },
  },
  {
    name: "affinity None",
    spec: { clusterIP, ports, sessionAffinity: "None" },
    want: { affinitySeconds: undefined },
  },
  {
    name: "internal Local",
    spec: { clusterIP, ports, internalTrafficPolicy: "Local" },
    want: { isInternalLocal: true, isExternalLocal: false },
  },
  {
    name: "external Local of a node port, which needs no health check",
    spec: {
      type: "NodePort",
      clusterIP,
      ports,
      externalTrafficPolicy: "Local",
      healthCheckNodePort: 30_100,
    },
    want: { isExternalLocal: true, healthCheckNodePort: undefined },
  },
  {
    name: "external Local of external IPs",
    spec: { clusterIP, ports, externalIPs: ["203.0.113.1"], externalTrafficPolicy: "Local" },
    want: { isExternalLocal: true, healthCheckNodePort: undefined },
  },
  {
    name: "external Local of a cluster IP alone is none",
    spec: { clusterIP, ports, externalTrafficPolicy: "Local" },
    want: { isExternalLocal: false },
  },
  {
    name: "a load balancer with external Local has a health check",
    spec: { ...lb, externalTrafficPolicy: "Local", healthCheckNodePort: 30_100 },
    want: { isExternalLocal: true, healthCheckNodePort: 30_100 },
  },
  {
    name: "a load balancer with external Cluster has none, whatever is said",
    spec: { ...lb, externalTrafficPolicy: "Cluster", healthCheckNodePort: 30_100 },
    want: { isExternalLocal: false, healthCheckNodePort: undefined },
  },
  {
    name: "a load balancer with external Local whose port is not given yet",
    spec: { ...lb, externalTrafficPolicy: "Local", healthCheckNodePort: 0 },
    want: { isExternalLocal: true, healthCheckNodePort: undefined },
  },
];

for (const { name, labels = {}, spec, ingress = [], want } of cases) {
  test(`serviceFacts: ${name}`, () => {
    const facts = serviceFacts({
      metadata: { namespace: "default", name: "web", labels },
      spec,
      status: { loadBalancer: { ingress } },
    });
    if (want === undefined || facts === undefined) {
      assert.equal(facts, want);
      return;
    }
    const readable: Readonly<Record<string, unknown>> = {
      ...facts,
      sourceRanges: facts.sourceRanges.map(formatCidr),
    };
    const keys = Object.keys(want);
    assert.deepEqual(Object.fromEntries(keys.map((key) => [key, readable[key]])), want);
  });
}

/** The ways in of a Service with addresses of both families, by what family its cluster IPs have. */
const families: readonly {
  readonly name: string;
  readonly clusterIPs: readonly string[];
  readonly want: readonly string[];
}[] = [
  {
    name: "IPv4 alone",
    clusterIPs: ["172.30.0.1"],
    want: ["172.30.0.1", "203.0.113.1", "203.0.113.2 from 198.51.100.0/24", "30080 IPv4"],
  },
  {
    name: "IPv6 alone",
    clusterIPs: ["2001:db8:30::1"],
    want: ["2001:db8:30::1", "2001:db8::1", "2001:db8::2 from 2001:db8:c::/48", "30080 IPv6"],
  },
  {
    name: "both",
    clusterIPs: ["172.30.0.1", "2001:db8:30::1"],
    want: [
      "172.30.0.1",
      "203.0.113.1",
      "203.0.113.2 from 198.51.100.0/24",
      "30080 IPv4",
      "2001:db8:30::1",
      "2001:db8::1",
      "2001:db8::2 from 2001:db8:c::/48",
      "30080 IPv6",
    ],
  },
];

for (const { name, clusterIPs, want } of families) {
  test(`entries are those of the families that the cluster IPs have: ${name}`, () => {
    const facts = serviceFacts({
      metadata: { namespace: "default", name: "web" },
      spec: {
        type: "LoadBalancer",
        clusterIP: clusterIPs[0]!,
        clusterIPs,
        externalIPs: ["203.0.113.1", "2001:db8::1"],
        loadBalancerSourceRanges: ["198.51.100.0/24", "2001:db8:c::/48"],
        ports: [{ port: 80, nodePort: 30_080 }],
      },
      status: { loadBalancer: { ingress: [{ ip: "203.0.113.2" }, { ip: "2001:db8::2" }] } },
    });
    assert.deepEqual(waysInto(facts!), want);
  });
}

function waysInto(facts: ServiceFacts): readonly string[] {
  const table = buildForwardingTable({
    services: [facts],
    slices: [],
    node: { nodeName: "node-a" },
  });
  return [...table.values()].flat().flatMap(({ entries, family }) =>
    entries.map((entry) => {
      if (entry.kind === "NodePort") return `${entry.port} ${family}`;
      const from = entry.allowedSources?.map(formatCidr).join();
      return from === undefined ? entry.address : `${entry.address} from ${from}`;
    }),
  );
}
