import assert from "node:assert/strict";
import { test } from "node:test";
import { labelSelectorOf } from "../api/selectors.ts";
import type { EndpointSlice, KubeObject, Pod, Service } from "../api/types.ts";
import { planClaims } from "./claims.ts";
import { servicesConcerned } from "./endpoint-pods.ts";
import { Expectations } from "./expectations.ts";
import { intOrPercent } from "./int-or-percent.ts";
import { OwnWrites } from "./own-writes.ts";
import { SliceTracker } from "./slice-tracker.ts";
import { templateHash } from "./template-hash.ts";
import { triggerTime } from "./trigger-time.ts";

function pod(name: string, labels: Readonly<Record<string, string>>, more: Partial<Pod> = {}): Pod {
  return { metadata: { name, namespace: "demo", uid: name, labels }, ...more };
}
function service(name: string, selector: Readonly<Record<string, string>>): Service {
  return { metadata: { name, namespace: "demo" }, spec: { selector } };
}

test("planClaims: takes orphans that match, lets go of its own that match no longer", () => {
  const owned = (name: string, uid: string, app: string): KubeObject => {
    const reference = {
      apiVersion: "apps/v1",
      kind: "ReplicaSet",
      name: "x",
      uid,
      controller: true,
    };
    return { metadata: { name, labels: { app }, ownerReferences: [reference] } };
  };
  const selector = labelSelectorOf({ matchLabels: { app: "web" } });
  const candidates = [
    owned("own", "me", "web"),
    owned("strayed", "me", "other"),
    owned("another's", "you", "web"),
    { metadata: { name: "orphan", labels: { app: "web" } } },
    { metadata: { name: "dying", labels: { app: "web" }, deletionTimestamp: "x" } },
  ];
  const names = (list: readonly KubeObject[]) => list.map(({ metadata }) => metadata.name);
  const claims = planClaims({ metadata: { uid: "me" } }, selector, candidates);
  assert.deepEqual(
    [names(claims.owned), names(claims.adopt), names(claims.release)],
    [["own"], ["orphan"], ["strayed"]],
  );
  const dying = planClaims(
    { metadata: { uid: "me", deletionTimestamp: "x" } },
    selector,
    candidates,
  );
  assert.deepEqual([names(dying.owned), dying.adopt], [["own", "strayed"], []]);
});

const ready = (status: string): Partial<Pod> => ({
  status: { conditions: [{ type: "Ready", status }] },
});
const web = { app: "web" };
const wakes: readonly {
  readonly name: string;
  readonly before?: Pod;
  readonly after: Pod;
  readonly want: readonly string[];
}[] = [
  {
    name: "a new pod concerns those that select it",
    after: pod("a", web),
    want: ["demo/web", "demo/all"],
  },
  {
    name: "a turn of readiness as well",
    before: pod("a", web, ready("False")),
    after: pod("a", web, ready("True")),
    want: ["demo/web", "demo/all"],
  },
  {
    name: "a mere status update concerns nobody",
    before: pod("a", web, { status: { message: "x" } }),
    after: pod("a", web, { status: { message: "y" } }),
    want: [],
  },
  {
    name: "new labels concern those that select the pod before or after, not both times",
    before: pod("a", { app: "web", tier: "front" }),
    after: pod("a", { app: "db", tier: "front" }),
    want: ["demo/web", "demo/db"],
  },
];

for (const { name, before, after, want } of wakes) {
  test(`servicesConcerned: ${name}`, () => {
    const services = [
      service("web", web),
      service("all", before?.metadata.labels?.["tier"] ? { tier: "front" } : web),
      service("db", { app: "db" }),
      service("none", {}),
    ];
    const change =
      before === undefined
        ? ({ type: "ADDED", object: after } as const)
        : ({ type: "MODIFIED", object: after, previous: before } as const);
    assert.deepEqual(servicesConcerned(change, services), want);
  });
}

test("triggerTime: the earliest turn of readiness that is news; the Service's creation at first", () => {
  const at = (name: string, time: string): Pod =>
    pod(name, web, {
      status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: time }] },
    });
  const owner: Service = { metadata: { creationTimestamp: "2030-01-01T00:00:00Z" } };
  const pods = [at("a", "2030-01-01T00:00:10Z")];
  const first = triggerTime(owner, pods, undefined);
  assert.equal(first.time, "2030-01-01T00:00:00Z");
  assert.equal(triggerTime(owner, pods, first.now).time, undefined);
  const more = [...pods, at("b", "2030-01-01T00:00:30Z"), at("c", "2030-01-01T00:00:20Z")];
  const second = triggerTime(owner, more, first.now);
  assert.equal(second.time, "2030-01-01T00:00:20Z");
  assert.equal(triggerTime(owner, more.slice(1), second.now).time, undefined);
});

