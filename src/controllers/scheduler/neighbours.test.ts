import assert from "node:assert/strict";
import { test } from "node:test";
import type { Affinity, Node, Pod, PodAffinityTerm, PodSpec } from "../../api/types.ts";
import { pickNode } from "./pick-node.ts";

type Labels = Readonly<Record<string, string>>;

/** Two zones of two nodes, and one node without a zone. */
const nodes: readonly Node[] = [
  node("a1", "zone-a"),
  node("a2", "zone-a"),
  node("b1", "zone-b"),
  node("b2", "zone-b"),
  node("x"),
];
const namespaceLabels: Readonly<Record<string, Labels>> = { demo: {}, other: { team: "red" } };

function node(name: string, zone?: string): Node {
  const labels = { "kubernetes.io/hostname": name, ...(zone === undefined ? {} : { zone }) };
  return {
    metadata: { name, labels },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}

function pod(app: string, spec: Partial<PodSpec> = {}, namespace = "demo"): Pod {
  return { metadata: { name: app, namespace, labels: { app } }, spec: { containers: [], ...spec } };
}

function term(app: string, topologyKey = "zone", more: Partial<PodAffinityTerm> = {}) {
  return { labelSelector: { matchLabels: { app } }, topologyKey, ...more };
}

const near = (...terms: readonly PodAffinityTerm[]): Affinity => ({
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const far = (...terms: readonly PodAffinityTerm[]): Affinity => ({
  podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const likes = (weight: number, one: PodAffinityTerm) => ({
  preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: one }],
});
const spread = (maxSkew: number, topologyKey: string, more: object = {}) => ({
  maxSkew,
  topologyKey,
  whenUnsatisfiable: "DoNotSchedule",
  labelSelector: { matchLabels: { app: "web" } },
  ...more,
});

interface Case {
  readonly name: string;
  readonly spec?: Partial<PodSpec>;
  /** Pods by node. */
  readonly on?: Readonly<Record<string, readonly Pod[]>>;
  /** The nodes it may go to, of which one is picked; or part of the reason why there is none. */
  readonly want: readonly string[] | string;
}

const web = pod("web");
const db = pod("db");
const guarded = (topologyKey: string) => pod("db", { affinity: far(term("web", topologyKey)) });

const cases: readonly Case[] = [
  {
    name: "a pod wants to be in the zone of another",
    spec: { affinity: near(term("db")) },
    on: { b1: [db] },
    want: ["b1", "b2"],
  },
  {
    name: "or on its node",
    spec: { affinity: near(term("db", "kubernetes.io/hostname")) },
    on: { b1: [db] },
    want: ["b1"],
  },
  {
    name: "there is no such pod",
    spec: { affinity: near(term("db")) },
    want: "5 node(s) didn't match pod affinity rules",
  },
  {
    name: "the first of a group may go wherever there is a zone",
    spec: { affinity: near(term("web")) },
    want: ["a1", "a2", "b1", "b2"],
  },
  {
    name: "the second follows it",
    spec: { affinity: near(term("web")) },
    on: { a2: [web] },
    want: ["a1", "a2"],
  },
  {
    name: "one of another namespace is another",
    spec: { affinity: near(term("db")) },
    on: { b1: [pod("db", {}, "other")] },
    want: "5 node(s) didn't match pod affinity rules",
  },
  {
    name: "unless the term names that namespace",
    spec: { affinity: near(term("db", "zone", { namespaces: ["other"] })) },
    on: { b1: [pod("db", {}, "other")], a1: [db] },
    want: ["b1", "b2"],
  },
  {
    name: "or chooses it by its labels",
    spec: {
      affinity: near(term("db", "zone", { namespaceSelector: { matchLabels: { team: "red" } } })),
    },
    on: { b1: [pod("db", {}, "other")], a1: [db] },
    want: ["b1", "b2"],
  },
  {
    name: "an empty choice of namespaces is all of them",
    spec: { affinity: near(term("db", "zone", { namespaceSelector: {} })) },
    on: { b1: [pod("db", {}, "other")] },
    want: ["b1", "b2"],
  },
  {
    name: "both terms have to hold",
    spec: { affinity: near(term("db"), term("cache", "kubernetes.io/hostname")) },
    on: { a1: [db], a2: [pod("cache")], b1: [pod("cache")] },
    want: ["a2"],
  },
  {
    name: "a pod keeps away from others of its kind",
    spec: { affinity: far(term("web", "kubernetes.io/hostname")) },
    on: { a1: [web], a2: [web], b1: [web] },
    want: ["b2", "x"],
  },
  {
    name: "of a whole zone",
    spec: { affinity: far(term("web")) },
    on: { a1: [web] },
    want: ["b1", "b2", "x"],
  },
  {
    name: "until no node is left",
    spec: { affinity: far(term("web", "kubernetes.io/hostname")) },
    on: { a1: [web], a2: [web], b1: [web], b2: [web], x: [web] },
    want: "0/5 nodes are available: 5 node(s) didn't match pod anti-affinity rules.",
  },
  {
    name: "pods that are there keep it away",
    on: { a1: [guarded("zone")], x: [guarded("kubernetes.io/hostname")] },
    want: ["b1", "b2"],
  },
  {
    name: "also everywhere",
    on: { a1: [guarded("zone")], b1: [guarded("zone")], x: [guarded("kubernetes.io/hostname")] },
    want: "5 node(s) didn't satisfy existing pods anti-affinity rules",
  },
  {
    name: "a wish decides among nodes",
    spec: { affinity: { podAffinity: likes(1, term("db", "kubernetes.io/hostname")) } },
    on: { b2: [db, db, db] },
    want: ["b2"],
  },
  {
    name: "so does a dislike",
    spec: { affinity: { podAntiAffinity: likes(1, term("db", "zone")) } },
    on: { a1: [db], b1: [db] },
    want: ["x"],
  },
  {
    name: "a node that is liked beats an empty one",
    spec: {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            {
              weight: 1,
              preference: {
                matchExpressions: [{ key: "zone", operator: "In", values: ["zone-b"] }],
              },
            },
          ],
        },
      },
    },
    on: { b1: [db], b2: [db] },
    want: ["b1", "b2"],
  },
  {
    name: "zones differ by one pod at most",
    spec: { topologySpreadConstraints: [spread(1, "zone")] },
    on: { a1: [web] },
    want: ["b1", "b2"],
  },
  {
    name: "equal zones take one each",
    spec: { topologySpreadConstraints: [spread(1, "zone")] },
    on: { a1: [web], b1: [web] },
    want: ["a2", "b2"],
  },
  {
    name: "a larger skew leaves room",
    spec: { topologySpreadConstraints: [spread(2, "zone")] },
    on: { a1: [web] },
    want: ["b1", "b2"],
  },
  {
    name: "pods of others do not count",
    spec: { topologySpreadConstraints: [spread(1, "zone")] },
    on: { a1: [db], a2: [db], b1: [web] },
    want: ["a1", "a2"],
  },
  {
    name: "a node without the label is no place",
    spec: {
      nodeSelector: { "kubernetes.io/hostname": "x" },
      topologySpreadConstraints: [spread(1, "zone")],
    },
    want: "1 node(s) didn't match pod topology spread constraints (missing required label)",
  },
  {
    name: "zones that the pod cannot go to do not count",
    spec: { nodeSelector: { zone: "zone-a" }, topologySpreadConstraints: [spread(1, "zone")] },
    on: { a1: [web], a2: [web] },
    want: ["a1", "a2"],
  },
  {
    name: "unless it says so",
    spec: {
      nodeSelector: { zone: "zone-a" },
      topologySpreadConstraints: [spread(1, "zone", { nodeAffinityPolicy: "Ignore" })],
    },
    on: { a1: [web] },
    want: "2 node(s) didn't match pod topology spread constraints",
  },
  {
    name: "too few zones count as if one were empty",
    spec: { topologySpreadConstraints: [spread(1, "zone", { minDomains: 3 })] },
    on: { a1: [web], b1: [web] },
    want: "4 node(s) didn't match pod topology spread constraints",
  },
  {
    name: "a wish to be spread only prefers",
    spec: {
      topologySpreadConstraints: [spread(1, "zone", { whenUnsatisfiable: "ScheduleAnyway" })],
    },
    on: { a1: [web, web], b1: [web, db, db], b2: [db, db, db] },
    want: ["b1", "b2"],
  },
];

for (const { name, spec = {}, on = {}, want } of cases) {
  test(`neighbours: ${name}`, () => {
    const picked = new Set<string>();
    // Each of the equal ones comes out on top for one order of chance.
    for (let turn = 0; turn < nodes.length; turn++) {
      let draw = turn;
      const pick = pickNode({
        pod: pod("web", spec),
        nodes,
        random: () => (draw++ % nodes.length) / nodes.length,
        podsOn: (nodeName) => on[nodeName] ?? [],
        namespaceLabels: (namespace) => namespaceLabels[namespace],
      });
      if (pick.type === "none") {
        assert.ok(typeof want === "string" && pick.message.includes(want), pick.message);
        return;
      }
      picked.add(pick.name);
    }
    assert.ok(typeof want !== "string", `${[...picked]} took it`);
    for (const one of picked) assert.ok(want.includes(one), `${one} of ${want}`);
  });
}
