import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "../../api/types.ts";
import { garbagePods } from "./run.ts";

const pod = (name: string, node: string, phase = "Running", deletionTimestamp?: string): Pod => ({
  metadata: {
    name,
    creationTimestamp: `2030-01-01T00:00:0${name.length}Z`,
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  },
  spec: { containers: [], ...(node === "" ? {} : { nodeName: node }) },
  status: { phase },
});

test("pods go when their node is gone for 40 s, when deleted before they had one, or finished and too many", () => {
  const garbage = garbagePods({
    pods: [
      pod("a", "n1"),
      pod("b", "gone"),
      pod("c", "just-gone"),
      pod("d", "", "Pending"),
      pod("e", "", "Pending", "2030-01-01T00:00:00Z"),
      pod("f", "n1", "Succeeded"),
      pod("gg", "n1", "Failed"),
    ],
    hasNode: (name) => name === "n1",
    missedSinceMs: new Map([
      ["gone", 0],
      ["just-gone", 30_000],
    ]),
    finishedMax: 1,
    nowMs: 40_000,
  });
  assert.deepEqual(
    garbage.map(({ metadata }) => metadata.name),
    ["b", "e", "f"],
  );
});
