import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, DeploymentCondition, Pod, ReplicaSet } from "../../api/types.ts";
import type { DeploymentPlan } from "./plan.ts";
import { planDeployment } from "./plan.ts";
import { REVISION_ANNOTATION, revisionOf } from "./revision.ts";
import { progressDeadlineMs } from "./status.ts";

const START_MS = Date.parse("2030-01-01T00:00:00Z");

/** A cluster of one Deployment: its ReplicaSets do at once, or not at all, what their size asks for. */
class World {
  deployment: Deployment;
  sets: ReplicaSet[] = [];
  nowMs = START_MS;
  podsStart = true;
  lingering: Pod[] = [];
  readonly sizesSeen: number[] = [];
  readonly availableSeen: number[] = [];

  constructor(spec: Partial<NonNullable<Deployment["spec"]>> = {}) {
    this.deployment = {
      metadata: { name: "web", namespace: "demo", uid: "d", generation: 1 },
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: "web" } },
        template: template("v1"),
        progressDeadlineSeconds: 600,
        revisionHistoryLimit: 10,
        ...spec,
      },
    };
  }

  change(spec: Partial<NonNullable<Deployment["spec"]>>): void {
    const { metadata, spec: before } = this.deployment;
    const generation = (metadata.generation ?? 0) + 1;
    this.deployment = {
      ...this.deployment,
      metadata: { ...metadata, generation },
      spec: { ...before!, ...spec },
    };
  }

  sync(): DeploymentPlan {
    const plan = planDeployment({
      deployment: this.deployment,
      replicaSets: this.sets,
      podsOf: (set) =>
        this.lingering.filter((pod) => pod.metadata.labels?.["of"] === set.metadata.name),
      nowMs: this.nowMs,
    });
    if (plan.create !== undefined) {
      const creationTimestamp = new Date(this.nowMs).toISOString();
      const metadata = {
        ...plan.create.metadata,
        uid: plan.create.metadata.name ?? "",
        creationTimestamp,
      };
      this.sets.push({ ...plan.create, metadata, status: { replicas: 0 } });
    }
    for (const { next } of plan.changes) this.#replace(next);
    const gone = new Set(plan.deletes.map(({ metadata }) => metadata.name));
    this.sets = this.sets.filter(({ metadata }) => !gone.has(metadata.name));
    const { annotations } = this.deployment.metadata;
    const revision =
      plan.revision === undefined ? {} : { [REVISION_ANNOTATION]: String(plan.revision) };
    this.deployment = {
      ...this.deployment,
      metadata: { ...this.deployment.metadata, annotations: { ...annotations, ...revision } },
      status: plan.status,
    };
    return plan;
  }

  /** Pods start and stop as the sizes ask; sums are kept for the checks. */
  pods(): void {
    this.nowMs += 1000;
    for (const set of this.sets) {
      const wanted = set.spec?.replicas ?? 0;
      const available = this.podsStart
        ? wanted
        : Math.min(wanted, set.status?.availableReplicas ?? 0);
      this.#replace({
        ...set,
        status: { replicas: wanted, readyReplicas: available, availableReplicas: available },
      });
    }
    const total = (of: (set: ReplicaSet) => number) =>
      this.sets.reduce((sum, set) => sum + of(set), 0);
    this.sizesSeen.push(total((set) => set.spec?.replicas ?? 0));
    this.availableSeen.push(total((set) => set.status?.availableReplicas ?? 0));
  }

  settle(rounds = 30): void {
    for (let round = 0; round < rounds; round++) {
      this.sync();
      this.pods();
    }
  }

  #replace(set: ReplicaSet): void {
    this.sets = this.sets.map((known) => (known.metadata.name === set.metadata.name ? set : known));
  }

  get sizes(): readonly number[] {
    return this.sets.map(({ spec }) => spec?.replicas ?? 0);
  }

  condition(type: string): DeploymentCondition | undefined {
    return this.deployment.status?.conditions?.find((condition) => condition.type === type);
  }
}

function template(version: string) {
  return {
    metadata: { labels: { app: "web" } },
    spec: { containers: [{ name: "main", image: `web:${version}` }] },
  };
}

test("a new Deployment gets one ReplicaSet of full size and revision 1, and ends up complete", () => {
  const world = new World();
  const { create, revision } = world.sync();
  assert.equal(create?.spec?.replicas, 4);
  assert.equal(revision, 1);
  const hash = create?.metadata.labels?.["pod-template-hash"] ?? "";
  assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  assert.equal(create?.metadata.name, `web-${hash}`);
  assert.deepEqual(create?.spec?.selector.matchLabels, { app: "web", "pod-template-hash": hash });
  assert.equal(world.condition("Progressing")?.reason, "NewReplicaSetCreated");
  world.settle();
  const { replicas, updatedReplicas, availableReplicas } = world.deployment.status ?? {};
  assert.deepEqual([replicas, updatedReplicas, availableReplicas], [4, 4, 4]);
  assert.equal(world.condition("Progressing")?.reason, "NewReplicaSetAvailable");
  assert.equal(world.condition("Available")?.status, "True");
});

test("a settled Deployment plans nothing, again and again", () => {
  const world = new World();
  world.settle();
  const { create, changes, deletes, revision, status } = world.sync();
  assert.deepEqual([create, changes, deletes, revision], [undefined, [], [], undefined]);
  assert.deepEqual(status, world.deployment.status);
});

