import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment, ReplicaSet } from "../../api/types.ts";
import { DESIRED_ANNOTATION, MAX_ANNOTATION } from "./revision.ts";
import type { Generations, Scaling } from "./scale.ts";
import { newReplicas, proportionalScale, rollingStep } from "./scale.ts";

interface Strategy {
  readonly surge?: number | string;
  readonly unavailable?: number | string;
}

function deployment(
  replicas: number,
  { surge = "25%", unavailable = "25%" }: Strategy = {},
): Deployment {
  return {
    metadata: { name: "web" },
    spec: {
      replicas,
      selector: {},
      template: {},
      strategy: { rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
    },
  };
}

/** A ReplicaSet of so many wanted and available pods; `max` is what its annotation says of the last size. */
function set(
  name: string,
  wanted: number,
  available: number,
  desired?: number,
  max?: number,
): ReplicaSet {
  return {
    metadata: {
      name,
      creationTimestamp: name,
      annotations: {
        ...(desired === undefined ? {} : { [DESIRED_ANNOTATION]: String(desired) }),
        ...(max === undefined ? {} : { [MAX_ANNOTATION]: String(max) }),
      },
    },
    spec: { replicas: wanted, selector: {} },
    status: { replicas: wanted, availableReplicas: available },
  };
}

const sizes = (scaling: Scaling) =>
  Object.fromEntries([...scaling].map(([{ metadata }, size]) => [metadata.name, size]));

interface Case {
  readonly name: string;
  readonly deployment: Deployment;
  readonly generations: Generations;
  readonly want: Readonly<Record<string, number>>;
}

const steps: readonly Case[] = [
  {
    name: "new pods come as far as the surge leaves room",
    deployment: deployment(10, { surge: 3, unavailable: 2 }),
    generations: { current: set("new", 0, 0), old: [set("old", 10, 10)] },
    want: { new: 3 },
  },
  {
    name: "old pods go while enough others serve",
    deployment: deployment(10, { surge: 3, unavailable: 2 }),
    generations: { current: set("new", 3, 0), old: [set("old", 10, 10)] },
    want: { old: 8 },
  },
  {
    name: "without room and with nobody to spare nothing moves",
    deployment: deployment(10, { surge: 3, unavailable: 2 }),
    generations: { current: set("new", 5, 0), old: [set("old", 8, 8)] },
    want: {},
  },
  {
    name: "old pods that do not serve go first, from the oldest on",
    deployment: deployment(10, { surge: 0, unavailable: 2 }),
    generations: { current: set("new", 0, 0), old: [set("old1", 8, 8), set("old2", 4, 0)] },
    want: { old2: 0 },
  },
  {
    name: "a new ReplicaSet that is too large shrinks first",
    deployment: deployment(3),
    generations: { current: set("new", 5, 5), old: [] },
    want: { new: 3 },
  },
  {
    name: "with neither surge nor unavailability one pod may be missing",
    deployment: deployment(3, { surge: 0, unavailable: 0 }),
    generations: { current: set("new", 0, 0), old: [set("old", 3, 3)] },
    want: { old: 2 },
  },
  {
    name: "without surge nothing comes before something has gone",
    deployment: deployment(10, { surge: 0, unavailable: 0 }),
    generations: { current: set("new", 0, 0), old: [set("old", 10, 10)] },
    want: { old: 9 },
  },
  {
    name: "what old pods have left free is taken at once",
    deployment: deployment(10, { surge: 2, unavailable: 0 }),
    generations: { current: set("new", 0, 0), old: [set("old", 5, 5)] },
    want: { new: 7 },
  },
  {
    name: "a full surge waits for a new pod to serve",
    deployment: deployment(10, { surge: 2, unavailable: 0 }),
    generations: { current: set("new", 2, 0), old: [set("old", 10, 10)] },
    want: {},
  },
  {
    name: "more new pods than wanted are a matter of their own, before any old one goes",
    deployment: deployment(10, { surge: 2, unavailable: 0 }),
    generations: { current: set("new", 11, 11), old: [set("old", 2, 2)] },
    want: { new: 10 },
  },
  {
    name: "as many broken ones go as may be missing, and none that serves",
    deployment: deployment(10, { surge: 0, unavailable: 2 }),
    generations: { current: set("new", 0, 0), old: [set("old", 10, 8)] },
    want: { old: 8 },
  },
  {
    name: "a broken one first, then one that serves",
    deployment: deployment(10, { surge: 0, unavailable: 2 }),
    generations: { current: set("new", 0, 0), old: [set("old", 10, 9)] },
    want: { old: 8 },
  },
  {
    name: "new pods that do not serve yet cost no further old one",
    deployment: deployment(10, { surge: 0, unavailable: 2 }),
    generations: { current: set("new", 2, 0), old: [set("old", 8, 8)] },
    want: {},
  },
  {
    name: "25 % of three is one more, none fewer",
    deployment: deployment(3),
    generations: { current: set("new", 1, 0), old: [set("old", 3, 3)] },
    want: {},
  },
];

for (const { name, deployment: given, generations, want } of steps) {
  test(`rolling update: ${name}`, () => {
    assert.deepEqual(sizes(rollingStep(given, generations)), want);
  });
}

const scalings: readonly Case[] = [
  {
    name: "a single ReplicaSet takes the whole size",
    deployment: deployment(7),
    generations: { current: set("new", 3, 3, 3, 4), old: [] },
    want: { new: 7 },
  },
  {
    name: "amid a rollout each grows in proportion",
    deployment: deployment(20, { surge: 2, unavailable: 2 }),
    generations: { current: set("new", 6, 0, 10, 12), old: [set("old", 6, 6, 10, 12)] },
    want: { new: 11, old: 11 },
  },
  {
    name: "what rounding leaves goes to the largest",
    deployment: deployment(12, { surge: 0, unavailable: 1 }),
    generations: { current: set("new", 3, 3, 10, 10), old: [set("old", 7, 7, 10, 10)] },
    want: { new: 4, old: 8 },
  },
  {
    name: "shares of an unknown size stay, the largest makes up for the rest",
    deployment: deployment(10, { surge: 0, unavailable: 1 }),
    generations: { current: set("v2", 3, 3), old: [set("v1", 3, 3)] },
    want: { v2: 7, v1: 3 },
  },
  {
    name: "a single one shrinks to the whole size",
    deployment: deployment(5),
    generations: { current: set("new", 10, 10, 10, 10), old: [] },
    want: { new: 5 },
  },
  ...[
    { from: 5, to: 10, sizes: [2, 3], want: [4, 6] },
    { from: 5, to: 3, sizes: [2, 3], want: [1, 2] },
    { from: 9, to: 4, sizes: [8, 1], want: [4, 0] },
    { from: 7, to: 10, sizes: [2, 3, 2], want: [3, 4, 3] },
    { from: 13, to: 8, sizes: [2, 8, 3], want: [1, 5, 2] },
    { from: 3, to: 4, sizes: [1, 1, 1], want: [2, 1, 1] },
    { from: 3, to: 2, sizes: [1, 1, 1], want: [1, 1, 0] },
    { from: 6, to: 0, sizes: [3, 2, 1], want: [0, 0, 0] },
  ].map(({ from, to, sizes, want }): Case => {
    const [current, ...old] = sizes.map((size, age) => set(`v${9 - age}`, size, size, from, from));
    return {
      name: `${sizes.join(" + ")} of ${from} become ${want.join(" + ")} of ${to}`,
      deployment: deployment(to, { surge: 0, unavailable: 1 }),
      generations: { current, old },
      want: Object.fromEntries(want.map((size, age) => [`v${9 - age}`, size])),
    };
  }),
  {
    name: "without a new one the latest of the old gets what is left over",
    deployment: deployment(5, { surge: 0, unavailable: 1 }),
    generations: {
      current: undefined,
      old: [set("v2", 2, 2, 4, 4), set("v1", 2, 2, 4, 4)],
    },
    want: { v2: 3, v1: 2 },
  },
  {
    name: "from zero only the newest grows",
    deployment: deployment(6),
    generations: { current: set("v3", 0, 0, 6, 6), old: [set("v2", 0, 0, 6, 6)] },
    want: { v3: 6 },
  },
  {
    name: "an update of some that failed is made up for, without touching the others",
    deployment: deployment(5, { surge: 0, unavailable: 1 }),
    generations: {
      current: set("v3", 2, 2, 5, 5),
      old: [set("v2", 1, 1, 3, 3), set("v1", 1, 1, 5, 5)],
    },
    want: { v3: 2, v2: 2, v1: 1 },
  },
  {
    name: "another surge counts as well as another size",
    deployment: deployment(50, { surge: 6, unavailable: 1 }),
    generations: { current: set("new", 5, 5, 10, 13), old: [set("old", 8, 8, 10, 13)] },
    want: { new: 22, old: 34 },
  },
  {
    name: "a new one of full size that does not serve leaves the old one alone",
    deployment: deployment(2, { surge: 1, unavailable: 1 }),
    generations: { current: set("new", 2, 0, 2, 3), old: [set("old", 1, 1, 2, 3)] },
    want: { new: 2, old: 1 },
  },
  {
    name: "a largest size of 0 is none: the Deployment's own count is the measure",
    deployment: { ...deployment(8, { surge: 0, unavailable: 1 }), status: { replicas: 4 } },
    generations: { current: set("new", 2, 2, 4, 0), old: [set("old", 2, 2, 4, 0)] },
    want: { new: 4, old: 4 },
  },
  {
    name: "to zero means all of them",
    deployment: deployment(0),
    generations: { current: set("new", 3, 3, 6, 8), old: [set("old", 5, 5, 6, 8)] },
    want: { new: 0, old: 0 },
  },
  {
    name: "once the new one is complete the old ones go",
    deployment: deployment(4),
    generations: { current: set("new", 4, 4, 4, 5), old: [set("old", 1, 1, 3, 4)] },
    want: { old: 0 },
  },
];

for (const { name, deployment: given, generations, want } of scalings) {
  test(`change of size: ${name}`, () => {
    assert.deepEqual(sizes(proportionalScale(given, generations)), want);
  });
}

test("a new ReplicaSet begins with what the surge allows, or with everything under Recreate", () => {
  const generations = { current: undefined, old: [set("old", 10, 10)] };
  assert.equal(newReplicas(deployment(10, { surge: 3 }), generations), 3);
  const recreate: Deployment = {
    ...deployment(10),
    spec: { replicas: 10, selector: {}, template: {}, strategy: { type: "Recreate" } },
  };
  assert.equal(newReplicas(recreate, generations), 10);
});
