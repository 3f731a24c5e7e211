import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container } from "../pod-types.ts";
import { containerEnvironment } from "./container-environment.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

function environmentOf(container: Partial<Container>) {
  return containerEnvironment({
    container: { name: "main", ...container },
    serviceVariables: new Map(),
    facts: {
      pod: {
        metadata: { name: "p", namespace: "shop", labels: { app: "web" }, annotations: { b: "2" } },
        spec: { containers: [] },
      },
      podIps: [],
      hostIps: [],
      allocatable: { cpu: "2", memory: "8Gi" },
    },
    sources: {
      configMap: (name) =>
        name === "map" ? { metadata: {}, data: { a: "1", "b=c": "2" } } : undefined,
      secret: (name) => (name === "keys" ? { metadata: {}, data: { k: base64("s") } } : undefined),
    },
  });
}

const cases: readonly {
  readonly name: string;
  readonly container: Partial<Container>;
  readonly want: Readonly<Record<string, string>> | string;
}[] = [
  {
    name: "envFrom takes all keys of a map with a prefix, but for those that can be no name",
    container: { envFrom: [{ prefix: "P_", configMapRef: { name: "map" } }] },
    want: { P_a: "1" },
  },
  {
    name: "secrets are decoded",
    container: {
      envFrom: [{ secretRef: { name: "keys" } }],
      env: [{ name: "K", valueFrom: { secretKeyRef: { name: "keys", key: "k" } } }],
    },
    want: { k: "s", K: "s" },
  },
  {
    name: "a missing map is an error",
    container: { envFrom: [{ configMapRef: { name: "none" } }] },
    want: 'configmap "none" not found',
  },
  {
    name: "a missing optional map is nothing",
    container: { envFrom: [{ configMapRef: { name: "none", optional: true } }] },
    want: {},
  },
  {
    name: "a missing secret is an error",
    container: { env: [{ name: "K", valueFrom: { secretKeyRef: { name: "none", key: "k" } } }] },
    want: 'secret "none" not found',
  },
  {
    name: "a missing key is an error",
    container: { env: [{ name: "K", valueFrom: { configMapKeyRef: { name: "map", key: "z" } } }] },
    want: "couldn't find key z in ConfigMap shop/map",
  },
  {
    name: "a missing optional key makes no variable",
    container: {
      env: [
        { name: "K", valueFrom: { configMapKeyRef: { name: "map", key: "z", optional: true } } },
      ],
    },
    want: {},
  },
  {
    name: "labels and annotations by key",
    container: {
      env: [
        { name: "L", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.annotations['none']" } } },
      ],
    },
    want: { L: "web", A: "" },
  },
  {
    name: "a limit left out is what the node has",
    container: {
      resources: { requests: { cpu: "250m" } },
      env: [
        { name: "LIMIT", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
        {
          name: "REQUEST",
          valueFrom: { resourceFieldRef: { resource: "requests.cpu", divisor: "1m" } },
        },
      ],
    },
    want: { LIMIT: "2", REQUEST: "250" },
  },
  {
    name: "an empty value is a variable",
    container: { env: [{ name: "E" }] },
    want: { E: "" },
  },
];

for (const { name, container, want } of cases) {
  test(`containerEnvironment: ${name}`, () => {
    const result = environmentOf(container);
    if (result.type === "error") assert.equal(result.message, want);
    else assert.deepEqual(Object.fromEntries(result.variables), want);
  });
}
