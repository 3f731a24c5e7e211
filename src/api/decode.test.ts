import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMeta, decodeObject, type FieldValidation } from "./decode.ts";
import { type Kind, kindFor } from "./kinds.ts";
import { StatusError } from "./status-error.ts";

const service = kindFor("", "v1", "services")!;
const pod = kindFor("", "v1", "pods")!;
const deployment = kindFor("apps", "v1", "deployments")!;
const lease = kindFor("coordination.k8s.io", "v1", "leases")!;

function decode(
  body: string,
  {
    kind = service,
    type = "application/json",
    fieldValidation = "Strict",
  }: { kind?: Kind; type?: string; fieldValidation?: FieldValidation } = {},
) {
  return decodeObject(kind, Buffer.from(body), type, { fieldValidation });
}

function refusal(run: () => unknown): { code: number; reason: string; message: string } {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error));
    return {
      code: error.status.code,
      reason: error.status.reason ?? "",
      message: error.message,
    };
  }
  assert.fail("it was accepted");
}

interface Accepted {
  readonly name: string;
  readonly kind?: Kind;
  readonly type?: string;
  readonly fieldValidation?: FieldValidation;
  readonly body: string;
  readonly want: unknown;
  readonly warnings?: readonly string[];
}

const identity = { kind: "Service", apiVersion: "v1" };

const accepted: readonly Accepted[] = [
  {
    name: "a body without kind and apiVersion gets them",
    body: '{"metadata":{"name":"a"}}',
    want: { ...identity, metadata: { name: "a" } },
  },
  {
    name: "an absent media type means JSON, and metadata is always there",
    body: "{}",
    type: "",
    want: { ...identity, metadata: {} },
  },
  {
    name: "parameters of the media type don't matter",
    body: "{}",
    type: "application/json; charset=utf-8",
    want: { ...identity, metadata: {} },
  },
  {
    name: "null is the same as absent",
    body: '{"metadata":{"name":"a","creationTimestamp":null},"spec":{"selector":null}}',
    want: { ...identity, metadata: { name: "a" }, spec: {} },
  },
  {
    name: "null in a list or map is the zero value",
    body: '{"metadata":{"labels":{"a":null},"finalizers":[null]}}',
    want: { ...identity, metadata: { labels: { a: "" }, finalizers: [""] } },
  },
  {
    name: "zeros go where Kubernetes leaves them out, and stay behind pointers",
    body: '{"metadata":{"labels":{}},"spec":{"clusterIP":"","selector":{},"externalIPs":[],"healthCheckNodePort":0,"publishNotReadyAddresses":false,"allocateLoadBalancerNodePorts":false,"ports":[{"port":0,"targetPort":0}]}}',
    want: {
      ...identity,
      metadata: {},
      spec: { allocateLoadBalancerNodePorts: false, ports: [{ port: 0, targetPort: 0 }] },
    },
  },
  {
    name: "a name that is special to JavaScript is an ordinary label",
    body: '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}}}',
    want: JSON.parse(
      '{"kind":"Service","apiVersion":"v1","metadata":{"labels":{"__proto__":"x","constructor":"y"}}}',
    ),
  },
  {
    name: "Ignore drops unknown fields silently, also those of other kinds' tables",
    fieldValidation: "Ignore",
    body: '{"spec":{"ports":[{"port":1,"color":2}],"ports":[]},"data":{},"__proto__":{"x":1}}',
    want: { ...identity, metadata: {}, spec: {} },
  },
  {
    name: "Warn drops unknown fields and tells of them, and of duplicates",
    fieldValidation: "Warn",
    body: '{"metadata":{"name":"a","labels":{"x":"1", "x":"2"}},"spec":{"ports":[{"port":1},{"port":2,"color":2,"port":3}]}}',
    want: {
      ...identity,
      metadata: { name: "a", labels: { x: "2" } },
      spec: { ports: [{ port: 1 }, { port: 3 }] },
    },
    warnings: [
      'duplicate field "metadata.labels.x"',
      'unknown field "spec.ports[1].color"',
      'duplicate field "spec.ports[1].port"',
    ],
  },
  {
    name: "white space and escapes don't look like duplicates",
    body: '{ "metadata": {\n"name": "\\u0061", "annotations": {"a\\"b": "{\\"a\\":1,\\"a\\":2}", "a": ""} } }\n',
    want: {
      ...identity,
      metadata: { name: "a", annotations: { 'a"b': '{"a":1,"a":2}', a: "" } },
    },
  },
  {
    name: "amounts and times are written canonically",
    kind: pod,
    body: '{"metadata":{"creationTimestamp":"2024-05-01T10:00:00.7+02:00"},"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":0.5,"memory":"1024Mi"}}}]}}',
    want: {
      kind: "Pod",
      apiVersion: "v1",
      metadata: { creationTimestamp: "2024-05-01T08:00:00Z" },
      spec: { containers: [{ name: "c", resources: { limits: { cpu: "500m", memory: "1Gi" } } }] },
    },
  },
  {
    name: "micro times have six digits",
    kind: lease,
    body: '{"spec":{"renewTime":"2024-05-01T10:00:00.123456789Z","acquireTime":"2024-05-01T10:00:00Z"}}',
    want: {
      kind: "Lease",
      apiVersion: "coordination.k8s.io/v1",
      metadata: {},
      spec: {
        renewTime: "2024-05-01T10:00:00.123456Z",
        acquireTime: "2024-05-01T10:00:00.000000Z",
      },
    },
  },
  {
    name: "targetPort takes numbers and names",
    body: '{"spec":{"ports":[{"port":80,"targetPort":8080},{"port":81,"targetPort":"http"}]}}',
    want: {
      ...identity,
      metadata: {},
      spec: {
        ports: [
          { port: 80, targetPort: 8080 },
          { port: 81, targetPort: "http" },
        ],
      },
    },
  },
  {
    name: "YAML is of version 1.1, without its dates and its numbers to the base of 60",
    type: "application/yaml",
    kind: deployment,
    body: [
      "apiVersion: apps/v1",
      "kind: Deployment",
      "metadata: {name: a}",
      "spec:",
      "  paused: yes",
      "  replicas: 010",
      "  template: &t",
      "    metadata:",
      '      annotations: {day: 2024-05-01, time: 12:30:00, "on": "yes"}',
      "---",
      "kind: Ignored",
    ].join("\n"),
    want: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "a" },
      spec: {
        paused: true,
        replicas: 8,
        template: { metadata: { annotations: { day: "2024-05-01", time: "12:30:00", on: "yes" } } },
      },
    },
  },
];

