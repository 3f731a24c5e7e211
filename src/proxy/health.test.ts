import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../api/types.ts";
import { isNodeEligible } from "./health.ts";

const node: Node = { metadata: { name: "node-a" } };
const taint = { key: "ToBeDeletedByClusterAutoscaler", effect: "NoSchedule" };

const cases: readonly { name: string; node: Node | undefined; want: boolean }[] = [
  { name: "an ordinary node is", node, want: true },
  { name: "one that is not registered yet is", node: undefined, want: true },
  {
    name: "one that is being deleted is not",
    node: { metadata: { name: "node-a", deletionTimestamp: "2026-01-01T00:00:00Z" } },
    want: false,
  },
  {
    name: "one that the autoscaler will remove is not",
    node: { ...node, spec: { taints: [taint] } },
    want: false,
  },
];

for (const { name, node: given, want } of cases) {
  test(`eligible for new connections: ${name}`, () => assert.equal(isNodeEligible(given), want));
}
