import assert from "node:assert/strict";
import { test } from "node:test";
import type { PodCondition } from "../../api/types.ts";
import type { ContainerPhase, ContainerRecord } from "./container-status.ts";
import type { ConditionJson } from "./pod-conditions.ts";
import { podStatus } from "./pod-status.ts";

const running: ContainerPhase = { type: "running", startedAtMs: 0 };
const creating: ContainerPhase = { type: "waiting", reason: "ContainerCreating" };
const end = (exitCode: number) => ({
  exitCode,
  reason: exitCode === 0 ? "Completed" : "Error",
  finishedAtMs: 0,
  containerId: "portolan://1",
});
const ended = (exitCode: number): ContainerPhase => ({ type: "terminated", end: end(exitCode) });

function record(name: string, phase: ContainerPhase, more: Partial<ContainerRecord> = {}) {
  return {
    name,
    image: "x",
    imageId: "",
    containerId: phase === creating ? "" : "portolan://1",
    phase,
    restartCount: 0,
    started: phase.type === "running",
    ready: phase.type === "running",
    ...more,
  };
}

interface Case {
  readonly name: string;
  readonly policy?: string;
  readonly init?: readonly ContainerRecord[];
  readonly containers: readonly ContainerRecord[];
  readonly isStopping?: boolean;
  /** By default those of containers that run. */
  readonly hasProcesses?: boolean;
  readonly before?: "Pending" | "Running";
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly gates?: readonly string[];
  readonly conditions?: readonly PodCondition[];
  readonly phase: string;
  /** `type=status reason: message` of the conditions that matter. */
  readonly want?: readonly string[];
}

const crashed = record("a", { type: "waiting", reason: "CrashLoopBackOff" }, { lastEnd: end(1) });

const cases: readonly Case[] = [
  {
    name: "a pod whose containers are being created is Pending",
    containers: [record("a", creating), record("b", running)],
    phase: "Pending",
    want: ["Ready=False ContainersNotReady: containers with unready status: [a]"],
  },
  {
    name: "a pod whose containers run is Running and Ready",
    containers: [record("a", running)],
    phase: "Running",
    want: ["Initialized=True", "ContainersReady=True", "Ready=True"],
  },
  {
    name: "a running container that is not ready is named",
    containers: [record("a", running, { ready: false }), record("b", running)],
    phase: "Running",
    want: ["ContainersReady=False ContainersNotReady: containers with unready status: [a]"],
  },
  { name: "between two lives a pod is Running", containers: [crashed], phase: "Running" },
  {
    name: "a pod that restarts its containers never ends",
    containers: [record("a", ended(0))],
    phase: "Running",
  },
  {
    name: "a pod whose containers ended well has Succeeded",
    policy: "Never",
    containers: [record("a", ended(0))],
    phase: "Succeeded",
    want: ["Ready=False PodCompleted", "Initialized=True PodCompleted"],
  },
  {
    name: "one failure is a failure",
    policy: "Never",
    containers: [record("a", ended(0)), record("b", ended(2))],
    phase: "Failed",
    want: ["Ready=False PodFailed"],
  },
  {
    name: "with OnFailure a failure is not the end",
    policy: "OnFailure",
    containers: [record("a", ended(2))],
    phase: "Running",
  },
  {
    name: "an init container under way keeps the pod Pending",
    init: [record("i", running)],
    containers: [record("a", creating)],
    phase: "Pending",
    want: ["Initialized=False ContainersNotInitialized: containers with incomplete status: [i]"],
  },
  {
    name: "a failed init container fails a pod that never restarts",
    policy: "Never",
    init: [record("i", ended(1))],
    containers: [record("a", creating)],
    phase: "Failed",
  },
  {
    name: "a pod that is being stopped is Running until its last container has ended",
    isStopping: true,
    containers: [record("a", ended(0)), record("b", running)],
    phase: "Running",
  },
  {
    name: "a stopped pod has failed unless all ended well, whatever its restart policy",
    isStopping: true,
    containers: [record("a", ended(143))],
    phase: "Failed",
  },
  {
    name: "a stopped pod that ended well has Succeeded",
    isStopping: true,
    containers: [record("a", ended(0))],
    phase: "Succeeded",
  },
  {
    name: "a readiness gate without a condition keeps it from being Ready",
    gates: ["example.org/lb"],
    containers: [record("a", running)],
    phase: "Running",
    want: [
      'Ready=False ReadinessGatesNotReady: corresponding condition of pod readiness gate "example.org/lb" does not exist.',
      "ContainersReady=True",
    ],
  },
  {
    name: "a pod that is deleted while an init container runs has not failed yet",
    init: [record("i", running)],
    containers: [record("a", creating)],
    isStopping: true,
    before: "Pending",
    phase: "Pending",
  },
  {
    name: "a pod that is deleted before anything ran has failed",
    containers: [record("a", creating)],
    isStopping: true,
    phase: "Failed",
  },
  {
    name: "a pod whose sidecar is still ending has not succeeded yet",
    policy: "Never",
    containers: [record("a", ended(0))],
    hasProcesses: true,
    before: "Running",
    phase: "Running",
  },
  {
    name: "a pod of which a container has run is not Pending while its sidecar ends",
    policy: "Never",
    containers: [record("a", ended(0))],
    hasProcesses: true,
    before: "Pending",
    phase: "Running",
  },
  {
    name: "a pod beyond its deadline fails when nothing of it runs any more",
    containers: [record("a", running)],
    before: "Running",
    failure: { reason: "DeadlineExceeded", message: "late" },
    phase: "Running",
  },
  {
    name: "a pod beyond its deadline has failed, however its containers ended",
    policy: "Never",
    containers: [record("a", ended(0))],
    failure: { reason: "DeadlineExceeded", message: "late" },
    phase: "Failed",
  },
  {
    name: "a readiness gate that is True opens",
    gates: ["example.org/lb"],
    conditions: [{ type: "example.org/lb", status: "True" }],
    containers: [record("a", running)],
    phase: "Running",
    want: ["Ready=True"],
  },
];

