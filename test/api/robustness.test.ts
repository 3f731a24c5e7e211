import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { decodeObject } from "../../src/api/decode.ts";
import { withDefaults } from "../../src/api/defaults.ts";
import { invalidStatus } from "../../src/api/field-error.ts";
import { type Kind, kinds } from "../../src/api/kinds.ts";
import { apiVersionOf } from "../../src/api/resource.ts";
import { StatusError } from "../../src/api/status-error.ts";
import { strategyFor } from "../../src/api/strategy.ts";
import { columnsOf, rowOf } from "../../src/api/table.ts";
import type { KubeObject } from "../../src/api/types.ts";

// Whatever part of an object is missing or empty, the answer is a Status and never a crash of ours.

const podSpec = {
  containers: [
    {
      name: "c",
      image: "nginx",
      ports: [{ name: "http", containerPort: 80, hostPort: 80, hostIP: "192.0.2.1" }],
      env: [
        { name: "A", value: "b" },
        { name: "B", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
        { name: "C", valueFrom: { configMapKeyRef: { name: "m", key: "k" } } },
        { name: "D", valueFrom: { secretKeyRef: { name: "m", key: "k" } } },
      ],
      envFrom: [{ prefix: "X", configMapRef: { name: "m" } }, { secretRef: { name: "s" } }],
      volumeMounts: [{ name: "v", mountPath: "/v", subPath: "a" }],
      resources: { limits: { cpu: "1" }, requests: { cpu: "1" } },
      livenessProbe: { httpGet: { port: "http", httpHeaders: [{ name: "A", value: "b" }] } },
      readinessProbe: { tcpSocket: { port: 80 } },
      startupProbe: { grpc: { port: 80 } },
      lifecycle: { preStop: { sleep: { seconds: 1 } }, postStart: { exec: { command: ["a"] } } },
    },
  ],
  initContainers: [{ name: "i", image: "nginx", restartPolicy: "Always" }],
  volumes: [
    { name: "v", configMap: { name: "m", items: [{ key: "k", path: "p" }] } },
    { name: "w", emptyDir: {} },
    { name: "x", secret: { secretName: "s" } },
    { name: "y", hostPath: { path: "/tmp" } },
  ],
  tolerations: [{ key: "a", operator: "Equal", value: "b", effect: "NoExecute" }],
  hostAliases: [{ ip: "192.0.2.1", hostnames: ["a.example"] }],
  dnsConfig: { nameservers: ["192.0.2.1"], searches: ["a.example"], options: [{ name: "ndots" }] },
  readinessGates: [{ conditionType: "example.org/a" }],
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "a", whenUnsatisfiable: "DoNotSchedule" }],
  imagePullSecrets: [{ name: "a" }],
  schedulingGates: [{ name: "a" }],
};
const template = { metadata: { labels: { app: "web" } }, spec: podSpec };
const selector = {
  matchLabels: { app: "web" },
  matchExpressions: [{ key: "app", operator: "In", values: ["web"] }],
};
const workload = { replicas: 1, selector, template };

const samples: Readonly<Record<string, object>> = {
  ConfigMap: { data: { a: "b" }, binaryData: { c: "eA==" } },
  Secret: {
    type: "kubernetes.io/tls",
    data: { "tls.crt": "eA==" },
    stringData: { "tls.key": "x" },
  },
  ServiceAccount: { secrets: [{ name: "a" }] },
  Namespace: { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } },
  Node: {
    spec: { podCIDRs: ["10.244.1.0/24"], taints: [{ key: "a", effect: "NoSchedule" }] },
    status: {
      addresses: [{ type: "InternalIP", address: "192.0.2.1" }],
      conditions: [{ type: "Ready", status: "True" }],
      nodeInfo: { kubeletVersion: "v1" },
    },
  },
  Pod: {
    spec: podSpec,
    status: {
      phase: "Running",
      podIPs: [{ ip: "10.244.0.4" }],
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [
        { name: "c", state: { running: {} }, lastState: { terminated: { exitCode: 1 } } },
      ],
      initContainerStatuses: [{ name: "i", state: { waiting: { reason: "X" } } }],
    },
  },
  Service: {
    spec: {
      type: "LoadBalancer",
      ports: [{ name: "a", port: 80, nodePort: 30080, appProtocol: "http" }],
      selector: { app: "web" },
      clusterIP: "10.96.0.5",
      clusterIPs: ["10.96.0.5"],
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } },
      externalIPs: ["203.0.113.7"],
      loadBalancerSourceRanges: ["10.0.0.0/8"],
    },
    status: { loadBalancer: { ingress: [{ ip: "203.0.113.9" }] } },
  },
  Endpoints: {
    subsets: [
      {
        addresses: [{ ip: "192.0.2.1", hostname: "a", nodeName: "n" }],
        notReadyAddresses: [{ ip: "192.0.2.2" }],
        ports: [{ name: "a", port: 80, appProtocol: "http" }],
      },
    ],
  },
  EndpointSlice: {
    addressType: "IPv4",
    endpoints: [
      {
        addresses: ["192.0.2.1"],
        conditions: { ready: true },
        hostname: "a",
        nodeName: "n",
        zone: "z",
        hints: { forZones: [{ name: "z" }], forNodes: [{ name: "n" }] },
      },
    ],
    ports: [{ name: "a", port: 80, appProtocol: "http" }],
  },
  Event: {
    involvedObject: { kind: "Pod", name: "p", namespace: "default" },
    series: { count: 2, lastObservedTime: "2026-01-01T00:00:00.000000Z" },
    source: { component: "a", host: "b" },
  },
  Lease: { spec: { holderIdentity: "a", leaseDurationSeconds: 15, leaseTransitions: 1 } },
  Deployment: { spec: workload },
  ReplicaSet: { spec: workload },
  StatefulSet: { spec: { ...workload, serviceName: "web" } },
  ControllerRevision: { revision: 1, data: { a: "b" } },
};

