import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, StatefulSet, StatefulSetStatus } from "../../api/types.ts";
import { planStatefulSet } from "./plan.ts";
import { revisionOfPod } from "./pod.ts";

/** A pod in a word: `new` and `old` by revision, then its state. */
type Shorthand = `${"old" | "new"} ${"well" | "starting" | "failed" | "terminating"}`;

function pod(ordinal: number, shorthand: Shorthand): Pod {
  const [revision, state] = shorthand.split(" ");
  return {
    metadata: {
      name: `db-${ordinal}`,
      labels: {
        "statefulset.kubernetes.io/pod-name": `db-${ordinal}`,
        "apps.kubernetes.io/pod-index": String(ordinal),
        "controller-revision-hash": `db-${revision}`,
      },
      ...(state === "terminating" ? { deletionTimestamp: "2030-01-01T00:00:00Z" } : {}),
    },
    status: {
      phase: state === "failed" ? "Failed" : state === "starting" ? "Pending" : "Running",
      conditions: [{ type: "Ready", status: state === "well" ? "True" : "False" }],
    },
  };
}

interface Case {
  readonly name: string;
  readonly spec?: Partial<NonNullable<StatefulSet["spec"]>>;
  readonly status?: Partial<StatefulSetStatus>;
  readonly pods: Readonly<Record<number, Shorthand>>;
  /** Names of pods to make, with their revision. */
  readonly create?: readonly string[];
  readonly remove?: readonly string[];
}

const cases: readonly Case[] = [
  { name: "in order, the first pod comes alone", pods: {}, create: ["db-0 new"] },
  { name: "the next waits until the one before is well", pods: { 0: "new starting" } },
  { name: "then it comes", pods: { 0: "new well" }, create: ["db-1 new"] },
  {
    name: "Parallel makes all at once",
    spec: { podManagementPolicy: "Parallel" },
    pods: {},
    create: ["db-0 new", "db-1 new", "db-2 new"],
  },
  {
    name: "ordinals may start elsewhere",
    spec: { ordinals: { start: 5 }, podManagementPolicy: "Parallel", replicas: 2 },
    pods: {},
    create: ["db-5 new", "db-6 new"],
  },
  {
    name: "a failed pod is removed, and made again only once it is gone",
    pods: { 0: "new failed" },
    remove: ["db-0"],
  },
  {
    name: "one that terminates is waited for, though its place is wanted",
    pods: { 0: "new terminating" },
  },
  {
    name: "the highest goes first, one at a time",
    spec: { replicas: 1 },
    pods: { 0: "new well", 1: "new well", 2: "new well" },
    remove: ["db-2"],
  },
  {
    name: "going down waits for the one that is going",
    spec: { replicas: 1 },
    pods: { 0: "new well", 1: "new well", 2: "new terminating" },
  },
  {
    name: "going down waits for an unwell pod below",
    spec: { replicas: 1 },
    pods: { 0: "new starting", 1: "new well", 2: "new well" },
  },
  {
    name: "the first unwell pod itself may go",
    spec: { replicas: 1 },
    pods: { 0: "new well", 1: "new well", 2: "new starting" },
    remove: ["db-2"],
  },
  {
    name: "Parallel goes down at once",
    spec: { replicas: 1, podManagementPolicy: "Parallel" },
    pods: { 0: "new well", 1: "new starting", 2: "new well" },
    remove: ["db-2", "db-1"],
  },
  {
    name: "an update begins with the highest",
    pods: { 0: "old well", 1: "old well", 2: "old well" },
    remove: ["db-2"],
  },
  {
    name: "and waits until that one is well again",
    pods: { 0: "old well", 1: "old well", 2: "new starting" },
  },
  {
    name: "then takes the next",
    pods: { 0: "old well", 1: "old well", 2: "new well" },
    remove: ["db-1"],
  },
  {
    name: "down to the partition",
    spec: { updateStrategy: { rollingUpdate: { partition: 1 } } },
    pods: { 0: "old well", 1: "new well", 2: "new well" },
  },
  {
    name: "a pod below the partition is made again of the old revision",
    spec: { updateStrategy: { rollingUpdate: { partition: 1 } } },
    pods: { 1: "new well", 2: "new well" },
    create: ["db-0 old"],
  },
  {
    name: "OnDelete leaves pods alone",
    spec: { updateStrategy: { type: "OnDelete" } },
    pods: { 0: "old well", 1: "old well", 2: "old well" },
  },
  {
    name: "and makes those that the user removed anew",
    spec: { updateStrategy: { type: "OnDelete" } },
    pods: { 0: "old well", 2: "old well" },
    create: ["db-1 new"],
  },
];

