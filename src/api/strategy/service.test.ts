import assert from "node:assert/strict";
import { test } from "node:test";
import { metadata } from "../../../test/api/samples.ts";
import type { Service, ServiceSpec } from "../types.ts";
import { serviceStrategy } from "./service.ts";

const service = { type: "ClusterIP", sessionAffinity: "None" };
const warningRows: readonly {
  readonly name: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec: ServiceSpec;
  readonly want: readonly string[];
}[] = [
  { name: "nothing", spec: { clusterIPs: ["172.30.0.9"] }, want: [] },
  {
    name: "a headless Service ignores what leads to an address of its own",
    spec: {
      clusterIPs: ["None"],
      loadBalancerIP: "203.0.113.9",
      externalIPs: ["203.0.113.7"],
      sessionAffinity: "ClientIP",
    },
    want: [
      "spec.loadBalancerIP is ignored for headless services",
      "spec.externalIPs is ignored for headless services",
      "spec.SessionAffinity is ignored for headless services",
    ],
  },
  {
    name: "an alias ignores external IPs",
    spec: { type: "ExternalName", externalName: "x.example.org", externalIPs: ["203.0.113.7"] },
    want: ['spec.externalIPs is ignored when spec.type is "ExternalName"'],
  },
  {
    name: "everything else ignores the alias",
    spec: { externalName: "x.example.org" },
    want: ['spec.externalName is ignored when spec.type is not "ExternalName"'],
  },
  {
    name: "the old name of an annotation",
    annotations: { "service.kubernetes.io/topology-aware-hints": "auto" },
    spec: {},
    want: [
      "annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead",
    ],
  },
  {
    name: "addresses and ranges in unusual spelling",
    spec: {
      clusterIPs: ["172.30.0.9", "2001:DB8::9"],
      externalIPs: ["203.0.113.007"],
      loadBalancerIP: "2001:db8:0::1",
      loadBalancerSourceRanges: ["203.0.113.7/24"],
    },
    want: [
      'spec.clusterIPs[1]: IPv6 address "2001:DB8::9" should be in RFC 5952 canonical format ("2001:db8::9")',
      'spec.externalIPs[0]: non-standard IP address "203.0.113.007" will be considered invalid in a future Kubernetes release: use "203.0.113.7"',
      'spec.loadBalancerIP: IPv6 address "2001:db8:0::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      'spec.loadBalancerSourceRanges[0]: CIDR value "203.0.113.7/24" is ambiguous in this context (should be "203.0.113.0/24" or "203.0.113.7/32"?)',
    ],
  },
];
for (const { name, annotations = {}, spec, want } of warningRows) {
  test(`warnings of a Service: ${name}`, () => {
    const one: Service = { metadata: { ...metadata, annotations }, spec: { ...service, ...spec } };
    assert.deepEqual(serviceStrategy.warnings(one), want);
  });
}

test("a change of the status takes labels and annotations with it, and nothing of the spec", () => {
  const status = { loadBalancer: { ingress: [{ ip: "203.0.113.7", ipMode: "VIP" }] } };
  const old: Service = { metadata, spec: { ...service, type: "LoadBalancer" } };
  const noted = { ...metadata, annotations: { a: "b" } };
  const next: Service = { metadata: noted, spec: { type: "NodePort" }, status };
  const stored = serviceStrategy.prepareForUpdate(next, old, "status");
  assert.deepEqual(stored, { metadata: noted, spec: old.spec, status });
});
