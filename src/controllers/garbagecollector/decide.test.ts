import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubeObject, OwnerReference } from "../../api/types.ts";
import type { Decision, OwnerState } from "./decide.ts";
import { decide } from "./decide.ts";
import type { GraphNode } from "./graph.ts";

const DELETED_AT = "2030-01-01T00:00:00Z";
const owner = (uid: string, blockOwnerDeletion = false): OwnerReference => ({
  apiVersion: "v1",
  kind: "Service",
  name: uid,
  uid,
  blockOwnerDeletion,
});
const dependent = (
  of: string,
  blocks: boolean,
  more: Partial<KubeObject["metadata"]> = {},
): GraphNode => ({
  kind: "v1/pods",
  object: { metadata: { name: "d", uid: "d", ownerReferences: [owner(of, blocks)], ...more } },
});

interface Case {
  readonly name: string;
  readonly metadata?: KubeObject["metadata"];
  readonly owners?: Readonly<Record<string, OwnerState>>;
  readonly dependents?: readonly GraphNode[];
  readonly want: Decision;
}

const cases: readonly Case[] = [
  { name: "an object without owners is left alone", want: { type: "nothing" } },
  {
    name: "as long as its owner is there, so is the object",
    owners: { a: "present" },
    want: { type: "nothing" },
  },
  {
    name: "with its last owner the object goes",
    owners: { a: "absent", b: "absent" },
    want: { type: "delete", policy: "Background" },
  },
  {
    name: "owners that are gone are taken out while another stays",
    owners: { a: "absent", b: "present", c: "waiting" },
    want: { type: "strip", uids: ["a", "c"] },
  },
  {
    name: "an owner that waits takes its dependent along",
    owners: { a: "waiting" },
    want: { type: "delete", policy: "Background" },
  },
  {
    name: "and that one its own dependents, in the foreground",
    owners: { a: "waiting" },
    dependents: [dependent("x", true)],
    want: { type: "delete", policy: "Foreground" },
  },
  {
    name: "a cycle of objects that wait for each other is broken",
    owners: { a: "waiting" },
    dependents: [
      dependent("x", true, { deletionTimestamp: DELETED_AT, finalizers: ["foregroundDeletion"] }),
    ],
    want: { type: "delete", policy: "Foreground", unblocks: true },
  },
  {
    name: "an object on its way out is left alone",
    metadata: { deletionTimestamp: DELETED_AT, finalizers: ["example.org/x"] },
    owners: { a: "absent" },
    want: { type: "nothing" },
  },
  {
    name: "foreground: dependents that block are awaited",
    metadata: { deletionTimestamp: DELETED_AT, finalizers: ["foregroundDeletion"] },
    dependents: [dependent("x", true)],
    want: { type: "await", dependents: [dependent("x", true)] },
  },
  {
    name: "foreground: those that do not block are not",
    metadata: { deletionTimestamp: DELETED_AT, finalizers: ["foregroundDeletion"] },
    dependents: [dependent("x", false)],
    want: { type: "finish", finalizer: "foregroundDeletion" },
  },
  {
    name: "orphan: dependents stay, without the owner",
    metadata: { deletionTimestamp: DELETED_AT, finalizers: ["orphan"] },
    dependents: [dependent("x", true)],
    want: { type: "orphan", dependents: [dependent("x", true)] },
  },
];

for (const { name, metadata = {}, owners = {}, dependents = [], want } of cases) {
  test(`decide: ${name}`, () => {
    const ownerReferences = Object.keys(owners).map((uid) => owner(uid));
    const object = { metadata: { name: "x", uid: "x", ...metadata, ownerReferences } };
    const stateOf = ({ uid }: OwnerReference) => owners[uid] ?? "present";
    assert.deepEqual(decide({ object, dependents, stateOf }), want);
  });
}
