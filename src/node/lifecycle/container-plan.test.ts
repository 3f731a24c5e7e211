import assert from "node:assert/strict";
import { test } from "node:test";
import { type ContainerView, planContainers } from "./container-plan.ts";

const running = { type: "running", started: true } as const;
const starting = { type: "running", started: false } as const;
const ended = (exitCode: number) => ({ type: "exited", exitCode, finishedAtMs: 1_000 }) as const;

interface Case {
  readonly name: string;
  readonly policy?: "Always" | "OnFailure" | "Never";
  /** Init containers; a name that begins with `side` is a sidecar. */
  readonly init?: readonly string[];
  readonly states?: Readonly<Record<string, ContainerView["state"]>>;
  readonly backoff?: Readonly<Record<string, { pauseMs: number; updatedAtMs: number }>>;
  readonly start?: readonly string[];
  readonly wait?: readonly string[];
  readonly isFinished?: boolean;
}

// Ordinary containers are a and b; the time is 2 s.
const cases: readonly Case[] = [
  { name: "all ordinary containers start at once", start: ["a", "b"] },
  { name: "a first init container goes before all", init: ["i", "j"], start: ["i"] },
  { name: "one init container at a time", init: ["i", "j"], states: { i: running } },
  {
    name: "the next init container after success",
    init: ["i", "j"],
    states: { i: ended(0) },
    start: ["j"],
  },
  {
    name: "a failed init container is tried again",
    init: ["i"],
    states: { i: ended(1) },
    start: ["i"],
  },
  {
    name: "a failed init container ends a pod that never restarts",
    policy: "Never",
    init: ["i"],
    states: { i: ended(1) },
    isFinished: true,
  },
  {
    name: "after the init containers the ordinary ones",
    init: ["i"],
    states: { i: ended(0) },
    start: ["a", "b"],
  },
  {
    name: "a sidecar must have started before the next",
    init: ["side", "i"],
    states: { side: starting },
  },
  {
    name: "a started sidecar lets the next begin",
    init: ["side", "i"],
    states: { side: running },
    start: ["i"],
  },
  {
    name: "a sidecar that ended comes back beside the others",
    init: ["side"],
    states: { side: ended(0), a: running, b: running },
    start: ["side"],
  },
  {
    name: "init containers are past once an ordinary one has started",
    init: ["i"],
    states: { i: ended(1), a: running, b: running },
  },
  { name: "Always starts what ended well, too", states: { a: ended(0), b: running }, start: ["a"] },
  {
    name: "OnFailure leaves what ended well",
    policy: "OnFailure",
    states: { a: ended(0), b: ended(1) },
    start: ["b"],
  },
  {
    name: "OnFailure is finished when all ended well",
    policy: "OnFailure",
    states: { a: ended(0), b: ended(0) },
    isFinished: true,
  },
  {
    name: "Never is finished when all ended",
    policy: "Never",
    states: { a: ended(0), b: ended(7) },
    isFinished: true,
  },
  {
    name: "Never is not finished while one runs",
    policy: "Never",
    states: { a: ended(0), b: running },
  },
  {
    name: "a sidecar does not keep a pod from finishing",
    policy: "Never",
    init: ["side"],
    states: { side: running, a: ended(0), b: ended(0) },
    isFinished: true,
  },
  {
    name: "a container waits out its back-off",
    states: { a: ended(1), b: running },
    backoff: { a: { pauseMs: 10_000, updatedAtMs: 500 } },
    wait: ["a"],
  },
];

for (const {
  name,
  policy = "Always",
  init = [],
  states = {},
  backoff = {},
  start = [],
  wait = [],
  isFinished = false,
} of cases) {
  test(`planContainers: ${name}`, () => {
    const views = new Map(
      [...init, "a", "b"].map((container) => {
        const entry = backoff[container];
        const state = states[container] ?? { type: "new" };
        return [
          container,
          { name: container, state, ...(entry === undefined ? {} : { backoff: entry }) },
        ];
      }),
    );
    const plan = planContainers({
      spec: {
        restartPolicy: policy,
        initContainers: init.map((container) => ({
          name: container,
          ...(container.startsWith("side") ? { restartPolicy: "Always" } : {}),
        })),
        containers: [{ name: "a" }, { name: "b" }],
      },
      views,
      nowMs: 2_000,
    });
    assert.deepEqual(
      plan.start.map((s) => s.name),
      start,
    );
    assert.deepEqual(
      plan.wait.map((w) => w.name),
      wait,
    );
    assert.equal(plan.isFinished, isFinished);
  });
}
