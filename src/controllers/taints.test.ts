import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, Taint, Toleration } from "../api/types.ts";
import { patienceMs } from "./taints.ts";

const unreachable: Taint = { key: "node.kubernetes.io/unreachable", effect: "NoExecute" };
const own: Taint = { key: "team", value: "a", effect: "NoExecute" };

const cases: readonly {
  readonly name: string;
  readonly tolerations?: readonly Toleration[];
  readonly taints?: readonly Taint[];
  readonly want: number | undefined;
}[] = [
  { name: "who tolerates nothing leaves at once", want: 0 },
  { name: "without a taint everybody stays", taints: [], want: undefined },
  {
    name: "NoSchedule expels nobody",
    taints: [{ key: "team", value: "a", effect: "NoSchedule" }],
    want: undefined,
  },
  {
    name: "a toleration of everything",
    tolerations: [{ operator: "Exists" }],
    taints: [own, unreachable],
    want: undefined,
  },
  {
    name: "one for ten seconds",
    tolerations: [{ key: "team", operator: "Exists", tolerationSeconds: 10 }],
    want: 10_000,
  },
  {
    name: "a negative time is none",
    tolerations: [{ key: "team", operator: "Exists", tolerationSeconds: -5 }],
    want: 0,
  },
  { name: "the value has to be the same", tolerations: [{ key: "team", value: "b" }], want: 0 },
  {
    name: "Equal is the default",
    tolerations: [{ key: "team", value: "a", effect: "NoExecute" }],
    want: undefined,
  },
  {
    name: "a toleration of another effect does not count",
    tolerations: [{ key: "team", operator: "Exists", effect: "NoSchedule" }],
    want: 0,
  },
  {
    name: "of several taints the shortest time counts",
    tolerations: [
      { key: "team", operator: "Exists", tolerationSeconds: 60 },
      { key: unreachable.key, operator: "Exists", tolerationSeconds: 30 },
    ],
    taints: [own, unreachable],
    want: 30_000,
  },
  {
    name: "one taint that is not tolerated is enough",
    tolerations: [{ key: "team", operator: "Exists" }],
    taints: [own, unreachable],
    want: 0,
  },
  {
    name: "of several tolerations of one taint the first counts",
    tolerations: [
      { key: "team", operator: "Exists", tolerationSeconds: 60 },
      { operator: "Exists" },
    ],
    want: 60_000,
  },
];

for (const { name, tolerations = [], taints = [own], want } of cases) {
  test(`patienceMs: ${name}`, () => {
    const pod: Pod = { metadata: { name: "web" }, spec: { containers: [], tolerations } };
    assert.equal(patienceMs(pod, taints), want);
  });
}
