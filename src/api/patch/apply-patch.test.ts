import assert from "node:assert/strict";
import { test } from "node:test";
import type { FieldValidation } from "../decode.ts";
import { type BodyType, bodyTypes, kindFor } from "../kinds.ts";
import { StatusError } from "../status-error.ts";
import { applyPatch } from "./apply-patch.ts";

const service = kindFor("", "v1", "services")!;
const deployment = kindFor("apps", "v1", "deployments")!;

const types = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

interface Setting {
  readonly kind?: BodyType;
  readonly type?: keyof typeof types;
  readonly given: Readonly<Record<string, unknown>>;
  readonly patch: unknown;
  readonly fieldValidation?: FieldValidation;
}

function patched({ kind = service, type = "strategic", given, patch, ...rest }: Setting) {
  const warnings: string[] = [];
  const before = structuredClone(given);
  const body = Buffer.from(typeof patch === "string" ? patch : JSON.stringify(patch));
  const object = applyPatch(kind, given, body, types[type], {
    fieldValidation: rest.fieldValidation ?? "Strict",
    warn: (text) => warnings.push(text),
  });
  assert.deepEqual(given, before, "the object itself is not touched");
  return { object, warnings };
}

interface Case extends Setting {
  readonly name: string;
  /** The object afterwards, without kind, apiVersion and an empty metadata. */
  readonly want: unknown;
}

const ports = [
  { name: "http", port: 80, targetPort: 8080, nodePort: 30080 },
  { name: "https", port: 443, targetPort: 8443, nodePort: 30443 },
];

const cases: readonly Case[] = [
  {
    name: "strategic: by the schema of the kind",
    given: { spec: { ports: [{ port: 80 }, { port: 443 }] } },
    patch: { spec: { ports: [{ port: 443, targetPort: 8443 }] } },
    want: { spec: { ports: [{ port: 80 }, { port: 443, targetPort: 8443 }] } },
  },
  {
    name: "json: a negative index counts from the end of a list",
    type: "json",
    given: { spec: { externalIPs: ["192.0.2.1", "192.0.2.2"] } },
    patch: [
      { op: "remove", path: "/spec/externalIPs/-2" },
      { op: "add", path: "/spec/externalIPs/-1", value: "192.0.2.3" },
    ],
    want: { spec: { externalIPs: ["192.0.2.2", "192.0.2.3"] } },
  },
  {
    name: "merge: lists are replaced, null removes, empty objects appear",
    type: "merge",
    given: { metadata: { labels: { a: "1" } }, spec: { ports, clusterIP: "10.96.0.1" } },
    patch: {
      metadata: { labels: { a: null, b: "2" } },
      spec: { ports: [{ port: 1 }], clusterIP: null, sessionAffinityConfig: { clientIP: {} } },
    },
    want: {
      metadata: { labels: { b: "2" } },
      spec: { ports: [{ port: 1 }], sessionAffinityConfig: { clientIP: {} } },
    },
  },
  {
    name: "merge: a map that was absent gets no nulls",
    type: "merge",
    given: {},
    patch: { metadata: { annotations: { a: null, b: "1" } } },
    want: { metadata: { annotations: { b: "1" } } },
  },
  {
    name: "merge: the scale of a Deployment (kubectl scale)",
    type: "merge",
    kind: bodyTypes.Scale,
    given: { metadata: { name: "d" }, spec: { replicas: 3 }, status: { replicas: 3 } },
    patch: { spec: { replicas: 0 } },
    want: { metadata: { name: "d" }, spec: {}, status: { replicas: 3 } },
  },
  {
    name: "JSON: add, replace, remove, move, copy, test",
    type: "json",
    given: { metadata: { labels: { a: "1", "x/y": "2" } }, spec: { externalIPs: ["1", "2"] } },
    patch: [
      { op: "test", path: "/metadata/labels/a", value: "1" },
      { op: "replace", path: "/metadata/labels/a", value: "9" },
      { op: "add", path: "/spec/externalIPs/-", value: "3" },
      { op: "add", path: "/spec/externalIPs/0", value: "0" },
      { op: "remove", path: "/spec/externalIPs/1" },
      { op: "move", from: "/metadata/labels/x~1y", path: "/metadata/labels/z" },
      { op: "copy", from: "/metadata/labels", path: "/metadata/annotations" },
      { op: "test", path: "/metadata/uid", value: null },
    ],
    want: {
      metadata: { labels: { a: "9", z: "2" }, annotations: { a: "9", z: "2" } },
      spec: { externalIPs: ["0", "2", "3"] },
    },
  },
  {
    name: "JSON: what was copied or moved is independent of where it came from",
    type: "json",
    given: { metadata: { labels: { a: "1" } }, spec: { externalIPs: ["1"] } },
    patch: [
      { op: "add", path: "/metadata/labels/b", value: "2" },
      { op: "copy", from: "/metadata/labels", path: "/metadata/annotations" },
      { op: "add", path: "/metadata/labels/c", value: "3" },
      { op: "remove", path: "/metadata/annotations/a" },
      { op: "move", from: "/spec/externalIPs", path: "/spec/loadBalancerSourceRanges" },
      { op: "add", path: "/spec/externalIPs", value: [] },
      { op: "add", path: "/spec/externalIPs/-", value: "9" },
      { op: "replace", path: "/spec/loadBalancerSourceRanges/0", value: "4" },
    ],
    want: {
      metadata: { labels: { a: "1", b: "2", c: "3" }, annotations: { b: "2" } },
      spec: { externalIPs: ["9"], loadBalancerSourceRanges: ["4"] },
    },
  },
  {
    name: "unknown fields go with Ignore",
    type: "merge",
    fieldValidation: "Ignore",
    given: {},
    patch: { spec: { type: "NodePort", color: "red" } },
    want: { spec: { type: "NodePort" } },
  },
  {
    name: "names that are special to JavaScript are ordinary",
    type: "merge",
    given: { metadata: { labels: { a: "1" } } },
    patch: '{"metadata":{"labels":{"__proto__":"x"}}}',
    want: JSON.parse('{"metadata":{"labels":{"a":"1","__proto__":"x"}}}'),
  },
];

