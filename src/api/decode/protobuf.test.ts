import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMeta, decodeObject } from "../decode.ts";
import { kindFor } from "../kinds.ts";
import { schemas } from "../schema/registry.ts";
import { StatusError } from "../status-error.ts";

// A writer of protobuf that knows nothing of our tables: the numbers below are those of Kubernetes' .proto files.
function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}
const int = (number: number, value: number | bigint) => [...varint(number << 3), ...varint(value)];
function len(number: number, ...parts: (string | number[])[]): number[] {
  const content = parts.flatMap((part) =>
    typeof part === "string" ? [...Buffer.from(part)] : part,
  );
  return [...varint((number << 3) | 2), ...varint(content.length), ...content];
}
function envelope(apiVersion: string, kind: string, ...raw: number[][]): Uint8Array {
  const unknown = [len(1, len(1, apiVersion), len(2, kind)), len(2, ...raw), len(3), len(4)];
  return Uint8Array.from([0x6b, 0x38, 0x73, 0, ...unknown.flat()]);
}

const type = "application/vnd.kubernetes.protobuf";
const options = { fieldValidation: "Strict" } as const;

function decode(group: string, plural: string, body: Uint8Array) {
  return decodeObject(kindFor(group, "v1", plural)!, body, type, options).object;
}

test("a Service as kubectl sends it: zeros of plain fields go, zeros behind pointers stay", () => {
  const meta = len(
    1,
    len(1, "web"),
    len(2),
    len(3, "shop"),
    int(7, 0),
    len(8),
    len(11, len(1, "app"), len(2, "web")),
  );
  const port = len(
    1,
    len(1, "http"),
    len(2, "TCP"),
    int(3, 80),
    len(4, int(1, 1), int(2, 0), len(3, "web")),
    int(5, 0),
  );
  const numeric = len(
    1,
    len(1, ""),
    len(2, "UDP"),
    int(3, 53),
    len(4, int(1, 0), int(2, 5353), len(3)),
    int(5, 0),
  );
  const spec = len(
    2,
    port,
    numeric,
    len(2, len(1, "app"), len(2, "web")),
    len(3),
    len(4, "LoadBalancer"),
    len(7),
    int(12, 0),
    int(13, 0),
    int(20, 0),
  );
  const status = len(3, len(1));
  assert.deepEqual(decode("", "services", envelope("v1", "Service", meta, spec, status)), {
    kind: "Service",
    apiVersion: "v1",
    metadata: { name: "web", namespace: "shop", labels: { app: "web" } },
    spec: {
      ports: [
        { name: "http", protocol: "TCP", port: 80, targetPort: "web" },
        { protocol: "UDP", port: 53, targetPort: 5353 },
      ],
      selector: { app: "web" },
      type: "LoadBalancer",
      allocateLoadBalancerNodePorts: false,
    },
    status: { loadBalancer: {} },
  });
});

test("a Deployment: inlined structs, amounts, an empty emptyDir, replicas zero", () => {
  const handler = len(
    1,
    len(2, len(1, "/live"), len(2, int(1, 0), int(2, 8080), len(3)), len(3), len(4)),
  );
  const probe = len(10, handler, int(2, 0), int(3, 5), int(4, 0), int(5, 0), int(6, 0));
  const resources = len(8, len(1, len(1, "cpu"), len(2, len(1, "100m"))));
  const env = len(7, len(1, "HOST"), len(2), len(3, len(1, len(1, "v1"), len(2, "status.hostIP"))));
  const container = len(
    2,
    len(1, "main"),
    len(2, "nginx"),
    len(3, "a"),
    len(3, "b"),
    env,
    resources,
    probe,
    int(16, 0),
  );
  const volume = len(1, len(1, "tmp"), len(2, len(2, len(1))));
  const podSpec = len(2, volume, container, int(4, 30), int(11, 0));
  const template = len(3, len(1, len(1)), podSpec);
  const spec = len(
    2,
    int(1, 0),
    len(2, len(1, len(1, "app"), len(2, "x"))),
    template,
    len(4, len(1)),
    int(5, 0),
    int(7, 0),
  );
  assert.deepEqual(
    decode("apps", "deployments", envelope("apps/v1", "Deployment", len(1, len(1, "d")), spec)),
    {
      kind: "Deployment",
      apiVersion: "apps/v1",
      metadata: { name: "d" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: "x" } },
        template: {
          metadata: {},
          spec: {
            volumes: [{ name: "tmp", emptyDir: {} }],
            containers: [
              {
                name: "main",
                image: "nginx",
                command: ["a", "b"],
                env: [
                  {
                    name: "HOST",
                    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.hostIP" } },
                  },
                ],
                resources: { limits: { cpu: "100m" } },
                livenessProbe: { httpGet: { path: "/live", port: 8080 }, timeoutSeconds: 5 },
              },
            ],
            terminationGracePeriodSeconds: 30,
          },
        },
        strategy: {},
      },
    },
  );
});

