import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeObject, itemOf } from "./item.ts";

const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "b" } };

test("itemOf: the version is in the JSON, and only once", () => {
  const item = itemOf("b/a", encodeObject({ ...object, metadata: { ...object.metadata } }), 7);
  assert.deepEqual(JSON.parse(item.bytes.toString()), {
    ...object,
    metadata: { resourceVersion: "7", ...object.metadata },
  });
});

test("a kept object has memory of its own: it does not keep a shared block alive", () => {
  const item = itemOf("b/a", encodeObject(object), 7);
  assert.equal(item.bytes.buffer.byteLength, item.bytes.byteLength);
});