for (const { name, body, want, warnings = [], ...options } of accepted) {
  test(`decodeObject: ${name}`, () => {
    const decoded = decode(body, options);
    assert.deepEqual(decoded.object, want);
    assert.deepEqual(decoded.warnings, warnings);
  });
}

interface Refused {
  readonly name: string;
  readonly kind?: Kind;
  readonly type?: string;
  readonly body: string;
  readonly code?: number;
  readonly message: string;
}

const cannot = 'Service in version "v1" cannot be handled as a Service: ';
const unrecognized = "the object provided is unrecognized (must be of type Service): ";

const refused: readonly Refused[] = [
  {
    name: "all unknown and duplicate fields are listed, in the order in which they stand",
    body: '{"metadata":{"name":"a"},"spec":{"foo":1,"x":2,"type":"NodePort","type":"ClusterIP"},"bar":1}',
    message: `${cannot}strict decoding error: unknown field "spec.foo", unknown field "spec.x", duplicate field "spec.type", unknown field "bar"`,
  },
  {
    name: "an unknown field that stands twice is unknown, and nothing in it is looked at",
    body: '{"spec":{"foo":{"a":1,"a":2},"foo":[{"b":1,"b":2}],"type":"NodePort","type":"ClusterIP"}}',
    message: `${cannot}strict decoding error: unknown field "spec.foo", duplicate field "spec.type"`,
  },
  {
    name: "unknown and duplicate fields of YAML are listed",
    type: "application/yaml",
    body: "spec:\n  foo: 1\n  ports:\n  - {port: 1, port: 2}\n",
    message: `${cannot}strict decoding error: yaml: unmarshal errors:\n  line 4: key "port" already set in map, unknown field "spec.foo"`,
  },
  {
    name: "a text where a number has to be",
    body: '{"spec":{"ports":[{"port":"80"}]}}',
    message: `${cannot}json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32`,
  },
  {
    name: "a number where a text has to be",
    body: '{"metadata":{"labels":{"a":1}}}',
    message: `${cannot}json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string`,
  },
  {
    name: "a number beyond 32 bits",
    body: '{"spec":{"ports":[{"port":8000000000}]}}',
    message: `${cannot}json: cannot unmarshal number 8000000000 into Go struct field ServicePort.spec.ports.port of type int32`,
  },
  {
    name: "a map where a list has to be",
    body: '{"spec":{"ports":{"port":80}}}',
    message: `${cannot}json: cannot unmarshal object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort`,
  },
  {
    name: "a word of a known set that is no text",
    body: '{"spec":{"ports":[{"port":80,"protocol":6}]}}',
    message: `${cannot}json: cannot unmarshal number into Go struct field ServicePort.spec.ports.protocol of type v1.Protocol`,
  },
  {
    name: "the struct of the environment variable is named",
    kind: deployment,
    body: '{"spec":{"template":{"spec":{"containers":[{"name":"c","env":[{"name":"A","value":true}]}]}}}}',
    message:
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal bool into Go struct field EnvVar.spec.template.spec.containers.env.value of type string',
  },
  {
    name: "an amount that is none",
    kind: pod,
    body: '{"spec":{"containers":[{"name":"c","resources":{"limits":{"cpu":"1x"}}}]}}',
    message:
      "Pod in version \"v1\" cannot be handled as a Pod: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  },
  {
    name: "half a JSON",
    body: '{"kind":"Service","apiVersion":"v1","met',
    message: `${unrecognized}couldn't get version/kind; json parse error: unexpected end of JSON input ({"kind":"Service","apiVersion" ...)`,
  },
  {
    name: "an empty body",
    body: "",
    message: `${unrecognized}couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)`,
  },
  {
    name: "a body that is a list",
    body: "[1]",
    message: String.raw`${unrecognized}couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" } (5b315d)`,
  },
  {
    name: "another kind",
    body: '{"kind":"Pod","apiVersion":"v1"}',
    message:
      'Pod in version "v1" cannot be handled as a Service: converting (v1.Pod) to (core.Service): unknown conversion',
  },
  {
    name: "another version",
    body: '{"kind":"Service","apiVersion":"apps/v1"}',
    message: "the API version in the data (apps/v1) does not match the expected API version (v1)",
  },
  {
    name: "protobuf without its magic",
    type: "application/vnd.kubernetes.protobuf",
    body: "xyz",
    message: `${unrecognized}proto: provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] (78797a)`,
  },
  {
    name: "an unknown media type",
    type: "text/plain",
    body: "{}",
    code: 415,
    message:
      "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
  },
];

for (const { name, body, message, code = 400, ...options } of refused) {
  test(`decodeObject refuses ${name}`, () => {
    const reason = code === 400 ? "BadRequest" : "UnsupportedMediaType";
    assert.deepEqual(
      refusal(() => decode(body, options)),
      { code, reason, message },
    );
  });
}

test("decodeObject refuses YAML whose aliases multiply", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++) {
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(", ")}]`,
    );
  }
  const got = refusal(() => decode(lines.join("\n"), { type: "application/yaml" }));
  assert.equal(got.code, 400);
});

test("decodeObject refuses YAML that would keep the server busy for seconds", () => {
  const got = refusal(() => decode(`a: ${"x".repeat(1_500_000)}`, { type: "application/yaml" }));
  assert.equal(got.code, 413);
  const parts = refusal(() => decode("- a\n".repeat(50_000), { type: "application/yaml" }));
  assert.equal(parts.code, 400);
  assert.match(parts.message, /more than 150000 tokens/);
});

test("decodeObject refuses nesting without end, and does not crash", () => {
  for (const type of ["application/json", "application/yaml"]) {
    const deep = `{"spec":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    assert.equal(refusal(() => decode(deep, { type })).code, 400);
  }
  const revisions = kindFor("apps", "v1", "controllerrevisions")!;
  const deep = `{"data":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  assert.match(refusal(() => decode(deep, { kind: revisions })).message, /exceeded max depth/);
});

test("decodeObject reports at most a hundred unknown fields", () => {
  const body = JSON.stringify(
    Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`f${i}`, 1])),
  );
  const { warnings } = decode(body, { fieldValidation: "Warn" });
  assert.equal(warnings.length, 100);
});

test("decodeMeta reads options of any group, and none at all", () => {
  const options = { fieldValidation: "Strict" } as const;
  const body = Buffer.from(
    '{"kind":"DeleteOptions","apiVersion":"apps/v1","gracePeriodSeconds":0}',
  );
  assert.equal(
    decodeMeta("DeleteOptions", body, "application/json", options).object.gracePeriodSeconds,
    0,
  );
  assert.deepEqual(decodeMeta("DeleteOptions", Buffer.alloc(0), "", options).object, {
    kind: "DeleteOptions",
    apiVersion: "v1",
  });
});
