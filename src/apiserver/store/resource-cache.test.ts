import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeObject, type Item, itemOf, objectOf } from "./item.ts";
import { type HistoryLimits, ResourceCache } from "./resource-cache.ts";

const limits: HistoryLimits = { ageMs: 300_000, count: 100, bytes: 1e6 };

function cacheWith(history: HistoryLimits = limits): ResourceCache {
  return new ResourceCache([], 1, history);
}

function value(name: string, data = ""): Uint8Array {
  const [namespace = "", own = ""] = name.split("/");
  return encodeObject({
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: own, namespace, annotations: { data } },
  });
}

const keys = (items: readonly Item[] | undefined) => items?.map(({ key }) => key);

test("itemOf puts the version into the JSON, also when the metadata is empty", () => {
  const full = objectOf(itemOf("a/x", value("a/x"), 7));
  assert.equal(full.metadata.resourceVersion, "7");
  assert.equal(full.metadata.name, "x");
  const empty = encodeObject({ kind: "Odd", apiVersion: "v1", metadata: {} });
  assert.deepEqual(objectOf(itemOf("x", empty, 8)).metadata, { resourceVersion: "8" });
});

test("encodeObject keeps no version, wherever in the object it came from", () => {
  const text = Buffer.from(
    encodeObject({ metadata: { resourceVersion: "5", name: "x" }, kind: "K", apiVersion: "v1" }),
  ).toString();
  assert.equal(text, '{"kind":"K","apiVersion":"v1","metadata":{"name":"x"}}');
});

test("a list is sorted by key, and a namespace is a part of it", () => {
  const cache = cacheWith();
  for (const [index, name] of ["b/x", "a/z", "a/b", "a-b/x", "a/a"].entries()) {
    cache.apply({ key: name, revision: index + 2, value: value(name) }, 0);
  }
  assert.deepEqual(keys(cache.list("")), ["a-b/x", "a/a", "a/b", "a/z", "b/x"]);
  assert.deepEqual(keys(cache.list("a/")), ["a/a", "a/b", "a/z"]);
});

test("changes know what was there before, and a deletion has its own version", () => {
  const cache = cacheWith();
  const added = cache.apply({ key: "a/x", revision: 2, value: value("a/x", "1") }, 0);
  const changed = cache.apply({ key: "a/x", revision: 3, value: value("a/x", "2") }, 0);
  const deleted = cache.apply({ key: "a/x", revision: 4 }, 0);
  assert.equal(added?.type, "ADDED");
  assert.equal(changed?.type, "MODIFIED");
  assert.equal(changed?.previous?.revision, 2);
  assert.equal(deleted?.type, "DELETED");
  assert.equal(deleted?.revision, 4);
  assert.equal(deleted?.item, changed?.item, "the last state is not kept twice");
  assert.equal(cache.apply({ key: "a/x", revision: 5 }, 0), undefined);
});

test("listAt shows an older state: what was changed, deleted and added since is undone", () => {
  const cache = cacheWith();
  cache.apply({ key: "a/1", revision: 2, value: value("a/1", "old") }, 0);
  cache.apply({ key: "a/2", revision: 3, value: value("a/2") }, 0);
  cache.apply({ key: "a/1", revision: 4, value: value("a/1", "new") }, 0);
  cache.apply({ key: "a/2", revision: 5 }, 0);
  cache.apply({ key: "a/15", revision: 6, value: value("a/15") }, 0);
  const then = cache.listAt("a/", 3);
  assert.deepEqual(keys(then), ["a/1", "a/2"]);
  assert.equal(then?.[0]?.revision, 2);
  assert.deepEqual(keys(cache.listAt("a/", 6)), ["a/1", "a/15"]);
  assert.deepEqual(keys(cache.listAt("b/", 3)), []);
});

test("the history is bounded by count, by age and by size, and says where it begins", () => {
  const byCount = cacheWith({ ...limits, count: 3 });
  for (let i = 2; i < 10; i++) byCount.apply({ key: "a/x", revision: i, value: value("a/x") }, 0);
  assert.equal(byCount.oldestRevision, 6);
  assert.equal(byCount.eventsAfter(5), undefined);
  assert.equal(byCount.eventsAfter(6)?.length, 3);
  assert.equal(byCount.listAt("", 5), undefined);

  const byAge = cacheWith({ ...limits, ageMs: 1000 });
  byAge.apply({ key: "a/x", revision: 2, value: value("a/x") }, 0);
  byAge.apply({ key: "a/x", revision: 3, value: value("a/x") }, 500);
  byAge.apply({ key: "a/x", revision: 4, value: value("a/x") }, 1400);
  assert.equal(byAge.oldestRevision, 2);

  const bySize = cacheWith({ ...limits, bytes: 2_500 });
  const large = value("a/x", "x".repeat(1_000));
  for (let i = 2; i < 6; i++) bySize.apply({ key: "a/x", revision: i, value: large }, 0);
  assert.equal(bySize.oldestRevision, 3);
  bySize.apply({ key: "a/x", revision: 6, value: value("a/x", "x".repeat(3_000)) }, 0);
  assert.equal(bySize.oldestRevision, 6, "one change that is larger than all is not kept");
});

test("the history of a kind that no longer changes ends with its age", () => {
  const cache = cacheWith({ ...limits, ageMs: 1000 });
  cache.apply({ key: "a/x", revision: 2, value: value("a/x") }, 0);
  cache.apply({ key: "a/x", revision: 3, value: value("a/x") }, 500);
  cache.forget(1000);
  assert.equal(cache.eventsAfter(1)?.length, 2);
  cache.forget(1001);
  assert.equal(cache.eventsAfter(1), undefined);
  assert.equal(cache.eventsAfter(2)?.length, 1);
  cache.forget(2000);
  assert.equal(cache.historyBytes, 0);
  assert.deepEqual(cache.eventsAfter(3), [], "who has seen the last change resumes");
  assert.equal(cache.get("a/x")?.revision, 3);
});

test("a long history is cut without losing its place", () => {
  const cache = cacheWith({ ...limits, count: 10 });
  for (let i = 2; i < 5000; i++) cache.apply({ key: "a/x", revision: i, value: value("a/x") }, 0);
  assert.deepEqual(
    cache.eventsAfter(4995)?.map(({ revision }) => revision),
    [4996, 4997, 4998, 4999],
  );
});