test("a rolling update never has too many pods nor too few that serve", () => {
  const strategy = { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } };
  const world = new World({ replicas: 6, strategy });
  world.settle();
  world.sizesSeen.length = 0;
  world.availableSeen.length = 0;
  world.change({ template: template("v2") });
  world.settle();
  assert.deepEqual(world.sizes, [0, 6]);
  assert.ok(Math.max(...world.sizesSeen) <= 7, `sizes ${world.sizesSeen}`);
  assert.ok(Math.min(...world.availableSeen) >= 5, `available ${world.availableSeen}`);
  assert.equal(revisionOf(world.deployment), 2);
});

test("a rollback takes the old ReplicaSet up again, under a new revision", () => {
  const world = new World();
  world.settle();
  world.change({ template: template("v2") });
  world.settle();
  world.change({ template: template("v1") });
  world.settle();
  assert.equal(world.sets.length, 2);
  assert.deepEqual(world.sizes, [4, 0]);
  const [first] = world.sets;
  assert.equal(revisionOf(first!), 3);
  assert.equal(first!.metadata.annotations?.["deployment.kubernetes.io/revision-history"], "1");
});

test("a version that does not start stops the rollout, and is told after the deadline", () => {
  const world = new World();
  world.settle();
  world.podsStart = false;
  world.change({ template: template("broken") });
  world.settle(5);
  assert.deepEqual(world.sizes, [3, 2]);
  world.nowMs += 700_000;
  world.sync();
  assert.equal(world.condition("Progressing")?.reason, "ProgressDeadlineExceeded");
  assert.equal(world.condition("Progressing")?.status, "False");
});

test("a rollout that was paused on its way and goes on has a deadline again", () => {
  const world = new World();
  world.podsStart = false;
  world.settle(3);
  world.change({ paused: true });
  world.sync();
  assert.equal(world.condition("Progressing")?.reason, "DeploymentPaused");
  assert.equal(progressDeadlineMs(world.deployment), undefined);
  world.change({ paused: false });
  world.sync();
  assert.equal(world.condition("Progressing")?.reason, "DeploymentResumed");
  assert.equal(progressDeadlineMs(world.deployment), world.nowMs + 600_000);
  world.nowMs += 700_000;
  world.sync();
  assert.equal(world.condition("Progressing")?.reason, "ProgressDeadlineExceeded");
  assert.equal(progressDeadlineMs(world.deployment), undefined);
});

test("a Deployment that goes on with another template says that it made a ReplicaSet", () => {
  const world = new World();
  world.settle();
  world.change({ paused: true, template: template("v2") });
  world.sync();
  world.change({ paused: false });
  world.sync();
  assert.equal(world.condition("Progressing")?.reason, "NewReplicaSetCreated");
  assert.equal(world.condition("Progressing")?.status, "True");
});

const noDeadlines: readonly {
  readonly name: string;
  readonly spec?: { readonly progressDeadlineSeconds: number };
  readonly deletionTimestamp?: string;
}[] = [
  { name: "the largest int32 means none", spec: { progressDeadlineSeconds: 2 ** 31 - 1 } },
  { name: "none runs during a deletion", deletionTimestamp: "2030-01-01T00:00:00Z" },
];
for (const { name, spec, deletionTimestamp } of noDeadlines) {
  test(`deadline for progress: ${name}`, () => {
    const world = new World(spec);
    world.podsStart = false;
    world.settle(3);
    const { deployment } = world;
    const metadata = {
      ...deployment.metadata,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    };
    world.deployment = { ...deployment, metadata };
    world.nowMs += 700_000;
    world.sync();
    assert.notEqual(world.condition("Progressing")?.reason, "ProgressDeadlineExceeded");
    assert.equal(progressDeadlineMs(world.deployment), undefined);
  });
}

test("Recreate waits for the last old pod to be gone", () => {
  const world = new World({ strategy: { type: "Recreate" } });
  world.settle();
  const [old] = world.sets;
  const labels = { of: old!.metadata.name ?? "" };
  world.lingering = [
    { metadata: { name: "web-1", labels, deletionTimestamp: "2030-01-01T00:00:00Z" } },
  ];
  world.change({ template: template("v2") });
  world.settle(5);
  assert.deepEqual(world.sizes, [0]);
  world.lingering = [];
  world.settle(5);
  assert.deepEqual(world.sizes, [0, 4]);
});

test("a paused Deployment changes its size, not its template", () => {
  const world = new World();
  world.settle();
  world.change({ paused: true, template: template("v2"), replicas: 6 });
  world.settle(5);
  assert.deepEqual(world.sizes, [6]);
  assert.equal(world.condition("Progressing")?.reason, "DeploymentPaused");
  world.change({ paused: false });
  world.settle();
  assert.deepEqual(world.sizes, [0, 6]);
});

test("old ReplicaSets beyond the history limit go, the oldest first", () => {
  const world = new World({ revisionHistoryLimit: 2 });
  world.settle();
  for (const version of ["v2", "v3", "v4", "v5"]) {
    world.change({ template: template(version) });
    world.settle();
  }
  assert.deepEqual(world.sets.map(revisionOf), [3, 4, 5]);
});

test("a Deployment that is being deleted is only looked at", () => {
  const world = new World();
  world.settle();
  world.change({ replicas: 9 });
  const { metadata } = world.deployment;
  world.deployment = {
    ...world.deployment,
    metadata: { ...metadata, deletionTimestamp: "2030-01-01T00:00:00Z" },
  };
  const { create, changes, deletes } = world.sync();
  assert.deepEqual([create, changes, deletes], [undefined, [], []]);
});
