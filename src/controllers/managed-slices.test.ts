import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, KubeObject } from "../api/types.ts";
import { InformerCache } from "../client/informer-cache.ts";
import { ManualClock } from "../lib/manual-clock.ts";
import { ManagedSlices } from "./managed-slices.ts";

const KEY = "demo/web";
const slice: EndpointSlice = {
  metadata: {
    name: "web-1",
    namespace: "demo",
    uid: "s",
    generation: 1,
    labels: {
      "kubernetes.io/service-name": "web",
      "endpointslice.kubernetes.io/managed-by": "tester",
    },
  },
  addressType: "IPv4",
  endpoints: [],
};

function setUp() {
  const clock = new ManualClock();
  const cache = new InformerCache<EndpointSlice>((error) => assert.fail(String(error)));
  /** The server tells of a delete before it answers. */
  const write = (change: Partial<Record<"creates" | "deletes", readonly EndpointSlice[]>>) =>
    slices.apply(
      {
        create: async <T extends KubeObject>(_: unknown, object: T) => object,
        update: async <T extends KubeObject>(_: unknown, object: T) => object,
        delete: async () => cache.apply({ type: "DELETED", object: slice }),
      },
      { creates: [], updates: [], deletes: [], ...change },
      KEY,
    );
  const slices = new ManagedSlices(cache, "tester", clock);
  return { cache, clock, slices, write };
}

test("slices are behind until the cache shows what was written", async () => {
  const { cache, slices, write } = setUp();
  await write({ creates: [slice] });
  assert.equal(slices.of(KEY), "behind");
  cache.apply({ type: "ADDED", object: slice });
  assert.deepEqual(slices.of(KEY), [slice]);
});

test("a slice that was made and removed unseen is not waited for beyond five minutes", async () => {
  const { clock, slices, write } = setUp();
  await write({ creates: [slice] });
  assert.equal(slices.of(KEY), "behind");
  await clock.advance(299_000);
  assert.equal(slices.of(KEY), "behind");
  await clock.advance(1_000);
  assert.deepEqual(slices.of(KEY), []);
  assert.deepEqual(slices.of(KEY), []);
});

test("a delete whose event is faster than its answer leaves nothing to wait for", async () => {
  const { cache, slices, write } = setUp();
  cache.apply({ type: "ADDED", object: slice });
  await write({ deletes: [slice] });
  cache.apply({ type: "ADDED", object: slice });
  assert.deepEqual(slices.of(KEY), [slice]);
});

test("a slice that is being deleted is as good as gone", () => {
  const { cache, slices } = setUp();
  const metadata = { ...slice.metadata, deletionTimestamp: "2030-01-01T00:00:00Z" };
  cache.apply({ type: "ADDED", object: { ...slice, metadata } });
  assert.deepEqual(slices.of(KEY), []);
});
