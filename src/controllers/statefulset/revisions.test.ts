import assert from "node:assert/strict";
import { test } from "node:test";
import type { ControllerRevision, StatefulSet } from "../../api/types.ts";
import { expiredRevisions, templateOf, updateRevisionOf } from "./revisions.ts";

function set(image: string): StatefulSet {
  return {
    metadata: { name: "db", namespace: "demo", uid: "u" },
    spec: {
      selector: {},
      template: { spec: { containers: [{ name: "main", image }] } },
      revisionHistoryLimit: 1,
    },
  };
}
const madeFor = (image: string, owned: readonly ControllerRevision[]) => {
  const step = updateRevisionOf(set(image), owned);
  return { ...step.revision, type: step.type };
};

test("a new template gets a revision with the next number, whose data restore the template", () => {
  const first = madeFor("db:1", []);
  const second = madeFor("db:2", [first]);
  assert.deepEqual([first.type, first.revision], ["create", 1]);
  assert.deepEqual([second.type, second.revision], ["create", 2]);
  assert.notEqual(first.metadata.name, second.metadata.name);
  assert.deepEqual(templateOf(first, set("db:2")), set("db:1").spec?.template);
});

test("the newest revision stays; an older one that is back gets the newest number", () => {
  const first = madeFor("db:1", []);
  const second = madeFor("db:2", [first]);
  assert.equal(madeFor("db:2", [first, second]).type, "present");
  const again = madeFor("db:1", [first, second]);
  assert.deepEqual(
    [again.type, again.revision, again.metadata.name],
    ["renumber", 3, first.metadata.name],
  );
});

test("history is cut to its limit, without what pods still use", () => {
  const revision = (number: number): ControllerRevision => ({
    metadata: { name: `r${number}` },
    revision: number,
  });
  const owned = [revision(4), revision(1), revision(2), revision(3)];
  const expired = expiredRevisions(set("db:1"), owned, new Set(["r4", "r1"]));
  assert.deepEqual(
    expired.map(({ metadata }) => metadata.name),
    ["r2"],
  );
  const endless = { ...set("db:1"), spec: { ...set("db:1").spec!, revisionHistoryLimit: -1 } };
  assert.deepEqual(expiredRevisions(endless, owned, new Set()), []);
});

test("a revision bears the annotations that the set had when it was made", () => {
  const before = set("db:1");
  const annotations = { "kubernetes.io/change-cause": "first" };
  const annotated = { ...before, metadata: { ...before.metadata, annotations } };
  const { revision } = updateRevisionOf(annotated, []);
  assert.deepEqual(revision.metadata.annotations, annotations);
});

test("a revision has the same name before and after the set's first status", () => {
  const before = set("db:1");
  const after = { ...before, status: { replicas: 0, collisionCount: 0 } };
  const nameOf = (given: StatefulSet) => updateRevisionOf(given, []).revision.metadata.name;
  assert.equal(nameOf(before), nameOf(after));
  const collided = { ...before, status: { replicas: 0, collisionCount: 1 } };
  assert.notEqual(nameOf(before), nameOf(collided));
});