for (const { name, want, ...setting } of cases) {
  test(`applyPatch ${name}`, () => {
    const { kind, apiVersion, metadata, ...rest } = patched(setting).object;
    assert.ok(kind !== undefined && apiVersion !== undefined);
    const got = Object.keys(metadata).length === 0 ? rest : { ...rest, metadata };
    assert.deepEqual(got, want);
  });
}

interface Refused extends Setting {
  readonly name: string;
  readonly code: number;
  readonly message: RegExp;
}

const refused: readonly Refused[] = [
  {
    name: "half a JSON",
    given: {},
    patch: '{"spec":',
    code: 400,
    message: /^error decoding patch: unexpected end of JSON input$/,
  },
  {
    name: "a strategic patch that is no object",
    given: {},
    patch: [1],
    code: 400,
    message: /^invalid JSON document$/,
  },
  {
    name: "an item without its merge key",
    given: { spec: { ports } },
    patch: { spec: { ports: [{ name: "http" }] } },
    code: 400,
    message: /does not contain declared merge key: port$/,
  },
  {
    name: "an unknown directive",
    given: { spec: { ports } },
    patch: { spec: { $patch: "shuffle" } },
    code: 400,
    message: /^unknown patch type: shuffle in map: map\[\$patch:shuffle\]$/,
  },
  {
    name: "an order that lacks an item of the patch",
    given: { spec: { ports } },
    patch: { spec: { "$setElementOrder/ports": [{ port: 80 }], ports: [{ port: 1 }] } },
    code: 400,
    message: /doesn't match \$setElementOrder list/,
  },
  {
    name: "$retainKeys that lack a key of the patch",
    kind: deployment,
    given: { spec: { strategy: {} } },
    patch: { spec: { strategy: { $retainKeys: ["type"], rollingUpdate: {} } } },
    code: 400,
    message: /^invalid patch format of retainKeys$/,
  },
  {
    name: "a test that fails",
    type: "json",
    given: { metadata: { name: "a" } },
    patch: [{ op: "test", path: "/metadata/name", value: "b" }],
    code: 422,
    message: /^the server rejected our request due to an error in our request$/,
  },
  {
    name: "a path that is not there",
    type: "json",
    given: {},
    patch: [{ op: "remove", path: "/spec/type" }],
    code: 422,
    message: /^the server rejected our request/,
  },
  {
    name: "an index beyond the end",
    type: "json",
    given: { spec: { externalIPs: [] } },
    patch: [{ op: "add", path: "/spec/externalIPs/1", value: "x" }],
    code: 422,
    message: /^the server rejected our request/,
  },
  {
    name: "a move into itself",
    type: "json",
    given: { metadata: { labels: {} } },
    patch: [{ op: "move", from: "/metadata", path: "/metadata/labels/x" }],
    code: 422,
    message: /^the server rejected our request/,
  },
  {
    name: "an operation that there is not",
    type: "json",
    given: {},
    patch: [{ op: "increment", path: "/spec" }],
    code: 422,
    message: /^the server rejected our request/,
  },
  {
    name: "a path that is no pointer",
    type: "json",
    given: {},
    patch: [{ op: "add", path: "spec", value: 1 }],
    code: 400,
    message: /is no JSON pointer/,
  },
  {
    name: "more than 10,000 operations",
    type: "json",
    given: {},
    patch: Array(10_001).fill({ op: "remove", path: "/x" }),
    code: 413,
    message: /^The allowed maximum operations in a JSON patch is 10000, got 10001$/,
  },
  {
    name: "copies that double without end",
    type: "json",
    given: { metadata: { annotations: { a: "x".repeat(1000) } } },
    patch: Array.from({ length: 40 }, (_, i) => ({
      op: "copy",
      from: "/metadata/annotations",
      path: `/metadata/annotations/a${i}`,
    })),
    code: 413,
    message: /^the copies of the patch are larger than/,
  },
  {
    name: "copies that nest without end",
    type: "json",
    given: { metadata: { annotations: {} } },
    patch: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1].map((depth) => ({
      op: "copy",
      from: "/metadata",
      path: `/metadata${"/a".repeat(depth)}`,
    })),
    code: 413,
    message: /^exceeded max depth$/,
  },
  {
    name: "a path without end",
    type: "json",
    given: {},
    patch: [{ op: "remove", path: "/a".repeat(100_000) }],
    code: 413,
    message: /^exceeded max depth$/,
  },
  {
    name: "an unknown field",
    given: {},
    patch: { spec: { color: "red" } },
    code: 422,
    message:
      /^ "" is invalid: patch: Invalid value: .*: strict decoding error: unknown field "spec\.color"$/,
  },
  {
    name: "a member that operations don't have",
    type: "json",
    given: {},
    patch: [{ op: "add", path: "/spec", value: {}, why: "?" }],
    code: 422,
    message: /strict decoding error: json patch unknown field "\[0\]\.why"$/,
  },
  {
    name: "a field that stands twice in the patch",
    type: "merge",
    given: {},
    patch: '{"spec":{"type":"NodePort","type":"ClusterIP"}}',
    code: 422,
    message: /strict decoding error: duplicate field "spec\.type"$/,
  },
  {
    name: "a wrong type",
    type: "merge",
    given: {},
    patch: { spec: { ports: [{ port: "80" }] } },
    code: 422,
    message:
      /cannot unmarshal string into Go struct field ServicePort\.spec\.ports\.port of type int32$/,
  },
  {
    name: "another kind",
    type: "merge",
    given: { kind: "Service", apiVersion: "v1" },
    patch: { kind: "Pod" },
    code: 400,
    message: /does not match the expected one/,
  },
];

