import assert from "node:assert/strict";
import { test } from "node:test";
import { namespaceConditions } from "./conditions.ts";

const EARLIER_MS = Date.parse("2030-01-01T00:00:00Z");
const LATER_MS = EARLIER_MS + 60_000;
const clean = { remains: [], failedGroupVersions: [], failures: [] };

test("an empty namespace: all five conditions are False, in Kubernetes' words", () => {
  const told = namespaceConditions({ metadata: {} }, clean, EARLIER_MS);
  assert.deepEqual(
    told.map(({ type, status, reason }) => `${type} ${status} ${reason}`),
    [
      "NamespaceDeletionDiscoveryFailure False ResourcesDiscovered",
      "NamespaceDeletionGroupVersionParsingFailure False ParsedGroupVersions",
      "NamespaceDeletionContentFailure False ContentDeleted",
      "NamespaceContentRemaining False ContentRemoved",
      "NamespaceFinalizersRemaining False ContentHasNoFinalizers",
    ],
  );
});

test("what remains, and what holds it, is counted", () => {
  const held = { metadata: { finalizers: ["example.org/x"] } };
  const remains = [
    { resource: "secrets.", objects: [{ metadata: {} }] },
    { resource: "pods.", objects: [held, { metadata: {} }] },
  ];
  const outcome = { ...clean, remains, failures: ["b", "a"] };
  const messages = namespaceConditions({ metadata: {} }, outcome, EARLIER_MS)
    .filter(({ status }) => status === "True")
    .map(({ message }) => message);
  assert.deepEqual(messages, [
    "Failed to delete all resource types, 2 remaining: a, b",
    "Some resources are remaining: pods. has 2 resource instances, secrets. has 1 resource instances",
    "Some content in the namespace has finalizers remaining: example.org/x in 1 resource instances",
  ]);
});

test("times change with the status only", () => {
  const first = namespaceConditions({ metadata: {} }, clean, EARLIER_MS);
  const namespace = { metadata: {}, status: { conditions: first } };
  const again = namespaceConditions(namespace, { ...clean, failures: ["x"] }, LATER_MS);
  const times = again.map(({ lastTransitionTime }) => lastTransitionTime);
  assert.deepEqual(
    times.map((time) => time === "2030-01-01T00:01:00Z"),
    [false, false, true, false, false],
  );
});
