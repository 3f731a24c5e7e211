import assert from "node:assert/strict";
import { test } from "node:test";
import type { Deployment } from "../../api/types.ts";
import { limitsOf } from "./limits.ts";

// What a rolling update of so many replicas may have beyond them, and may lack.
const cases: readonly {
  readonly name: string;
  readonly replicas: number;
  readonly type?: string;
  readonly maxSurge?: number | string;
  readonly maxUnavailable?: number | string;
  readonly want: { readonly surge: number; readonly unavailable: number };
}[] = [
  {
    name: "the default is a quarter: up for one, down for the other",
    replicas: 10,
    want: { surge: 3, unavailable: 2 },
  },
  {
    name: "shares round apart",
    replicas: 10,
    maxSurge: "39%",
    maxUnavailable: "39%",
    want: { surge: 4, unavailable: 3 },
  },
  { name: "one replica: one more, none fewer", replicas: 1, want: { surge: 1, unavailable: 0 } },
  {
    name: "half of ten",
    replicas: 10,
    maxSurge: 1,
    maxUnavailable: "50%",
    want: { surge: 1, unavailable: 5 },
  },
  {
    name: "all of them",
    replicas: 10,
    maxSurge: 1,
    maxUnavailable: "100%",
    want: { surge: 1, unavailable: 10 },
  },
  {
    name: "no more can be missing than there are",
    replicas: 5,
    maxSurge: 1,
    maxUnavailable: 10,
    want: { surge: 1, unavailable: 5 },
  },
  {
    name: "of none, none is missing",
    replicas: 0,
    maxSurge: 1,
    maxUnavailable: 10,
    want: { surge: 1, unavailable: 0 },
  },
  {
    name: "when both are 0 one may be missing",
    replicas: 10,
    maxSurge: 0,
    maxUnavailable: "0%",
    want: { surge: 0, unavailable: 1 },
  },
  {
    name: "when both round to 0, too",
    replicas: 3,
    maxSurge: 0,
    maxUnavailable: "30%",
    want: { surge: 0, unavailable: 1 },
  },
  {
    name: "a surge of more than all",
    replicas: 4,
    maxSurge: "150%",
    maxUnavailable: 0,
    want: { surge: 6, unavailable: 0 },
  },
  {
    name: "Recreate knows neither",
    replicas: 10,
    type: "Recreate",
    want: { surge: 0, unavailable: 0 },
  },
];

for (const { name, replicas, type = "RollingUpdate", maxSurge, maxUnavailable, want } of cases) {
  test(`limitsOf: ${name}`, () => {
    const rollingUpdate = {
      ...(maxSurge === undefined ? {} : { maxSurge }),
      ...(maxUnavailable === undefined ? {} : { maxUnavailable }),
    };
    const deployment: Deployment = {
      metadata: { name: "web" },
      spec: { replicas, selector: {}, template: {}, strategy: { type, rollingUpdate } },
    };
    assert.deepEqual(limitsOf(deployment), { replicas, ...want });
  });
}
