import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../../api/types.ts";
import { isSameToShares, zoneShares } from "./zone-shares.ts";

interface NodeFacts {
  readonly zone?: string;
  readonly cpu?: string;
  readonly ready?: "True" | "False" | "Unknown";
  readonly role?: string;
}

function node({ zone, cpu = "1", ready = "True", role }: NodeFacts): Node {
  return {
    metadata: {
      labels: {
        ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }),
        ...(role === undefined ? {} : { [`node-role.kubernetes.io/${role}`]: "" }),
      },
    },
    status: { allocatable: { cpu }, conditions: [{ type: "Ready", status: ready }] },
  };
}

interface Case {
  readonly name: string;
  readonly nodes: readonly NodeFacts[];
  readonly want: Readonly<Record<string, number>> | undefined;
}

const [a, b] = [{ zone: "zone-a" }, { zone: "zone-b" }];
const half = { "zone-a": 0.5, "zone-b": 0.5 };

const cases: readonly Case[] = [
  { name: "without nodes there are none", nodes: [], want: undefined },
  { name: "one node is one zone", nodes: [a], want: undefined },
  { name: "two nodes of one zone are one zone", nodes: [a, a], want: undefined },
  { name: "two zones share", nodes: [a, b], want: half },
  {
    name: "a zone whose only node is unready does not count",
    nodes: [{ ...a, ready: "False" }, b],
    want: undefined,
  },
  {
    name: "a node that nobody has heard of lately is unready",
    nodes: [{ ...a, ready: "Unknown" }, b],
    want: undefined,
  },
  {
    name: "an unready node beside a ready one is left out",
    nodes: [a, b, { ...b, ready: "False" }],
    want: half,
  },
  {
    name: "control planes do not count",
    nodes: [a, b, { ...b, role: "control-plane" }],
    want: half,
  },
  { name: "nor do they by their old name", nodes: [a, b, { ...b, role: "master" }], want: half },
  {
    name: "a control plane may be without zone",
    nodes: [a, b, { role: "control-plane" }],
    want: half,
  },
  { name: "a node without zone hides them all", nodes: [a, b, {}], want: undefined },
  { name: "an empty zone is none", nodes: [a, b, { zone: "" }], want: undefined },
  { name: "so does one without CPU", nodes: [a, b, { ...b, cpu: "0" }], want: undefined },
  {
    name: "an unready node without zone hides nothing",
    nodes: [a, b, { ready: "False" }],
    want: half,
  },
  {
    name: "seven nodes in three zones: CPU counts, in whatever unit it is written",
    nodes: [
      { ...a, cpu: "1000m" },
      { ...a, cpu: "1" },
      { ...a, cpu: "1" },
      { ...a, cpu: "2000m" },
      { ...b, cpu: "3" },
      { ...b, cpu: "1.5" },
      { zone: "zone-c", cpu: "500m" },
    ],
    want: { "zone-a": 0.5, "zone-b": 0.45, "zone-c": 0.05 },
  },
];

for (const { name, nodes, want } of cases) {
  test(`zone shares: ${name}`, () => {
    const shares = zoneShares(nodes.map(node));
    assert.deepEqual(shares && Object.fromEntries(shares), want);
  });
}

test("zone shares: a heartbeat changes nothing; zone, CPU, readiness and role do", () => {
  const before = node(a);
  const beat = {
    ...before,
    status: {
      ...before.status,
      conditions: [{ type: "Ready", status: "True", lastHeartbeatTime: "2030-01-01T00:00:00Z" }],
    },
  };
  assert.equal(isSameToShares(before, beat), true);
  const others: readonly NodeFacts[] = [
    b,
    { ...a, cpu: "2" },
    { ...a, ready: "False" },
    { ...a, role: "master" },
  ];
  for (const other of others) assert.equal(isSameToShares(before, node(other)), false);
});
