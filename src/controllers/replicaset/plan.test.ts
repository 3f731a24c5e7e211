import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, ReplicaSet } from "../../api/types.ts";
import { planReplicas, replicaSetStatus } from "./plan.ts";

const NOW_MS = Date.parse("2030-01-01T01:00:00Z");

interface PodFacts {
  readonly node?: string;
  readonly phase?: string;
  readonly ready?: boolean;
  readonly readyMinutes?: number;
  readonly cost?: string;
  readonly restarts?: number;
  /** Of a sidecar and of an init container that is none. */
  readonly initRestarts?: readonly [number, number];
  readonly terminating?: boolean;
}

/** Its uid is its name. */
function pod(name: string, facts: PodFacts = {}): Pod {
  const { node = "n1", phase = "Running", ready = true, readyMinutes = 10, restarts = 0 } = facts;
  const since = new Date(NOW_MS - readyMinutes * 60_000).toISOString();
  return {
    metadata: {
      name,
      uid: name,
      labels: { app: "web" },
      creationTimestamp: since,
      ...(facts.cost === undefined
        ? {}
        : { annotations: { "controller.kubernetes.io/pod-deletion-cost": facts.cost } }),
      ...(facts.terminating === true ? { deletionTimestamp: since } : {}),
    },
    spec: {
      containers: [],
      initContainers: [{ name: "sidecar", restartPolicy: "Always" }, { name: "once" }],
      ...(node === "" ? {} : { nodeName: node }),
    },
    status: {
      phase,
      conditions: [{ type: "Ready", status: ready ? "True" : "False", lastTransitionTime: since }],
      containerStatuses: [
        { name: "main", image: "x", imageID: "x", ready, restartCount: restarts },
      ],
      initContainerStatuses: ["sidecar", "once"].map((name, index) => ({
        name,
        image: "x",
        imageID: "x",
        ready,
        restartCount: facts.initRestarts?.[index] ?? 0,
      })),
    },
  };
}

function replicaSet(replicas: number, minReadySeconds = 0): ReplicaSet {
  return {
    metadata: { name: "web", generation: 1 },
    spec: {
      replicas,
      minReadySeconds,
      selector: {},
      template: { metadata: { labels: { app: "web" } } },
    },
  };
}

interface Case {
  readonly name: string;
  readonly replicas: number;
  readonly pods: readonly Pod[];
  readonly siblings?: Readonly<Record<string, number>>;
  readonly create?: number;
  readonly remove?: readonly string[];
}

