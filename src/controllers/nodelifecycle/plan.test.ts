import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Taint } from "../../api/types.ts";
import { evictionIntervalMs, silentConditions, wantedTaints, wentSilent, zoneOf } from "./plan.ts";

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

const NEVER = Number.POSITIVE_INFINITY;

const troubles: readonly {
  readonly name: string;
  /** Unwell nodes of all nodes, by zone. */
  readonly zones: Readonly<Record<string, readonly [unwell: number, of: number]>>;
  /** How far apart nodes of zone `a` lose their pods. */
  readonly want: number;
}[] = [
  { name: "the only node", zones: { a: [1, 1] }, want: NEVER },
  { name: "all of several", zones: { a: [2, 2] }, want: NEVER },
  { name: "all of all zones", zones: { a: [2, 2], b: [1, 1] }, want: NEVER },
  { name: "two of three, too few to tell", zones: { a: [2, 3] }, want: 10_000 },
  { name: "three of four", zones: { a: [3, 4] }, want: NEVER },
  { name: "half", zones: { a: [5, 10] }, want: 10_000 },
  { name: "just below the share", zones: { a: [54, 100] }, want: 10_000 },
  { name: "the share of a large zone", zones: { a: [55, 100] }, want: 100_000 },
  { name: "a zone of fifty is not large", zones: { a: [30, 50] }, want: NEVER },
  { name: "none", zones: { a: [0, 3] }, want: 10_000 },
  { name: "all of this zone, another is well", zones: { a: [4, 4], b: [0, 1] }, want: 10_000 },
  { name: "another zone is in trouble", zones: { a: [1, 4], b: [3, 4] }, want: 10_000 },
  {
    name: "one node each of three zones of four",
    zones: { a: [1, 1], b: [1, 1], c: [1, 1], d: [0, 1] },
    want: 10_000,
  },
];
for (const { name, zones, want } of troubles) {
  test(`nodes lose their pods one by one, in a common trouble none do: ${name}`, () => {
    const all = Object.entries(zones).flatMap(([zone, [unwell, of]]) =>
      Array.from({ length: of }, (_, index) => inZone(zone, index < unwell ? "Unknown" : "True")),
    );
    assert.equal(evictionIntervalMs(all, zoneOf(inZone("a", "True"))), want);
  });
}

function inZone(zone: string, ready: string): Node {
  const given = node({ Ready: ready });
  const labels = { "topology.kubernetes.io/zone": zone };
  return { ...given, metadata: { ...given.metadata, labels } };
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
    name: "one that tells of itself no more goes on losing its pods, without waiting for its turn",
    node: node({ Ready: "Unknown" }, [notReady, { ...notReady, effect: "NoExecute" }]),
    want: [unreachable, { ...unreachable, effect: "NoExecute" }],
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
