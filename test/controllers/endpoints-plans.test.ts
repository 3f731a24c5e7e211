import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Endpoints, Pod, Service } from "../../src/api/types.ts";
import { reconcileEndpoints } from "../../src/controllers/endpoints/reconcile.ts";
import { MANAGED_BY, reconcileSlices } from "../../src/controllers/endpointslice/reconcile.ts";
import {
  isMirrored,
  mirrorEndpoints,
} from "../../src/controllers/endpointslicemirroring/reconcile.ts";
import type { SlicePlan } from "../../src/controllers/slices.ts";
import { MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from "../../src/controllers/slices.ts";
import type { MirroringCase, PodFacts, ReconcileCase } from "./case-facts.ts";
import {
  caseNodes,
  cases,
  comparableSlices,
  defaultService,
  endpointsFrom,
  factsOfSlice,
  NAMESPACE,
  podFrom,
  serviceFrom,
} from "./case-facts.ts";

// The pure parts alone: what they plan, without a server. `endpoints-server.test.ts` shows the same on a real one.

const nodeOf = (name: string) => caseNodes.find((node) => node.metadata.name === name);

/** "p1..p250" and single names. */
function expand(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const range = /^p(\d+)\.\.p(\d+)$/.exec(name);
    if (range === null) return [name];
    const from = Number(range[1]);
    return Array.from({ length: Number(range[2]) - from + 1 }, (_, index) => `p${from + index}`);
  });
}

function generated(name: string, index: number): PodFacts {
  const number = /^p(\d+)$/.test(name) ? Number(name.slice(1)) : index;
  const ip = `10.244.${Math.floor(number / 200)}.${(number % 200) + 1}`;
  return { name, ips: [ip], node: number % 2 === 1 ? "n2" : "n1" };
}

function podsOf({ input, podGroups = [] }: ReconcileCase): Pod[] {
  if (input === undefined) {
    const facts = podGroups.flatMap(({ count, ...group }) =>
      Array.from({ length: count }, () => group),
    );
    return facts.map((group, index) =>
      podFrom({ ...generated(`p${index}`, index), ...group }, `u${index}`),
    );
  }
  const overrides = input.podOverrides ?? {};
  return expand(input.pods).map((name, index) => {
    const base = generated(name, index);
    const more: Partial<PodFacts> =
      typeof overrides !== "string"
        ? (overrides[name] ?? {})
        : overrides.includes("unready")
          ? { ready: index % 2 === 0 }
          : { ports: [`app/${8080 + (index % 5)}/TCP`] };
    return podFrom({ ...base, ...more }, `uid-${name}`);
  });
}

/** The slices a case begins with: what the controller would have written itself. */
function slicesOf(
  testCase: ReconcileCase,
  service: Service,
  pods: readonly Pod[],
): EndpointSlice[] {
  return (testCase.input?.slices ?? []).map((facts, index) => {
    const held = expand(facts.holds);
    const before = serviceFrom(defaultService, "uid-web");
    const was = facts.addressType === "IPv6" ? service : before;
    const known = pods.filter((pod) => held.includes(pod.metadata.name ?? ""));
    const gone = held
      .filter((name) => !pods.some((pod) => pod.metadata.name === name))
      .map((name, position) => podFrom(generated(name, position), `uid-${name}`));
    const [slice] = reconcileSlices({
      service: was,
      pods: [...known, ...gone],
      nodeOf,
      existing: [],
      endpointsMax: 1000,
    }).creates;
    assert.ok(slice !== undefined);
    const recorded = facts.allEndpointsRecordedAs;
    return {
      ...slice,
      metadata: {
        ...slice.metadata,
        name: facts.name,
        uid: facts.name,
        resourceVersion: `${index}`,
      },
      addressType: facts.addressType ?? slice.addressType,
      endpoints: slice.endpoints.map((endpoint) =>
        recorded === undefined
          ? endpoint
          : { ...endpoint, conditions: { ...endpoint.conditions, ...recorded } },
      ),
    };
  });
}

function after(existing: readonly EndpointSlice[], plan: SlicePlan): EndpointSlice[] {
  const gone = new Set([...plan.updates, ...plan.deletes].map(({ metadata }) => metadata.name));
  return [
    ...existing.filter(({ metadata }) => !gone.has(metadata.name)),
    ...plan.updates,
    ...plan.creates,
  ];
}
const sizes = (slices: readonly EndpointSlice[]) =>
  slices.map(({ endpoints }) => endpoints?.length ?? 0).sort((a, b) => b - a);

for (const testCase of cases) {
  if (testCase.level !== "reconcile") continue;
  test(`one pass: ${testCase.title}`, () => {
    const { input, expect } = testCase;
    const given = input === undefined ? testCase.service : input.service;
    const facts = given === "default" || given === undefined ? {} : given;
    const service = serviceFrom({ ...defaultService, ...facts }, "uid-web");
    const pods = podsOf(testCase);
    const existing = slicesOf(testCase, service, pods);
    const endpointsMax = testCase.maxEndpointsPerSlice ?? 100;
    const plan = reconcileSlices({ service, pods, nodeOf, existing, endpointsMax });

    if (expect.writes !== undefined) {
      const { creates, updates, deletes } = plan;
      const writes = { create: creates.length, update: updates.length, delete: deletes.length };
      assert.deepEqual(writes, expect.writes);
      assert.deepEqual(
        sizes(after(existing, plan)),
        [...(expect.sizesAfter ?? [])].sort((a, b) => b - a),
      );
    }
    assert.equal(plan.podsWithoutNode.length > 0, expect.retried ?? false);
    if (expect.sliceSizes !== undefined) {
      assert.deepEqual(
        sizes(plan.creates),
        [...expect.sliceSizes].sort((a, b) => b - a),
      );
    }
    if (expect.subsetSizes !== undefined) {
      const endpoints = reconcileEndpoints({ service, pods, existing: undefined });
      assert.ok(endpoints !== undefined);
      const subsetSizes = (endpoints.subsets ?? []).map(
        ({ addresses = [], notReadyAddresses = [] }) => [
          addresses.length,
          notReadyAddresses.length,
        ],
      );
      assert.deepEqual(subsetSizes, expect.subsetSizes);
      assert.equal(
        endpoints.metadata.annotations?.["endpoints.kubernetes.io/over-capacity"],
        expect.overCapacity,
      );
    }
  });
}

