import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Node, Service } from "../api/types.ts";
import { parseCidr } from "../lib/ip.ts";
import { type AnnouncementInput, planAnnouncement } from "./announce-plan.ts";

const ipv4 = parseCidr("172.30.0.0/16")!;
const ipv6 = parseCidr("fd00:30::/112")!;

function node(name: string, address: string, status = "True"): Node {
  return {
    metadata: { name },
    status: {
      addresses: [
        { type: "Hostname", address: name },
        { type: "InternalIP", address },
      ],
      conditions: [{ type: "Ready", status }],
    },
  };
}

const nodes = [node("node-b", "192.168.0.2", "Unknown"), node("node-a", "192.168.0.1")];
const empty: AnnouncementInput = {
  service: undefined,
  slices: [],
  nodes,
  serviceCidrs: [ipv4],
  port: 53,
};

/** The objects as they are after a plan was carried out, with what an API server adds. */
function carriedOut(input: AnnouncementInput): AnnouncementInput {
  let { service } = input;
  const slices = new Map(input.slices.map((slice) => [slice.metadata.name, slice]));
  for (const action of planAnnouncement(input).actions) {
    const stored = { ...action.object.metadata, uid: "1", resourceVersion: "7" };
    if (action.kind === "Service") {
      const spec = { ...action.object.spec, sessionAffinity: "None" };
      service = { ...action.object, metadata: stored, spec };
    } else if (action.verb === "delete") slices.delete(stored.name);
    else slices.set(stored.name, { ...action.object, metadata: stored });
  }
  return { ...input, service, slices: [...slices.values()] };
}

const announced = carriedOut(empty);
const [slice] = announced.slices;

interface Case {
  readonly name: string;
  readonly input: AnnouncementInput;
  readonly want: readonly string[];
  readonly conflict?: RegExp;
}

const otherSelector: Service = { metadata: {}, spec: { selector: { "k8s-app": "kube-dns" } } };
const otherAddress: Service = { metadata: {}, spec: { clusterIP: "172.30.0.99" } };
const mine: EndpointSlice = slice!;

const cases: readonly Case[] = [
  {
    name: "an empty cluster gets the Service and one slice",
    input: empty,
    want: ["create Service kube-dns", "create EndpointSlice kube-dns-ipv4-0"],
  },
  { name: "what was announced stays as it is", input: announced, want: [] },
  {
    name: "without nodes the slice is there, without endpoints",
    input: { ...empty, nodes: [] },
    want: ["create Service kube-dns", "create EndpointSlice kube-dns-ipv4-0"],
  },
  {
    name: "a node that comes or goes changes the slice",
    input: { ...announced, nodes: nodes.slice(1) },
    want: ["update EndpointSlice kube-dns-ipv4-0"],
  },
  {
    name: "a node that becomes ready changes the slice",
    input: { ...announced, nodes: [nodes[1]!, node("node-b", "192.168.0.2")] },
    want: ["update EndpointSlice kube-dns-ipv4-0"],
  },
  {
    name: "a Service that somebody deleted comes back",
    input: { ...announced, service: undefined },
    want: ["create Service kube-dns"],
  },
  {
    name: "a slice that somebody deleted comes back",
    input: { ...announced, slices: [] },
    want: ["create EndpointSlice kube-dns-ipv4-0"],
  },
  {
    name: "a slice without its labels gets them again",
    input: {
      ...announced,
      slices: [{ ...mine, metadata: { name: mine.metadata.name! } }],
    },
    want: ["update EndpointSlice kube-dns-ipv4-0"],
  },
  {
    name: "a Service that no longer keeps to the node is mended",
    input: {
      ...announced,
      service: {
        ...announced.service!,
        spec: { ...announced.service!.spec, internalTrafficPolicy: "Cluster" },
      },
    },
    want: ["update Service kube-dns"],
  },
  {
    name: "others' slices of the namespace are not touched",
    input: { ...announced, slices: [mine, { ...mine, metadata: { name: "other", labels: {} } }] },
    want: [],
  },
  {
    name: "own slices that are not needed any more go",
    input: {
      ...announced,
      slices: [mine, { ...mine, metadata: { ...mine.metadata, name: "kube-dns-ipv4-1" } }],
    },
    want: ["delete EndpointSlice kube-dns-ipv4-1"],
  },
  {
    name: "two families have a slice each",
    input: { ...empty, serviceCidrs: [ipv4, ipv6] },
    want: [
      "create Service kube-dns",
      "create EndpointSlice kube-dns-ipv4-0",
      "create EndpointSlice kube-dns-ipv6-0",
    ],
  },
  {
    name: "another DNS server's Service stays as it is",
    input: { ...empty, service: otherSelector },
    want: [],
    conflict: /selector/,
  },
  {
    name: "a Service at another address stays as it is",
    input: { ...empty, service: otherAddress },
    want: [],
    conflict: /172\.30\.0\.99/,
  },
  {
    name: "more nodes than a slice may have give several slices",
    input: {
      ...empty,
      nodes: Array.from({ length: 1001 }, (_, i) => node(`n${i}`, `10.${i >> 8}.${i & 255}.1`)),
    },
    want: [
      "create Service kube-dns",
      "create EndpointSlice kube-dns-ipv4-0",
      "create EndpointSlice kube-dns-ipv4-1",
    ],
  },
];

for (const { name, input, want, conflict } of cases) {
  test(`planAnnouncement: ${name}`, () => {
    const plan = planAnnouncement(input);
    const texts = plan.actions.map((a) => `${a.verb} ${a.kind} ${a.object.metadata.name}`);
    assert.deepEqual(texts, want);
    assert.match(plan.conflict ?? "", conflict ?? /^$/);
    if (conflict === undefined) assert.deepEqual(planAnnouncement(carriedOut(input)).actions, []);
  });
}

test("planAnnouncement: endpoints are the nodes' addresses by name, ready as their nodes are", () => {
  assert.deepEqual(
    mine.endpoints.map(({ addresses, nodeName, conditions }) => [
      addresses[0],
      nodeName,
      conditions?.ready,
    ]),
    [
      ["192.168.0.1", "node-a", true],
      ["192.168.0.2", "node-b", false],
    ],
  );
  assert.deepEqual(announced.service?.spec?.clusterIPs, ["172.30.0.10"]);
});
