import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject } from "../api/types.ts";
import type { Change } from "./api.ts";
import type { Followed } from "./follow.ts";
import { indexBy } from "./index-by.ts";
import { InformerCache } from "./informer-cache.ts";

const object = (name: string, version: number, uid = name): KubeObject => ({
  metadata: { name, namespace: "demo", uid, resourceVersion: String(version) },
});
const tell = (change: Change<KubeObject>) => `${change.type} ${change.object.metadata.name}`;

interface Case {
  readonly name: string;
  readonly before: readonly KubeObject[];
  readonly followed: readonly Followed<KubeObject>[];
  readonly want: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "what vanished while nobody watched is told as DELETED",
    before: [object("a", 1), object("b", 2)],
    followed: [{ type: "REPLACED", objects: [object("b", 3), object("c", 4)] }],
    want: ["DELETED a", "MODIFIED b", "ADDED c"],
  },
  {
    name: "a new list with nothing new tells nothing",
    before: [object("a", 1)],
    followed: [{ type: "REPLACED", objects: [object("a", 1)] }],
    want: [],
  },
  {
    name: "an object that was deleted and made again is two objects",
    before: [object("a", 1, "uid-1")],
    followed: [{ type: "REPLACED", objects: [object("a", 9, "uid-2")] }],
    want: ["DELETED a", "ADDED a"],
  },
  {
    name: "a change of an object nobody knew is its addition",
    before: [],
    followed: [{ type: "MODIFIED", object: object("a", 2) }],
    want: ["ADDED a"],
  },
  {
    name: "the deletion of an object nobody knew is silent",
    before: [],
    followed: [{ type: "DELETED", object: object("a", 2) }],
    want: [],
  },
];

for (const { name, before, followed, want } of cases) {
  test(`InformerCache: ${name}`, () => {
    const cache = new InformerCache<KubeObject>((error) => assert.fail(String(error)));
    cache.apply({ type: "REPLACED", objects: before });
    const told: string[] = [];
    cache.subscribe((change) => told.push(tell(change)));
    told.length = 0;
    for (const step of followed) cache.apply(step);
    assert.deepEqual(told, want);
  });
}

test("InformerCache: a late subscriber first hears of what is there", () => {
  const cache = new InformerCache<KubeObject>(() => {});
  cache.apply({ type: "REPLACED", objects: [object("a", 1)] });
  const told: string[] = [];
  const stop = cache.subscribe((change) => told.push(tell(change)));
  cache.apply({ type: "ADDED", object: object("b", 2) });
  stop();
  cache.apply({ type: "ADDED", object: object("c", 3) });
  assert.deepEqual(told, ["ADDED a", "ADDED b"]);
});

test("InformerCache: a handler that throws does not keep the change from the others", () => {
  let errors = 0;
  const cache = new InformerCache<KubeObject>(() => errors++);
  const told: string[] = [];
  cache.subscribe(() => {
    throw new Error("broken handler");
  });
  cache.subscribe((change) => told.push(tell(change)));
  cache.apply({ type: "ADDED", object: object("a", 1) });
  assert.deepEqual({ errors, told }, { errors: 1, told: ["ADDED a"] });
});

test("InformerCache: namespaces have an index of their own", () => {
  const cache = new InformerCache<KubeObject>(() => {});
  cache.apply({ type: "REPLACED", objects: [object("a", 1), object("b", 2)] });
  assert.equal(cache.listNamespace("demo").length, 2);
  cache.apply({ type: "DELETED", object: object("a", 3) });
  assert.deepEqual(
    cache.listNamespace("demo").map((found) => found.metadata.name),
    ["b"],
  );
  assert.deepEqual(cache.listNamespace("other"), []);
});

test("InformerCache: who waits for a list that will never come is told so", async () => {
  const cache = new InformerCache<KubeObject>(() => {});
  const waiting = cache.whenSynced();
  cache.end();
  await assert.rejects(waiting, { code: "STREAM_DEAD" });
});

test("indexBy: follows additions, changes and deletions", () => {
  const cache = new InformerCache<KubeObject>(() => {});
  const labelled = (name: string, version: number, app: string): KubeObject => ({
    metadata: { ...object(name, version).metadata, labels: { app } },
  });
  const index = indexBy(cache, (found) => [found.metadata.labels?.["app"] ?? ""]);
  cache.apply({ type: "ADDED", object: labelled("a", 1, "web") });
  cache.apply({ type: "ADDED", object: labelled("b", 2, "web") });
  cache.apply({ type: "MODIFIED", object: labelled("a", 3, "db") });
  assert.deepEqual(
    index.get("web").map((found) => found.metadata.name),
    ["b"],
  );
  cache.apply({ type: "DELETED", object: labelled("b", 4, "web") });
  assert.deepEqual(index.get("web"), []);
});
