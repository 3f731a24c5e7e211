import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../test/proxy/random.ts";
import { emptyWorld, randomEvent } from "../../../test/proxy/random-facts.ts";
import type { EndpointSlice } from "../../api/types.ts";
import { buildForwardingTable, ForwardingTableBuilder } from "./forwarding-table.ts";
import { compareText, formatBackend } from "./port-routing.ts";
import type { ServiceFacts } from "./service-facts.ts";
import { type SliceFacts, sliceFacts } from "./slice-facts.ts";

const node = { nodeName: "node-a", zone: "zone-1" };

function service(overrides: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    key: "default/web",
    createdAt: "2026-01-01T00:00:00Z",
    clusterIps: ["172.30.0.1"],
    externalIps: [],
    loadBalancerIps: [],
    ports: [{ name: "", protocol: "TCP", port: 80 }],
    isInternalLocal: false,
    isExternalLocal: false,
    sourceRanges: [],
    ...overrides,
  };
}

function slice(name: string, ...addresses: readonly string[]): SliceFacts {
  return {
    key: `default/${name}`,
    service: "default/web",
    family: "IPv4",
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
    endpoints: addresses.map((address) => ({
      address,
      isReady: true,
      isServing: true,
      isTerminating: false,
      forZones: [],
      forNodes: [],
    })),
  };
}

function backendsOf(builder: ForwardingTableBuilder): readonly string[] | undefined {
  return builder.table.get("default/web")?.[0]?.cluster?.map(formatBackend);
}

const seeds = [Date.now() % 100_000, ...Array.from({ length: 40 }, (_, index) => index)];

test("after any order of events the table equals one that is computed afresh", () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const world = emptyWorld();
    const builder = new ForwardingTableBuilder(node);
    const applied = new Map();
    for (let step = 0; step < 60; step++) {
      randomEvent(random, world, builder);
      if (random.chance(0.4)) continue;
      // Whoever follows the changes alone has the same table.
      for (const key of builder.take().services) {
        const routing = builder.table.get(key);
        if (routing === undefined) applied.delete(key);
        else applied.set(key, routing);
      }
      const afresh = buildForwardingTable({
        services: [...world.services.values()],
        slices: [...world.slices.values()],
        node,
      });
      const sorted = (table: Iterable<readonly [string, unknown]>) =>
        [...table].toSorted(([a], [b]) => compareText(a, b));
      assert.deepEqual(sorted(builder.table), sorted(afresh), `seed ${seed}, step ${step}`);
      assert.deepEqual(sorted(applied), sorted(afresh), `seed ${seed}, step ${step}`);
    }
  }
});

test("endpoints are ordered by the text of address and port", () => {
  const builder = new ForwardingTableBuilder(node);
  builder.setService("default/web", service());
  const addresses = ["10.1.1.1", "10.1.1.11", "10.2.2.2", "10.2.2.22"];
  builder.setSlice("default/a", slice("a", ...addresses));
  builder.take();
  assert.deepEqual(backendsOf(builder), [
    "10.1.1.11:8080",
    "10.1.1.1:8080",
    "10.2.2.22:8080",
    "10.2.2.2:8080",
  ]);
});

test("an endpoint that passes from one slice to another is there all the time, once", () => {
  const builder = new ForwardingTableBuilder(node);
  builder.setService("default/web", service());
  for (const [name, addresses] of [
    ["s1", ["10.0.0.1"]],
    ["s2", ["10.0.0.1"]],
    ["s1", []],
  ] as const) {
    builder.setSlice(`default/${name}`, slice(name, ...addresses));
    builder.take();
    assert.deepEqual(backendsOf(builder), ["10.0.0.1:8080"]);
  }
});

test("of two slices that list an endpoint, the one that says it is local counts", () => {
  const builder = new ForwardingTableBuilder(node);
  builder.setService("default/web", service({ isInternalLocal: true }));
  const [endpoint] = slice("a", "10.0.0.1").endpoints;
  const local = { ...slice("a"), endpoints: [{ ...endpoint!, nodeName: "node-a" }] };
  builder.setSlice("default/a", local);
  builder.setSlice("default/b", slice("b", "10.0.0.1"));
  builder.take();
  assert.deepEqual(builder.table.get("default/web")?.[0]?.local, [
    { address: "10.0.0.1", port: 8080 },
  ]);
});

