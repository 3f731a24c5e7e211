import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../conform.ts";
import { schemaOf } from "../schema/registry.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

interface Case {
  readonly name: string;
  /** The schema; a Service's when absent. */
  readonly kind?: string;
  readonly given: JsonObject;
  readonly patch: JsonObject;
  readonly want: JsonObject;
}

const http = { name: "http", port: 80, targetPort: 8080, nodePort: 30080 };
const https = { name: "https", port: 443, targetPort: 8443, nodePort: 30443 };
const ports = [http, https];
const pod = (spec: JsonObject) => ({ spec: { template: { spec } } });

const cases: readonly Case[] = [
  {
    name: "ports merge by port, the others stay",
    given: { spec: { ports } },
    patch: { spec: { ports: [{ port: 443, targetPort: 9443 }] } },
    want: { spec: { ports: [http, { ...https, targetPort: 9443 }] } },
  },
  {
    name: "a new port comes first, as with Kubernetes",
    given: { spec: { ports } },
    patch: { spec: { ports: [{ port: 53, name: "dns", targetPort: 53 }] } },
    want: { spec: { ports: [{ port: 53, name: "dns", targetPort: 53 }, ...ports] } },
  },
  {
    name: "$patch delete removes a port by its key",
    given: { spec: { ports } },
    patch: { spec: { ports: [{ $patch: "delete", port: 80 }] } },
    want: { spec: { ports: [https] } },
  },
  {
    name: "$patch replace replaces the whole list",
    given: { spec: { ports } },
    patch: { spec: { ports: [{ $patch: "replace" }, { port: 1, targetPort: 1 }] } },
    want: { spec: { ports: [{ port: 1, targetPort: 1 }] } },
  },
  {
    name: "$setElementOrder turns the list round (kubectl edit)",
    given: { spec: { ports } },
    patch: { spec: { "$setElementOrder/ports": [{ port: 443 }, { port: 80 }] } },
    want: { spec: { ports: [https, http] } },
  },
  {
    name: "$setElementOrder places a new item, and keeps what only the server has",
    given: { spec: { ports } },
    patch: {
      spec: {
        "$setElementOrder/ports": [{ port: 443 }, { port: 53 }],
        ports: [{ port: 53, targetPort: 53 }],
      },
    },
    want: { spec: { ports: [http, https, { port: 53, targetPort: 53 }] } },
  },
  {
    name: "a deletion beside $setElementOrder needs no place in it (kubectl apply)",
    given: { spec: { ports } },
    patch: {
      spec: {
        "$setElementOrder/ports": [{ port: 443 }],
        ports: [{ $patch: "delete", port: 80 }],
      },
    },
    want: { spec: { ports: [https] } },
  },
  {
    name: "with an order, new items take the room of deleted ones, as with Kubernetes",
    given: { spec: { ports: [{ port: 1 }, { port: 2 }, { port: 4 }] } },
    patch: {
      spec: {
        "$setElementOrder/ports": [{ port: 2 }, { port: 3 }],
        ports: [{ port: 3 }, { port: 1, $patch: "delete" }],
      },
    },
    want: { spec: { ports: [{ port: 2 }, { port: 4 }, { port: 3 }] } },
  },
  {
    name: "of two items with one key the first is merged (UDP and TCP on one port)",
    given: {
      spec: {
        ports: [
          { port: 53, protocol: "UDP" },
          { port: 53, protocol: "TCP" },
        ],
      },
    },
    patch: { spec: { ports: [{ port: 53, name: "dns" }] } },
    want: {
      spec: {
        ports: [
          { port: 53, protocol: "UDP", name: "dns" },
          { port: 53, protocol: "TCP" },
        ],
      },
    },
  },
  {
    name: "null removes, maps merge",
    given: { metadata: { labels: { a: "1", b: "2" } }, spec: { selector: { a: "1", b: "2" } } },
    patch: { metadata: { labels: { a: null, c: "3" } }, spec: { selector: { b: "x" } } },
    want: { metadata: { labels: { b: "2", c: "3" } }, spec: { selector: { a: "1", b: "x" } } },
  },
  {
    name: "$patch replace replaces a map",
    given: { spec: { selector: { a: "1", b: "2" } } },
    patch: { spec: { selector: { $patch: "replace", c: "3" } } },
    want: { spec: { selector: { c: "3" } } },
  },
  {
    name: "$patch delete empties a map",
    given: { spec: { type: "ClusterIP", selector: { a: "1" } } },
    patch: { spec: { selector: { $patch: "delete" } } },
    want: { spec: { type: "ClusterIP", selector: {} } },
  },
  {
    name: "$patch merge is what happens anyway",
    given: { spec: { selector: { a: "1" } } },
    patch: { spec: { $patch: "merge", selector: { $patch: "merge", b: "2" } } },
    want: { spec: { selector: { a: "1", b: "2" } } },
  },
  {
    name: "lists of plain values merge where the schema says so, without repeats",
    given: { metadata: { finalizers: ["a", "b"] } },
    patch: { metadata: { finalizers: ["c", "b"] } },
    want: { metadata: { finalizers: ["c", "a", "b"] } },
  },
  {
    name: "$deleteFromPrimitiveList takes out single values",
    given: { metadata: { finalizers: ["a", "b", "c"] } },
    patch: {
      metadata: {
        "$deleteFromPrimitiveList/finalizers": ["b"],
        "$setElementOrder/finalizers": ["c", "a"],
      },
    },
    want: { metadata: { finalizers: ["c", "a"] } },
  },
  {
    name: "other lists are replaced",
    given: { spec: { externalIPs: ["203.0.113.1", "203.0.113.2"] } },
    patch: { spec: { externalIPs: ["203.0.113.3"] } },
    want: { spec: { externalIPs: ["203.0.113.3"] } },
  },
  {
    name: "the endpoints of a slice are one value",
    kind: "discovery.EndpointSlice",
    given: { endpoints: [{ addresses: ["10.0.0.1"] }, { addresses: ["10.0.0.2"] }] },
    patch: { endpoints: [{ addresses: ["10.0.0.3"] }] },
    want: { endpoints: [{ addresses: ["10.0.0.3"] }] },
  },
  {
    name: "containers and their environment merge by name (kubectl set env)",
    kind: "apps.Deployment",
    given: pod({
      containers: [
        { name: "a", image: "a:1", env: [{ name: "X", value: "1" }] },
        { name: "b", image: "b:1" },
      ],
    }),
    patch: pod({
      "$setElementOrder/containers": [{ name: "a" }, { name: "b" }],
      containers: [
        {
          name: "a",
          "$setElementOrder/env": [{ name: "X" }, { name: "Y" }],
          env: [{ name: "Y", value: "2" }],
        },
      ],
    }),
    want: pod({
      containers: [
        {
          name: "a",
          image: "a:1",
          env: [
            { name: "X", value: "1" },
            { name: "Y", value: "2" },
          ],
        },
        { name: "b", image: "b:1" },
      ],
    }),
  },
  {
    name: "$retainKeys drops the other kind of strategy (Deployment.spec.strategy)",
    kind: "apps.Deployment",
    given: {
      spec: {
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      },
    },
    patch: { spec: { strategy: { $retainKeys: ["type"], type: "Recreate" } } },
    want: { spec: { strategy: { type: "Recreate" } } },
  },
  {
    name: "$retainKeys changes the source of a volume",
    kind: "apps.Deployment",
    given: pod({ containers: [], volumes: [{ name: "v", emptyDir: {} }] }),
    patch: pod({
      volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "c" } }],
    }),
    want: pod({ containers: [], volumes: [{ name: "v", configMap: { name: "c" } }] }),
  },
  {
    name: "a value without an original keeps no directives and no nulls",
    kind: "apps.Deployment",
    given: {},
    patch: pod({
      containers: [
        { name: "a", image: null, "$setElementOrder/env": [] },
        { $patch: "delete", name: "b" },
      ],
      nodeSelector: { a: null, b: "1" },
    }),
    want: pod({ containers: [{ name: "a" }], nodeSelector: { b: "1" } }),
  },
  {
    name: "conditions merge by type, addresses too",
    kind: "core.Node",
    given: {
      status: {
        conditions: [
          { type: "Ready", status: "True" },
          { type: "DiskPressure", status: "False" },
        ],
      },
    },
    patch: { status: { conditions: [{ type: "Ready", status: "Unknown" }] } },
    want: {
      status: {
        conditions: [
          { type: "Ready", status: "Unknown" },
          { type: "DiskPressure", status: "False" },
        ],
      },
    },
  },
];

for (const { name, kind = "core.Service", given, patch, want } of cases) {
  test(`strategicMergePatch: ${name}`, () => {
    const before = structuredClone(given);
    assert.deepEqual(strategicMergePatch(given, patch, schemaOf(kind)), want);
    assert.deepEqual(given, before, "the object itself is not touched");
  });
}