const cases: readonly Case[] = [
  { name: "missing pods are made", replicas: 3, pods: [pod("a")], create: 2 },
  { name: "as many as wanted: nothing", replicas: 1, pods: [pod("a")] },
  {
    name: "one that terminates or failed is replaced at once",
    replicas: 3,
    pods: [pod("a", { terminating: true }), pod("b", { phase: "Failed" }), pod("c")],
    create: 2,
  },
  { name: "500 at a time", replicas: 5000, pods: [], create: 500 },
  {
    name: "a pod without a node goes before any that has one",
    replicas: 1,
    pods: [pod("a", { ready: false }), pod("b", { node: "", phase: "Pending", ready: false })],
    remove: ["b"],
  },
  {
    name: "a pending pod goes before a running one",
    replicas: 1,
    pods: [pod("a"), pod("b", { phase: "Pending", ready: false })],
    remove: ["b"],
  },
  {
    name: "a pod that is not ready goes before one that is",
    replicas: 1,
    pods: [pod("a"), pod("b", { ready: false })],
    remove: ["b"],
  },
  {
    name: "the lower deletion cost goes first, before spreading is looked at",
    replicas: 1,
    pods: [pod("a", { cost: "100" }), pod("b", { cost: "-5", node: "n2" })],
    siblings: { n1: 9, n2: 1 },
    remove: ["b"],
  },
  {
    name: "the fuller node gives first",
    replicas: 1,
    pods: [pod("a", { node: "n1" }), pod("b", { node: "n2" })],
    siblings: { n1: 1, n2: 2 },
    remove: ["b"],
  },
  {
    name: "the one that is ready for a shorter time goes first",
    replicas: 1,
    pods: [pod("a", { readyMinutes: 50 }), pod("b", { readyMinutes: 1 })],
    remove: ["b"],
  },
  {
    name: "of two of one age the one that restarted more goes first",
    replicas: 1,
    pods: [pod("a"), pod("b", { restarts: 3 })],
    remove: ["b"],
  },
  {
    name: "restarts of ordinary containers weigh more than those of sidecars",
    replicas: 1,
    pods: [pod("a", { restarts: 1 }), pod("b", { initRestarts: [5, 0] })],
    remove: ["a"],
  },
  {
    name: "restarts of a sidecar count, those of other init containers do not",
    replicas: 2,
    pods: [pod("a", { initRestarts: [0, 9] }), pod("b", { initRestarts: [1, 0] }), pod("c")],
    remove: ["b"],
  },
  {
    name: "ages of one power of two are equal: the uid decides, not the restarts",
    replicas: 1,
    pods: [pod("b", { readyMinutes: 8 * 60, restarts: 7 }), pod("a", { readyMinutes: 5 * 60 })],
    remove: ["a"],
  },
  {
    name: "two hours are of another one than five",
    replicas: 1,
    pods: [pod("a", { readyMinutes: 5 * 60 }), pod("b", { readyMinutes: 2 * 60 })],
    remove: ["b"],
  },
  {
    name: "the phase weighs more than a deletion cost, and so does readiness",
    replicas: 1,
    pods: [
      pod("a", { cost: "-100" }),
      pod("b", { phase: "Pending", ready: false, cost: "50" }),
      pod("c", { ready: false, cost: "100" }),
    ],
    remove: ["b", "c"],
  },
  ...["+5", "007", "1.5", "x", "4294967296", "-9999999999"].map((cost) => ({
    name: `a deletion cost of ${cost} is none`,
    replicas: 1,
    pods: [pod("a", { cost, readyMinutes: 1 }), pod("b", { cost: "0", readyMinutes: 50 })],
    remove: ["a"],
  })),
];

for (const { name, replicas, pods, siblings = {}, create = 0, remove = [] } of cases) {
  test(`planReplicas: ${name}`, () => {
    const plan = planReplicas({
      replicaSet: replicaSet(replicas),
      pods,
      siblingsOn: (node) => siblings[node] ?? 0,
      nowMs: NOW_MS,
    });
    assert.equal(plan.create, create);
    assert.deepEqual(
      plan.remove.map(({ metadata }) => metadata.name),
      remove,
    );
  });
}

test("replicaSetStatus: ready pods are available after minReadySeconds; terminating ones do not count", () => {
  const pods = [
    pod("a", { readyMinutes: 2 }),
    pod("b", { readyMinutes: 0.1 }),
    pod("c", { terminating: true }),
  ];
  assert.deepEqual(
    replicaSetStatus({ replicaSet: replicaSet(2, 30), pods, nowMs: NOW_MS }, undefined),
    {
      replicas: 2,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      observedGeneration: 1,
    },
  );
});

test("replicaSetStatus: a failure is told until a sync without any", () => {
  const statusAfter = (before: ReplicaSet, reason?: string) => {
    const input = { replicaSet: before, pods: [], nowMs: NOW_MS };
    return replicaSetStatus(input, reason === undefined ? undefined : { reason, message: "no" });
  };
  const first = statusAfter(replicaSet(2), "FailedCreate");
  assert.equal(first.conditions?.[0]?.reason, "FailedCreate");
  const failed = { ...replicaSet(2), status: first };
  assert.deepEqual(statusAfter(failed, "FailedDelete").conditions, first.conditions);
  assert.equal(statusAfter(failed).conditions, undefined);
});