test("what is made and deleted between two syncs costs nothing", () => {
  const builder = new ForwardingTableBuilder(node);
  builder.setService("default/web", service());
  builder.setSlice("default/a", slice("a", "10.0.0.1"));
  builder.setService("default/web", undefined);
  builder.setSlice("default/a", undefined);
  assert.equal(builder.take().services.size, 0);
});

test("10,000 Services that came and went leave no memory behind", () => {
  const builder = new ForwardingTableBuilder(node);
  for (let i = 0; i < 10_000; i++) {
    const key = `default/s${i}`;
    const clusterIps = [`172.30.${i >> 8}.${i & 255}`];
    builder.setService(key, service({ key, clusterIps }));
    builder.setSlice(key, { ...slice(`s${i}`, "10.0.0.1"), service: key });
  }
  builder.take();
  assert.equal(builder.trackedServices, 10_000);
  for (let i = 0; i < 10_000; i++) {
    builder.setService(`default/s${i}`, undefined);
    builder.setSlice(`default/s${i}`, undefined);
  }
  builder.take();
  assert.equal(builder.trackedServices, 0);
});

test("a change of the node's zone works every Service out again", () => {
  const builder = new ForwardingTableBuilder(node);
  builder.setService("default/web", service());
  const [a, b] = slice("a", "10.0.0.1", "10.0.0.2").endpoints;
  const endpoints = [
    { ...a!, forZones: ["zone-1"] },
    { ...b!, forZones: ["zone-2"] },
  ];
  builder.setSlice("default/a", { ...slice("a"), endpoints });
  builder.take();
  assert.deepEqual(backendsOf(builder), ["10.0.0.1:8080"]);
  builder.setNode({ nodeName: "node-a", zone: "zone-2" });
  assert.deepEqual([...builder.take().services], ["default/web"]);
  assert.deepEqual(backendsOf(builder), ["10.0.0.2:8080"]);
});

test("an address that two Services claim stays with the older one until that goes", () => {
  const builder = new ForwardingTableBuilder(node);
  const externalIps = ["203.0.113.9"];
  const old = service({ key: "default/old", externalIps, clusterIps: ["172.30.0.2"] });
  const young = service({ externalIps, createdAt: "2026-01-02T00:00:00Z" });
  const entryKinds = (key: string) => builder.table.get(key)?.[0]?.entries.map(({ kind }) => kind);
  builder.setService("default/web", young);
  builder.take();
  assert.deepEqual(entryKinds("default/web"), ["ClusterIP", "ExternalIP"]);
  builder.setService("default/old", old);
  builder.take();
  assert.deepEqual(entryKinds("default/web"), ["ClusterIP"]);
  assert.deepEqual(entryKinds("default/old"), ["ClusterIP", "ExternalIP"]);
  builder.setService("default/old", undefined);
  builder.take();
  assert.deepEqual(entryKinds("default/web"), ["ClusterIP", "ExternalIP"]);
});

test("a change says when it was triggered, once", () => {
  const builder = new ForwardingTableBuilder(node);
  builder.setService("default/web", service());
  builder.setSlice("default/a", { ...slice("a", "10.0.0.1"), triggeredAtMs: 1000 });
  assert.deepEqual(builder.take().triggersMs, [1000]);
  builder.setSlice("default/a", { ...slice("a", "10.0.0.2"), triggeredAtMs: 1000 });
  assert.deepEqual(builder.take().triggersMs, []);
});

const object: EndpointSlice = {
  metadata: { namespace: "default", name: "a", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "", port: 80 }],
  endpoints: [{ addresses: ["10.0.0.1", "10.0.0.2"] }],
};
const unlabelled = { ...object, metadata: { namespace: "default", name: "a" } };

const narrowings = [
  { name: "an unset condition is ready and serving", of: object, want: [true, true, false] },
  { name: "host names are ignored", of: { ...object, addressType: "FQDN" }, want: undefined },
  { name: "a slice of no Service is ignored", of: unlabelled, want: undefined },
] as const;

for (const { name, of, want } of narrowings) {
  test(`sliceFacts: ${name}`, () => {
    const facts = sliceFacts(of);
    const endpoint = facts?.endpoints[0];
    const got = endpoint && [endpoint.isReady, endpoint.isServing, endpoint.isTerminating];
    assert.deepEqual(got, want);
  });
}

test("sliceFacts: only the first address of an endpoint counts; a port without a name does not", () => {
  const facts = sliceFacts({ ...object, ports: [{ port: 80 }, { name: "b" }] });
  assert.deepEqual(facts?.ports, []);
  assert.deepEqual(
    facts?.endpoints.map(({ address }) => address),
    ["10.0.0.1"],
  );
});