for (const each of cases) {
  test(`podStatus: ${each.name}`, () => {
    const { policy = "Always", init = [], containers, gates = [] } = each;
    const status = podStatus({
      pod: {
        metadata: { name: "p" },
        spec: {
          restartPolicy: policy,
          readinessGates: gates.map((conditionType) => ({ conditionType })),
          initContainers: init.map(({ name }) => ({ name })),
          containers: containers.map(({ name }) => ({ name })),
        },
        status: {
          conditions: each.conditions ?? [],
          ...(each.before === undefined ? {} : { phase: each.before }),
        },
      },
      initContainers: init,
      containers,
      podIps: ["10.0.0.1"],
      hostIps: ["192.168.0.1"],
      hasNetwork: true,
      hasProcesses:
        each.hasProcesses ?? [...init, ...containers].some(({ phase }) => phase === running),
      isStopping: each.isStopping ?? false,
      startedAtMs: 0,
      nowMs: 1_000,
      ...(each.failure === undefined ? {} : { failure: each.failure }),
    });
    assert.equal(status.phase, each.phase);
    assert.equal(status.reason, each.phase === "Failed" ? each.failure?.reason : undefined);
    const lines = status.conditions.map(({ type, status: value, reason, message }) => {
      const why = reason === undefined ? "" : ` ${reason}`;
      return `${type}=${value}${why}${message === undefined ? "" : `: ${message}`}`;
    });
    for (const line of each.want ?? []) assert.ok(lines.includes(line), lines.join("\n"));
  });
}

test("podStatus: the time of a transition stays while the status does", () => {
  const at = (nowMs: number, previous: readonly ConditionJson[], ready: boolean) =>
    podStatus({
      pod: { metadata: { name: "p" }, spec: { containers: [{ name: "a" }] } },
      initContainers: [],
      containers: [record("a", running, { ready })],
      podIps: [],
      hostIps: [],
      hasNetwork: true,
      hasProcesses: true,
      isStopping: false,
      startedAtMs: 0,
      nowMs,
      previous: { phase: "Running", conditions: previous },
    }).conditions;
  const time = (list: readonly PodCondition[]) =>
    list.find(({ type }) => type === "Ready")?.lastTransitionTime;
  const first = at(1_000, [], true);
  const second = at(5_000, first, true);
  const third = at(9_000, second, false);
  assert.deepEqual([first, second, third].map(time), [
    "1970-01-01T00:00:01Z",
    "1970-01-01T00:00:01Z",
    "1970-01-01T00:00:09Z",
  ]);
});