/** Copies of a value, each with one part taken out or emptied. */
function variants(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    return [
      [],
      ...value.flatMap((item, index) => variants(item).map((one) => value.with(index, one))),
    ];
  }
  if (typeof value !== "object" || value === null) return [];
  return [
    {},
    ...Object.entries(value).flatMap(([key, item]) => [
      Object.fromEntries(Object.entries(value).filter(([name]) => name !== key)),
      ...variants(item).map((one) => ({ ...value, [key]: one })),
    ]),
  ];
}

function read(kind: Kind, content: object): KubeObject {
  const metadata = { name: "web", namespace: kind.namespaced ? "default" : undefined };
  const whole = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, ...content };
  const bytes = Buffer.from(JSON.stringify(whole));
  const { object } = decodeObject(kind, bytes, "application/json", { fieldValidation: "Strict" });
  return withDefaults(kind, object);
}

/** Everything that happens to an object on its way in and out. Refusals are answers. */
function pass(kind: Kind, body: object, old: object): void {
  try {
    const strategy = strategyFor(kind);
    const stored = strategy.prepareForCreate(read(kind, old));
    const created = strategy.prepareForCreate(read(kind, body));
    strategy.validateCreate(created);
    strategy.warnings(created);
    strategy.fields(created);
    assert.equal(rowOf(kind, created, 0).cells.length, columnsOf(kind).length);
    for (const subresource of [undefined, ...kind.subresources]) {
      const updated = strategy.prepareForUpdate(read(kind, body), stored, subresource);
      strategy.validateUpdate(updated, stored, subresource);
      rowOf(kind, updated, 0);
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
}

for (const kind of kinds) {
  test(`${kind.kind}: whatever is missing, it is judged and shown`, () => {
    const sample = samples[kind.kind];
    assert.ok(sample !== undefined, "no sample");
    const all = variants(sample);
    assert.ok(all.length > 1);
    for (const variant of all) {
      pass(kind, Object(variant), sample);
      pass(kind, sample, Object(variant));
    }
  });
}

// As much as a body can hold. Looking at all pairs of these, or showing all of them in each mistake, would never end.
const many = <T>(item: (index: number) => T): T[] =>
  Array.from({ length: 15_000 }, (_, i) => item(i));
const container = (fields: object) => ({
  spec: { containers: [{ name: "c", image: "nginx", ...fields }] },
});
const crowds: readonly { readonly name: string; readonly kind: string; readonly body: object }[] = [
  {
    name: "ports of one number",
    kind: "Pod",
    body: container({ ports: many(() => ({ containerPort: 80 })) }),
  },
  {
    name: "mounts of volumes that there are not",
    kind: "Pod",
    body: container({ volumeMounts: many((i) => ({ name: `v${i}`, mountPath: `/${i}` })) }),
  },
  {
    name: "owners that all control",
    kind: "ConfigMap",
    body: {
      metadata: {
        name: "web",
        ownerReferences: many((i) => ({
          apiVersion: "v1",
          kind: "Pod",
          name: `pod-${i}`,
          uid: `uid-${i}`,
          controller: true,
        })),
      },
    },
  },
  {
    name: "cluster IPs that are none",
    kind: "Service",
    body: {
      spec: { clusterIP: "x", clusterIPs: many(() => Array(10).fill("x")).flat() },
    },
  },
];
for (const { name, kind: kindName, body } of crowds) {
  test(`${kindName}: thousands of ${name} are judged, and the answer is short`, () => {
    const kind = kinds.find((one) => one.kind === kindName)!;
    const strategy = strategyFor(kind);
    const created = strategy.prepareForCreate(read(kind, body));
    const { message } = invalidStatus(kind, "web", strategy.validateCreate(created));
    assert.ok(message.length < 1_000_000);
    assert.ok(strategy.warnings(created).length < 1000);
  });
}
