import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Node, Pod, Service } from "../../api/types.ts";
import { reconcileSlices } from "./reconcile.ts";

const zones: Readonly<Record<string, string | undefined>> = { a: "zone-a", b: "zone-b" };

function nodeOf(name: string): Node {
  const zone = zones[name];
  return { metadata: { name, labels: zone ? { "topology.kubernetes.io/zone": zone } : {} } };
}

type Annotations = Readonly<Record<string, string>>;

function service(trafficDistribution?: string, annotations: Annotations = {}): Service {
  return {
    metadata: { name: "web", namespace: "demo", uid: "u", annotations },
    spec: {
      selector: { app: "web" },
      clusterIP: "172.30.0.1",
      ports: [{ port: 80, targetPort: 8080 }],
      ...(trafficDistribution === undefined ? {} : { trafficDistribution }),
    },
  };
}

function pod(index: number, nodeName: string, isReady = true): Pod {
  const ip = `10.0.0.${index + 1}`;
  return {
    metadata: { name: `p${index}`, namespace: "demo", uid: `p${index}` },
    spec: { containers: [], nodeName },
    status: {
      phase: "Running",
      podIPs: [{ ip }],
      conditions: [{ type: "Ready", status: isReady ? "True" : "False" }],
    },
  };
}

interface Case {
  readonly name: string;
  readonly distribution?: string;
  /** A node each; `!` in front for a pod that is not ready. */
  readonly pods: readonly string[];
  readonly want: readonly (string | undefined)[];
}

const cases: readonly Case[] = [
  {
    name: "PreferClose: each ready endpoint serves its own zone",
    distribution: "PreferClose",
    pods: ["a", "b"],
    want: ["zone-a", "zone-b"],
  },
  { name: "one zone is enough", distribution: "PreferSameZone", pods: ["a"], want: ["zone-a"] },
  {
    name: "an endpoint without a zone has none, the others do",
    distribution: "PreferClose",
    pods: ["c", "b"],
    want: [undefined, "zone-b"],
  },
  {
    name: "an endpoint that is not ready has none",
    distribution: "PreferSameZone",
    pods: ["!a", "b"],
    want: [undefined, "zone-b"],
  },
  {
    name: "PreferSameNode: its zone and its node",
    distribution: "PreferSameNode",
    pods: ["a", "c"],
    want: ["zone-a node a", "node c"],
  },
  { name: "without the field there are none", pods: ["a", "b"], want: [undefined, undefined] },
];

function reconcile(
  given: Service,
  pods: readonly Pod[],
  existing: Parameters<typeof reconcileSlices>[0]["existing"] = [],
) {
  return reconcileSlices({ service: given, pods, nodeOf, existing, endpointsMax: 100 });
}

for (const { name, distribution, pods, want } of cases) {
  test(`hints: ${name}`, () => {
    const given = pods.map((text, index) =>
      pod(index, text.replace("!", ""), !text.startsWith("!")),
    );
    const [slice] = reconcile(service(distribution), given).creates;
    const told = slice?.endpoints.map(({ hints }) => {
      if (hints === undefined) return undefined;
      const { forZones = [], forNodes = [] } = hints;
      return [
        ...forZones.map((zone) => zone.name),
        ...forNodes.map((node) => `node ${node.name}`),
      ].join(" ");
    });
    assert.deepEqual(told, want);
  });
}

test("hints: clearing the field removes them, and a second pass has nothing to do", () => {
  const pods = [pod(0, "a"), pod(1, "b")];
  const [made] = reconcile(service("PreferClose"), pods).creates;
  const existing = [{ ...made!, metadata: { ...made!.metadata, name: "web-1" } }];
  assert.deepEqual(reconcile(service("PreferClose"), pods, existing).updates, []);
  const [cleared] = reconcile(service(), pods, existing).updates;
  assert.deepEqual(
    cleared?.endpoints.map(({ hints }) => hints),
    [undefined, undefined],
  );
  assert.deepEqual(reconcile(service(), pods, [cleared!]).updates, []);
});

const AUTO: Annotations = { "service.kubernetes.io/topology-mode": "Auto" };
const OLD = "service.kubernetes.io/topology-aware-hints";
const halves = () =>
  new Map([
    ["zone-a", 0.5],
    ["zone-b", 0.5],
  ]);
const twoInA = [pod(0, "a"), pod(1, "a")];

const modeCases: readonly {
  readonly name: string;
  readonly annotations: Annotations;
  readonly shares?: boolean;
  readonly want: readonly (string | undefined)[];
}[] = [
  { name: "the annotation wins over the field", annotations: AUTO, want: ["zone-b", "zone-a"] },
  {
    name: "also when it is refused",
    annotations: AUTO,
    shares: false,
    want: [undefined, undefined],
  },
  {
    name: "of two that disagree, the older name decides",
    annotations: { ...AUTO, [OLD]: "Disabled" },
    want: ["zone-a", "zone-a"],
  },
  {
    name: "written small it works as well",
    annotations: { [OLD]: "auto" },
    want: ["zone-b", "zone-a"],
  },
  {
    name: "other words are none",
    annotations: { "service.kubernetes.io/topology-mode": "AUTO" },
    want: ["zone-a", "zone-a"],
  },
];

for (const { name, annotations, shares = true, want } of modeCases) {
  test(`topology mode: ${name}`, () => {
    const { creates } = reconcileSlices({
      service: service("PreferClose", annotations),
      pods: twoInA,
      nodeOf,
      existing: [],
      endpointsMax: 100,
      shares: shares ? halves : () => undefined,
    });
    const hints = creates[0]?.endpoints.map((endpoint) => endpoint.hints?.forZones?.[0]?.name);
    assert.deepEqual(hints, want);
  });
}

test("topology mode: what it does is told once, and once more when it ends", () => {
  const sync = (
    annotations: Annotations,
    hinted?: Parameters<typeof reconcileSlices>[0]["hinted"],
    existing: readonly EndpointSlice[] = [],
  ) =>
    reconcileSlices({
      service: service(undefined, annotations),
      pods: twoInA,
      nodeOf,
      existing,
      endpointsMax: 100,
      shares: halves,
      ...(hinted === undefined ? {} : { hinted }),
    });
  const reasons = ({ notes }: ReturnType<typeof sync>) => notes.map(({ reason }) => reason);
  const first = sync(AUTO);
  assert.deepEqual(reasons(first), ["TopologyAwareHintsEnabled"]);
  const second = sync(AUTO, first.hinted);
  assert.deepEqual(reasons(second), []);
  const last = sync({}, second.hinted);
  assert.deepEqual(last.notes, [
    {
      type: "Warning",
      reason: "TopologyAwareHintsDisabled",
      message: "Topology Aware Hints has been disabled, addressType: IPv4",
    },
  ]);
  assert.deepEqual(reasons(sync({}, last.hinted)), []);

  // The process after a restart finds the hints in place.
  const existing = first.creates.map((slice) => ({
    ...slice,
    metadata: { ...slice.metadata, name: "web-1" },
  }));
  const afterRestart = sync(AUTO, undefined, existing);
  assert.deepEqual([afterRestart.updates, reasons(afterRestart)], [[], []]);
  assert.equal(afterRestart.hinted.size, 1);
});