test("Expectations: nobody counts from a cache that does not show what was done", () => {
  const expectations = new Expectations();
  const isMet = (nowMs: number) => expectations.waitMs("demo/web", nowMs) === 0;
  const added = { type: "ADDED", object: pod("a", web) } as const;
  expectations.created("demo/web", "a", false, 0);
  expectations.created("demo/web", "b", true, 0);
  assert.equal(isMet(0), false);
  expectations.observe("demo/web", added);
  assert.equal(isMet(0), true);

  expectations.deleting("demo/web", "a", 0);
  expectations.observe("demo/web", added);
  assert.equal(isMet(0), false);
  const { metadata } = added.object;
  const terminating = { ...added.object, metadata: { ...metadata, deletionTimestamp: "x" } };
  expectations.observe("demo/web", {
    type: "MODIFIED",
    object: terminating,
    previous: added.object,
  });
  assert.equal(isMet(0), true);

  expectations.deleting("demo/web", "c", 0);
  assert.equal(expectations.waitMs("demo/web", 60_000), 4 * 60_000);
  assert.equal(isMet(5 * 60_000), true, "an event lost does not block for ever");
});

test("SliceTracker: knows its own writes from those of others, and an old cache from a new one", () => {
  const slice = (uid: string, generation: number): EndpointSlice => ({
    metadata: { uid, generation },
    addressType: "IPv4",
    endpoints: [],
  });
  const tracker = new SliceTracker();
  tracker.written("demo/web", slice("s", 2));
  assert.equal(tracker.isStale("demo/web", []), true);
  assert.equal(tracker.isStale("demo/web", [slice("s", 1)]), true);
  assert.equal(tracker.isStale("demo/web", [slice("s", 2)]), false);
  assert.equal(tracker.isForeignChange("demo/web", slice("s", 2)), false);
  assert.equal(tracker.isForeignChange("demo/web", slice("s", 3)), true);
  assert.equal(tracker.observeDeletion("demo/web", slice("s", 3)), true);
  tracker.deleted("demo/web", slice("t", 1));
  assert.equal(tracker.isStale("demo/web", [slice("t", 1)]), true);
  assert.equal(tracker.observeDeletion("demo/web", slice("t", 1)), false);
});

test("intOrPercent: numbers as they are, shares rounded as asked", () => {
  assert.equal(intOrPercent("25%", 3, "up"), 1);
  assert.equal(intOrPercent("25%", 3, "down"), 0);
  assert.equal(intOrPercent(2, 3, "up"), 2);
  assert.equal(intOrPercent("x", 3, "up"), 0);
});

test("templateHash: the order of fields does not matter, a collision count does", () => {
  assert.equal(templateHash({ a: 1, b: 2 }, undefined), templateHash({ b: 2, a: 1 }, undefined));
  assert.notEqual(templateHash({ a: 1 }, undefined), templateHash({ a: 1 }, 1));
});

test("OwnWrites: a cache that shows what we replaced is behind, for a while at most", () => {
  const at = (version: string): KubeObject => ({ metadata: { resourceVersion: version } });
  const writes = new OwnWrites();
  writes.wrote("a", at("1"), at("2"), at("1"));
  assert.equal(writes.isBehind("a", at("1")), true);
  assert.equal(writes.isBehind("a", at("3")), false);
  assert.equal(writes.isBehind("a", at("1")), false, "the cache caught up before");
  writes.wrote("b", at("1"), at("2"), at("2"));
  assert.equal(writes.isBehind("b", at("2")), false, "the cache was faster than the answer");
  writes.wrote("c", at("1"), at("1"), at("1"));
  assert.equal(writes.isBehind("c", at("1")), false, "a write without effect has no event");
  writes.wrote("d", undefined, at("1"), undefined);
  for (let look = 0; look < 20; look++) assert.equal(writes.isBehind("d", undefined), true);
  assert.equal(writes.isBehind("d", undefined), false, "made and deleted between two looks");
});