for (const { name, code, message, ...setting } of refused) {
  test(`applyPatch refuses ${name}`, () => {
    assert.throws(
      () => patched(setting),
      (error) => {
        assert.ok(error instanceof StatusError, String(error));
        assert.equal(error.status.code, code);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

const missing = "missing value";
const inapplicable: readonly { operation: object; want: string }[] = [
  {
    operation: { op: "add", path: "/metadata/labels/x", value: "1" },
    want: `add operation does not apply: doc is missing path: "/metadata/labels/x": ${missing}`,
  },
  {
    operation: { op: "add", path: "/spec/externalIPs/3", value: "x" },
    want: "error in add for path: '/spec/externalIPs/3': Unable to access invalid index: 3: invalid index referenced",
  },
  {
    operation: { op: "remove", path: "/spec/type" },
    want: `error in remove for path: '/spec/type': Unable to remove nonexistent key: type: ${missing}`,
  },
  {
    operation: { op: "remove", path: "/status/a" },
    want: `remove operation does not apply: doc is missing path: "/status/a": ${missing}`,
  },
  {
    operation: { op: "replace", path: "/spec/type", value: "x" },
    want: `replace operation does not apply: doc is missing key: /spec/type: ${missing}`,
  },
  {
    operation: { op: "test", path: "/spec/externalIPs", value: [] },
    want: "testing value /spec/externalIPs failed: test failed",
  },
  {
    operation: { op: "copy", from: "/spec/type", path: "/spec/x" },
    want: `error in copy for from: '/spec/type': unable to get nonexistent key: type: ${missing}`,
  },
  {
    operation: { op: "move", from: "/status/a", path: "/spec/x" },
    want: `move operation does not apply: doc is missing from path: /status/a: ${missing}`,
  },
  { operation: { op: "increment", path: "/spec" }, want: "Unexpected kind: increment" },
];

for (const { operation, want } of inapplicable) {
  test(`applyPatch: why ${JSON.stringify(operation)} does not fit`, () => {
    const given = { spec: { externalIPs: ["192.0.2.1", "192.0.2.2"] } };
    assert.throws(
      () => patched({ type: "json", given, patch: [operation] }),
      (error) =>
        error instanceof StatusError && error.status.details?.causes?.[0]?.message === want,
    );
  });
}

test("applyPatch shows a strategic patch as Go prints it", () => {
  const patch = { spec: { ports: [{ port: 80 }], color: "red", type: null } };
  assert.throws(
    () => patched({ given: {}, patch }),
    /patch: Invalid value: "map\[spec:map\[color:red ports:\[map\[port:80\]\] type:<nil>\]\]": strict/,
  );
});

test("applyPatch warns of unknown fields when asked to", () => {
  const { warnings } = patched({
    given: {},
    patch: '{"spec":{"color":"red","type":"NodePort", "type":"NodePort"}}',
    fieldValidation: "Warn",
  });
  assert.deepEqual(warnings, ['duplicate field "spec.type"', 'unknown field "spec.color"']);
});

for (const { name, type, message } of [
  {
    name: "server-side apply, which comes later",
    type: "application/apply-patch+yaml",
    message: /^server-side apply is not supported yet - accepted media types include:/,
  },
  {
    name: "plain JSON",
    type: "application/json",
    message:
      /^the body of the request was in an unknown format - accepted media types include: application\/json-patch\+json, application\/merge-patch\+json, application\/strategic-merge-patch\+json$/,
  },
]) {
  test(`applyPatch refuses the media type of ${name}`, () => {
    assert.throws(
      () => applyPatch(service, {}, Buffer.from("{}"), type, { fieldValidation: "Strict" }),
      (error) =>
        error instanceof StatusError && error.status.code === 415 && message.test(error.message),
    );
  });
}

test("applyPatch survives nesting without end", () => {
  const deep = `{"metadata":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`;
  for (const type of ["merge", "strategic"] as const) {
    assert.throws(() => patched({ type, given: {}, patch: deep }), /exceeded max depth/);
  }
});