const revisions = {
  current: { name: "db-old", template: {} },
  update: { name: "db-new", template: {} },
};

for (const { name, spec, status, pods, create = [], remove = [] } of cases) {
  test(`planStatefulSet: ${name}`, () => {
    const set: StatefulSet = {
      metadata: { name: "db", namespace: "demo" },
      spec: { replicas: 3, selector: {}, template: {}, serviceName: "db", ...spec },
      status: { replicas: 0, ...status },
    };
    const given = Object.entries(pods).map(([ordinal, facts]) => pod(Number(ordinal), facts));
    const plan = planStatefulSet({ set, pods: given, ...revisions, nowMs: 0 });
    const told = plan.create.map(
      (made) => `${made.metadata.name} ${revisionOfPod(made)?.replace("db-", "")}`,
    );
    assert.deepEqual(told, create);
    assert.deepEqual(
      plan.remove.map(({ metadata }) => metadata.name),
      remove,
    );
  });
}

test("planStatefulSet: pods bear their name as hostname, their ordinal and the governing Service", () => {
  const set: StatefulSet = {
    metadata: { name: "db", namespace: "demo", uid: "u" },
    spec: {
      replicas: 1,
      selector: {},
      template: {},
      serviceName: "db",
    },
  };
  const update = { name: "db-new", template: { metadata: { labels: { app: "db" } } } };
  const plan = planStatefulSet({ set, pods: [], ...revisions, update, nowMs: 0 });
  const [made] = plan.create;
  assert.deepEqual([made?.spec?.hostname, made?.spec?.subdomain], ["db-0", "db"]);
  assert.deepEqual(made?.metadata.labels, {
    app: "db",
    "statefulset.kubernetes.io/pod-name": "db-0",
    "apps.kubernetes.io/pod-index": "0",
    "controller-revision-hash": "db-new",
  });
});

test("planStatefulSet: once all pods are of the new revision and ready, it is the current one", () => {
  const set: StatefulSet = {
    metadata: { name: "db" },
    spec: { replicas: 2, selector: {}, template: {} },
  };
  const of = (...states: readonly Shorthand[]) =>
    planStatefulSet({
      set,
      pods: states.map((state, index) => pod(index, state)),
      ...revisions,
      nowMs: 0,
    }).status;
  assert.equal(of("old well", "new well").currentRevision, "db-old");
  const done = of("new well", "new well");
  assert.deepEqual(
    [done.currentRevision, done.currentReplicas, done.updatedReplicas, done.readyReplicas],
    ["db-new", 2, 2, 2],
  );
});

test("planStatefulSet: a pod that lost the labels of its name gets them back", () => {
  const set: StatefulSet = {
    metadata: { name: "db" },
    spec: { replicas: 2, selector: {}, template: {} },
  };
  const bare = pod(1, "new well");
  const lost = { ...bare, metadata: { ...bare.metadata, labels: { app: "db" } } };
  const input = { set, pods: [pod(0, "new well"), lost], ...revisions, nowMs: 0 };
  assert.deepEqual(planStatefulSet(input).relabel, [
    {
      pod: lost,
      labels: {
        "statefulset.kubernetes.io/pod-name": "db-1",
        "apps.kubernetes.io/pod-index": "1",
      },
    },
  ]);
});