const manyPods = (count: number) =>
  Array.from({ length: count }, (_, index) => {
    const ip = `10.${100 + Math.floor(index / 60_000)}.${Math.floor(index / 250) % 240}.${(index % 250) + 1}`;
    return podFrom({ name: `p${index}`, ips: [ip], node: "n1" }, `uid-${index}`);
  });
const settled = (plan: SlicePlan) =>
  plan.creates.map((slice, index) => ({
    ...slice,
    metadata: { ...slice.metadata, name: `web-${index}`, uid: `slice-${index}` },
  }));

test("5,000 backends: Endpoints hold 1,000 and say so, slices hold all; one that turns unready rewrites one slice", () => {
  const service = serviceFrom(defaultService, "uid-web");
  const pods = manyPods(5000);
  const endpoints = reconcileEndpoints({ service, pods, existing: undefined });
  assert.equal(endpoints?.subsets?.flatMap(({ addresses = [] }) => addresses).length, 1000);
  assert.equal(
    endpoints?.metadata.annotations?.["endpoints.kubernetes.io/over-capacity"],
    "truncated",
  );

  const existing = settled(
    reconcileSlices({ service, pods, nodeOf, existing: [], endpointsMax: 100 }),
  );
  assert.deepEqual(sizes(existing), new Array(50).fill(100));

  const flipped = pods.with(2345, podFrom({ ...factsOf(2345, pods), ready: false }, "uid-2345"));
  const plan = reconcileSlices({ service, pods: flipped, nodeOf, existing, endpointsMax: 100 });
  assert.deepEqual([plan.creates.length, plan.updates.length, plan.deletes.length], [0, 1, 0]);
});

function factsOf(index: number, pods: readonly Pod[]): PodFacts {
  const ip = pods[index]?.status?.podIP ?? "";
  return { name: `p${index}`, ips: [ip], node: "n1" };
}

test("a pass over its own result writes nothing, in any order of pods and slices", () => {
  const service = serviceFrom(defaultService, "uid-web");
  const pods = manyPods(250);
  const existing = settled(
    reconcileSlices({ service, pods, nodeOf, existing: [], endpointsMax: 100 }),
  );
  assert.deepEqual(sizes(existing), [100, 100, 50]);
  const again = reconcileSlices({
    service,
    pods: pods.toReversed(),
    nodeOf,
    existing: existing.toReversed(),
    endpointsMax: 100,
  });
  assert.deepEqual([again.creates, again.updates, again.deletes], [[], [], []]);
  const endpoints = reconcileEndpoints({ service, pods, existing: undefined });
  assert.equal(
    reconcileEndpoints({ service, pods: pods.toReversed(), existing: endpoints }),
    undefined,
  );
});

function mirrored(
  given: MirroringCase["service"],
  object: Endpoints,
  existing: readonly EndpointSlice[],
): SlicePlan {
  const service = given === "none" ? undefined : serviceFrom(given, "uid-ext");
  return isMirrored(object, service)
    ? mirrorEndpoints(object, existing)
    : { creates: [], updates: [], deletes: existing };
}

for (const testCase of cases) {
  // Deletion of the Endpoints is the loop's matter.
  if (testCase.level !== "mirroring" || testCase.then?.op === "delete-endpoints") continue;
  test(`mirrors: ${testCase.title}`, () => {
    const labels = { ...testCase.endpoints.labels, ...testCase.then?.labels };
    const first = endpointsFrom("ext", testCase.endpoints);
    const before = after([], mirrored(testCase.service, first, []));
    const named = before.map((slice, index) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `ext-${index}` },
    }));
    const object = endpointsFrom("ext", { ...testCase.endpoints, labels });
    const slices = after(
      named,
      mirrored(testCase.then?.service ?? testCase.service, object, named),
    );
    const { expect } = testCase;
    if (expect.sliceCount !== undefined) assert.equal(slices.length, expect.sliceCount);
    if (expect.slices !== undefined) {
      assert.deepEqual(comparableSlices(slices.map(factsOfSlice)), comparableSlices(expect.slices));
    }
    for (const { metadata } of slices) {
      for (const [key, value] of Object.entries(expect.labels ?? {})) {
        assert.equal(metadata.labels?.[key], value);
      }
      const [owner] = metadata.ownerReferences ?? [];
      assert.deepEqual({ ...owner, ...expect.ownerReferences }, owner);
    }
  });
}

test("slices of another manager are no concern of ours", () => {
  const service = serviceFrom(defaultService, "uid-web");
  assert.equal(service.metadata.namespace, NAMESPACE);
  const [slice] = reconcileSlices({
    service,
    pods: [],
    nodeOf,
    existing: [],
    endpointsMax: 100,
  }).creates;
  assert.equal(slice?.metadata.labels?.[MANAGED_BY_LABEL], MANAGED_BY);
  assert.equal(slice?.metadata.labels?.[SERVICE_NAME_LABEL], "web");
});
