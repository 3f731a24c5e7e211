import assert from "node:assert/strict";
import { test } from "node:test";
import { metadata, slice } from "../../../test/api/samples.ts";
import * as r from "../resource.ts";
import { strategyFor } from "../strategy.ts";
import type { KubeObject } from "../types.ts";

interface InvalidRow {
  readonly name: string;
  readonly resource: r.Resource;
  readonly object: KubeObject;
  readonly old?: KubeObject;
  /** What must be among the mistakes; empty: none at all. */
  readonly want: string;
}

// Rules about what clients cannot send, and about long values; all others are rows of object-rules.yaml.
const rows: readonly InvalidRow[] = [
  { name: "a good slice", resource: r.endpointSlices, object: slice, want: "" },
  {
    name: "a Service name that begins with a digit",
    resource: r.services,
    object: { metadata: { ...metadata, name: "1web" } },
    want: 'metadata.name: Invalid value: "1web": a DNS-1035 label must consist of',
  },
  {
    name: "annotations of more than 256 KiB",
    resource: r.configMaps,
    object: { metadata: { ...metadata, annotations: { a: "x".repeat(262_144) } } },
    want: "metadata.annotations: Too long: may not be more than 262144 bytes",
  },
  {
    name: "a uid that changes",
    resource: r.configMaps,
    object: { metadata: { ...metadata, uid: "v" } },
    old: { metadata },
    want: 'metadata.uid: Invalid value: "v": field is immutable',
  },
  {
    name: "a finalizer added while the object goes away",
    resource: r.configMaps,
    object: { metadata: { ...metadata, finalizers: ["example.org/hold"] } },
    old: { metadata: { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
    want: "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
  },
  {
    name: "a ConfigMap of more than 1 MiB",
    resource: r.configMaps,
    object: { metadata, ...{ data: { a: "x".repeat(1024 * 1024 + 1) } } },
    want: ": Too long: may not be more than 1048576 bytes",
  },
];

for (const { name, resource, object, old, want } of rows) {
  test(`validate: ${name}`, () => {
    const strategy = strategyFor(resource);
    const errors =
      old === undefined ? strategy.validateCreate(object) : strategy.validateUpdate(object, old);
    const texts = errors.map(({ field, message }) => `${field}: ${message}`);
    if (want === "") assert.deepEqual(texts, []);
    else
      assert.ok(
        texts.some((text) => text.startsWith(want)),
        texts.join("\n"),
      );
  });
}
