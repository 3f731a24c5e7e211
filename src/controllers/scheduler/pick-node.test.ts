import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod, PodSpec, Taint } from "../../api/types.ts";
import { pickNode } from "./pick-node.ts";

interface NodeFacts {
  readonly labels?: Readonly<Record<string, string>>;
  readonly ready?: string;
  readonly taints?: readonly Taint[];
  readonly unschedulable?: boolean;
  readonly pods?: string;
}

function node(name: string, facts: NodeFacts = {}): Node {
  return {
    metadata: { name, labels: facts.labels ?? {} },
    spec: { taints: facts.taints ?? [], unschedulable: facts.unschedulable ?? false },
    status: {
      allocatable: { pods: facts.pods ?? "110" },
      conditions: [{ type: "Ready", status: facts.ready ?? "True" }],
    },
  };
}

const dedicated: Taint = { key: "team", value: "blue", effect: "NoSchedule" };

interface Case {
  readonly name: string;
  readonly spec?: Partial<PodSpec>;
  readonly nodes: readonly Node[];
  /** Pods and siblings by node. */
  readonly loads?: Readonly<Record<string, readonly [pods: number, siblings: number]>>;
  readonly want: string;
}

const cases: readonly Case[] = [
  {
    name: "siblings spread before all else",
    nodes: [node("n1"), node("n2"), node("n3")],
    loads: { n1: [1, 1], n2: [9, 0], n3: [2, 1] },
    want: "n2",
  },
  {
    name: "among equals the emptier node",
    nodes: [node("n1"), node("n2")],
    loads: { n1: [5, 0], n2: [3, 0] },
    want: "n2",
  },
  {
    name: "a nodeSelector leaves only nodes with its labels",
    spec: { nodeSelector: { disk: "fast" } },
    nodes: [node("n1"), node("n2", { labels: { disk: "fast" } })],
    loads: { n2: [90, 9] },
    want: "n2",
  },
  {
    name: "a taint keeps pods away",
    nodes: [node("n1", { taints: [dedicated] })],
    want: "0/1 nodes are available: 1 node(s) had untolerated taint {team: blue}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  },
  {
    name: "a toleration lets them come",
    spec: { tolerations: [{ key: "team", operator: "Exists" }] },
    nodes: [node("n1", { taints: [dedicated] })],
    want: "n1",
  },
  {
    name: "a toleration of another value does not",
    spec: { tolerations: [{ key: "team", value: "red", effect: "NoSchedule" }] },
    nodes: [node("n1", { taints: [dedicated] })],
    want: "0/1 nodes are available: 1 node(s) had untolerated taint {team: blue}. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
  },
  {
    name: "cordoned, unready and full nodes are told apart",
    nodes: [
      node("n1", { unschedulable: true }),
      node("n2", { ready: "Unknown" }),
      node("n3", { pods: "0" }),
    ],
    want: "0/3 nodes are available: 1 Too many pods, 1 node(s) were not ready, 1 node(s) were unschedulable. preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, 2 Preemption is not helpful for scheduling.",
  },
  {
    name: "required node affinity by name (as DaemonSets use it)",
    spec: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: "metadata.name", operator: "In", values: ["n2"] }] },
            ],
          },
        },
      },
    },
    nodes: [node("n1"), node("n2")],
    want: "n2",
  },
  { name: "no nodes at all", nodes: [], want: "no nodes available to schedule pods" },
];

function ownedBy(uid: string): Pod {
  const owner = { apiVersion: "apps/v1", kind: "ReplicaSet", name: uid, uid, controller: true };
  return { metadata: { name: "web", ownerReferences: [owner] } };
}

for (const { name, spec = {}, nodes, loads = {}, want } of cases) {
  test(`pickNode: ${name}`, () => {
    const pick = pickNode({
      pod: { ...ownedBy("u"), spec: { containers: [], ...spec } },
      nodes,
      random: () => 0,
      podsOn: (nodeName) => {
        const [pods, siblings] = loads[nodeName] ?? [0, 0];
        return Array.from({ length: pods }, (_, index) => ownedBy(index < siblings ? "u" : "x"));
      },
      namespaceLabels: () => undefined,
    });
    assert.equal(pick.type === "node" ? pick.name : pick.message, want);
  });
}
