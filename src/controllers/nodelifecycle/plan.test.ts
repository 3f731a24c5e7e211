import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Taint } from "../../api/types.ts";
import { isCommonTrouble, silentConditions, wantedTaints, wentSilent } from "./plan.ts";

const NOW_MS = Date.parse("2030-01-01T00:10:00Z");
const NOW = "2030-01-01T00:10:00Z";

function node(conditions: Readonly<Record<string, string>>, taints: readonly Taint[] = []): Node {
  return {
    metadata: { name: "n1", creationTimestamp: "2030-01-01T00:00:00Z" },
    spec: { taints },
    status: {
      conditions: Object.entries(conditions).map(([type, status]) => ({
        type,
        status,
        lastHeartbeatTime: "2030-01-01T00:09:00Z",
        lastTransitionTime: "2030-01-01T00:01:00Z",
      })),
    },
  };
}

test("nobody vouches for a silent node: its conditions become Unknown, those of others stay", () => {
  const told = silentConditions(node({ Ready: "True", NetworkUnavailable: "False" }), NOW_MS);
  assert.deepEqual(
    told.map(({ type, status, reason }) => [type, status, reason]),
    [
      ["NetworkUnavailable", "False", undefined],
      ["Ready", "Unknown", "NodeStatusUnknown"],
      ["MemoryPressure", "Unknown", "NodeStatusNeverUpdated"],
      ["DiskPressure", "Unknown", "NodeStatusNeverUpdated"],
      ["PIDPressure", "Unknown", "NodeStatusNeverUpdated"],
    ],
  );
  assert.equal(told[1]?.lastTransitionTime, NOW);
  const again = { ...node({}), status: { conditions: told } };
  assert.deepEqual(new Set(silentConditions(again, NOW_MS + 60_000)), new Set(told));
});

test("a node went silent only if its agent had spoken before", () => {
  const silent = (known: Node): Node => ({
    ...known,
    status: { conditions: silentConditions(known, NOW_MS) },
  });
  assert.equal(wentSilent(silent(node({ Ready: "True" }))), true);
  assert.equal(wentSilent(silent(node({}))), false);
  assert.equal(wentSilent(node({ Ready: "False" })), false);
});

const troubles: readonly {
  readonly name: string;
  readonly unwell: number;
  readonly of: number;
  readonly isCommon: boolean;
}[] = [
  { name: "the only node", unwell: 1, of: 1, isCommon: true },
  { name: "all of several", unwell: 2, of: 2, isCommon: true },
  { name: "two of three, too few to tell", unwell: 2, of: 3, isCommon: false },
  { name: "three of four", unwell: 3, of: 4, isCommon: true },
  { name: "half", unwell: 5, of: 10, isCommon: false },
  { name: "none", unwell: 0, of: 3, isCommon: false },
];
for (const { name, unwell, of, isCommon } of troubles) {
  test(`nobody is moved for a trouble that is common: ${name} unwell ${isCommon ? "is" : "is not"}`, () => {
    const all = Array.from({ length: of }, (_, i) =>
      node({ Ready: i < unwell ? "Unknown" : "True" }),
    );
    assert.equal(isCommonTrouble(all), isCommon);
  });
}

const notReady: Taint = {
  key: "node.kubernetes.io/not-ready",
  effect: "NoSchedule",
  timeAdded: NOW,
};
const unreachable: Taint = {
  key: "node.kubernetes.io/unreachable",
  effect: "NoSchedule",
  timeAdded: NOW,
};
const own: Taint = { key: "team", value: "blue", effect: "NoSchedule" };

interface Case {
  readonly name: string;
  readonly node: Node;
  readonly evicts?: boolean;
  readonly want: readonly Taint[] | undefined;
}

const cases: readonly Case[] = [
  { name: "a node that is well has none", node: node({ Ready: "True" }), want: undefined },
  { name: "not ready keeps new pods away", node: node({ Ready: "False" }), want: [notReady] },
  { name: "a node that never spoke is not ready", node: node({}), want: [notReady] },
  {
    name: "a silent one is unreachable; where pods may be moved they have to leave",
    node: node({ Ready: "Unknown" }),
    evicts: true,
    want: [unreachable, { ...unreachable, effect: "NoExecute" }],
  },
  {
    name: "a node that is back loses ours, not those of users",
    node: node({ Ready: "True" }, [unreachable, { ...unreachable, effect: "NoExecute" }, own]),
    want: [own],
  },
  {
    name: "pressure keeps new pods away",
    node: node({ Ready: "True", DiskPressure: "True" }),
    want: [{ key: "node.kubernetes.io/disk-pressure", effect: "NoSchedule", timeAdded: NOW }],
  },
  {
    name: "a cordoned node says so as a taint",
    node: { ...node({ Ready: "True" }), spec: { unschedulable: true } },
    want: [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule", timeAdded: NOW }],
  },
];

for (const { name, node: given, evicts = false, want } of cases) {
  test(`wantedTaints: ${name}`, () => assert.deepEqual(wantedTaints(given, evicts, NOW_MS), want));
}