test("a ConfigMap and a Secret: maps of text and of bytes, and a type that is not zero", () => {
  const config = envelope(
    "v1",
    "ConfigMap",
    len(1, len(1, "c")),
    len(2, len(1, "k"), len(2, "v")),
    len(2, len(1, "empty")),
    int(4, 0),
  );
  assert.deepEqual(decode("", "configmaps", config), {
    kind: "ConfigMap",
    apiVersion: "v1",
    metadata: { name: "c" },
    data: { k: "v", empty: "" },
    immutable: false,
  });
  const secret = envelope(
    "v1",
    "Secret",
    len(1, len(1, "s")),
    len(2, len(1, "k"), len(2, [0, 255])),
    len(3, "Opaque"),
  );
  assert.deepEqual(decode("", "secrets", secret), {
    kind: "Secret",
    apiVersion: "v1",
    metadata: { name: "s" },
    data: { k: "AP8=" },
    type: "Opaque",
  });
});

test("a Lease: micro times, and 32-bit numbers below zero", () => {
  const renew = len(4, int(1, 1_714_557_600), int(2, 123_456_000));
  const body = envelope("coordination.k8s.io/v1", "Lease", len(2, len(1, "me"), int(2, -1), renew));
  assert.deepEqual(decode("coordination.k8s.io", "leases", body), {
    kind: "Lease",
    apiVersion: "coordination.k8s.io/v1",
    metadata: {},
    spec: {
      holderIdentity: "me",
      leaseDurationSeconds: -1,
      renewTime: "2024-05-01T10:00:00.123456Z",
    },
  });
});

test("a time that was never set is absent, and one that was is kept", () => {
  const body = envelope(
    "v1",
    "Namespace",
    len(1, len(1, "n"), len(8, int(1, 1_714_557_600), int(2, 0))),
  );
  assert.equal(decode("", "namespaces", body).metadata.creationTimestamp, "2024-05-01T10:00:00Z");
});

test("options and reviews are decoded, fields of later versions are passed over", () => {
  const body = envelope(
    "policy/v1",
    "DeleteOptions",
    int(1, 0),
    len(4, "Background"),
    len(99, "new"),
    [...varint((98 << 3) | 1), 0, 0, 0, 0, 0, 0, 0, 0],
  );
  assert.deepEqual(decodeMeta("DeleteOptions", body, type, options).object, {
    kind: "DeleteOptions",
    apiVersion: "policy/v1",
    gracePeriodSeconds: 0,
    propagationPolicy: "Background",
  });
  const attributes = len(
    1,
    len(1, "ns"),
    len(2, "list"),
    len(3),
    len(4, "*"),
    len(5, "pods"),
    len(6),
    len(7),
  );
  const review = envelope(
    "authorization.k8s.io/v1",
    "SelfSubjectAccessReview",
    len(1),
    len(2, attributes),
    len(3, int(1, 0), len(2), len(3), int(4, 0)),
  );
  assert.deepEqual(decodeMeta("SelfSubjectAccessReview", review, type, options).object, {
    kind: "SelfSubjectAccessReview",
    apiVersion: "authorization.k8s.io/v1",
    metadata: {},
    spec: { resourceAttributes: { namespace: "ns", verb: "list", version: "*", resource: "pods" } },
    status: { allowed: false },
  });
});

for (const { name, body } of [
  {
    name: "a length beyond the end",
    body: Uint8Array.from([...envelope("v1", "Service"), 0x12, 0x7f]),
  },
  {
    name: "a varint without end",
    body: Uint8Array.from([0x6b, 0x38, 0x73, 0, ...Array(11).fill(255)]),
  },
  { name: "a number where a message has to be", body: envelope("v1", "Service", int(2, 7)) },
  { name: "text that is no UTF-8", body: envelope("v1", "Service", len(1, len(1, [255]))) },
  { name: "a group", body: envelope("v1", "Service", [0x0b]) },
]) {
  test(`decodeObject refuses protobuf with ${name}`, () => {
    assert.throws(
      () => decode("", "services", body),
      (error) => error instanceof StatusError && error.status.code === 400,
    );
  });
}

test("another kind's message is refused by name, not by its bytes", () => {
  assert.throws(
    () => decode("", "services", envelope("v1", "Pod", int(2, 7))),
    /Pod in version "v1" cannot be handled as a Service/,
  );
});

test("no table uses a protobuf number twice, and every field has one", () => {
  for (const [name, schema] of schemas) {
    const numbers = schema.rows.map((row) => row.number);
    assert.equal(new Set(numbers).size, numbers.length, name);
    assert.ok(
      numbers.every((number) => number > 0),
      name,
    );
  }
});
