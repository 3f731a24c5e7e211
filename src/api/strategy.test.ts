import assert from "node:assert/strict";
import { test } from "node:test";
import { container, deployment, labels, metadata, podSpec, slice } from "../../test/api/samples.ts";
import * as r from "./resource.ts";
import { secretStrategy } from "./strategy/config.ts";
import { endpointSliceStrategy } from "./strategy/endpoint-slice.ts";
import { namespaceStrategy } from "./strategy/namespace.ts";
import { nodeStrategy } from "./strategy/node.ts";
import { podStrategy } from "./strategy/pod.ts";
import { serviceStrategy } from "./strategy/service.ts";
import type { Strategy } from "./strategy/strategy-shape.ts";
import { deploymentStrategy } from "./strategy/workloads.ts";
import { strategyFor } from "./strategy.ts";
import type { EndpointSlice, KubeObject, Namespace, Node, Pod, Secret, Service } from "./types.ts";

/** What an update comes to. */
function updated<T extends KubeObject>(rules: Strategy<T>, next: T, old: T, sub?: string): T {
  return rules.prepareForUpdate(next, old, sub);
}

function created<T extends KubeObject>(rules: Strategy<T>, object: T): T {
  return rules.prepareForCreate(object);
}

test("the generation begins at one and counts changes of a Deployment's spec and annotations", () => {
  assert.equal(created(deploymentStrategy, deployment).metadata.generation, 1);
  const scaled = { ...deployment, spec: { ...deployment.spec!, replicas: 5 } };
  assert.equal(updated(deploymentStrategy, scaled, deployment).metadata.generation, 2);
  const noted = { ...deployment, metadata: { ...metadata, annotations: { a: "b" } } };
  assert.equal(updated(deploymentStrategy, noted, deployment).metadata.generation, 2);
  const labelled = { ...deployment, metadata: { ...metadata, labels } };
  assert.equal(updated(deploymentStrategy, labelled, deployment).metadata.generation, 1);
});

test("the generation of a slice counts endpoints, ports and labels, but not annotations", () => {
  const generation = (next: Partial<EndpointSlice>) =>
    updated(endpointSliceStrategy, { ...slice, ...next }, slice).metadata.generation;
  assert.equal(generation({ endpoints: [] }), 2);
  assert.equal(generation({ ports: [] }), 2);
  assert.equal(generation({ metadata: { ...metadata, labels: { a: "b" } } }), 2);
  assert.equal(generation({ metadata: { ...metadata, labels, annotations: { a: "b" } } }), 1);
});

test("kinds without a generation have none, whatever the client says", () => {
  const service: Service = { metadata: { ...metadata, generation: 7 }, spec: {} };
  assert.equal(created(serviceStrategy, service).metadata.generation, undefined);
});

test("the status is dropped on the main path, and all else on the status path", () => {
  const next = {
    ...deployment,
    spec: { ...deployment.spec!, replicas: 9 },
    status: { replicas: 9 },
  };
  assert.deepEqual(created(deploymentStrategy, next).status, {});
  const main = updated(deploymentStrategy, next, deployment);
  assert.deepEqual([main.spec?.replicas, main.status?.replicas], [9, 3]);
  const status = updated(deploymentStrategy, next, deployment, "status");
  assert.deepEqual([status.spec?.replicas, status.status?.replicas], [3, 9]);
  assert.equal(status.metadata.generation, 1);
});

test("a status written for another version says so in the result", () => {
  const next = { ...deployment, metadata: { ...metadata, resourceVersion: "4" } };
  assert.equal(
    updated(deploymentStrategy, next, deployment, "status").metadata.resourceVersion,
    "4",
  );
});

test("what only the server sets is carried over an update that leaves it out", () => {
  const next = { ...deployment, metadata: { name: "web", namespace: "default" } };
  const { uid, creationTimestamp, generation } = updated(
    deploymentStrategy,
    next,
    deployment,
  ).metadata;
  assert.deepEqual([uid, creationTimestamp, generation], ["u", metadata.creationTimestamp, 1]);
});

test("a new pod is Pending and has its class, service account and tolerations", () => {
  const pod = created(podStrategy, { metadata, spec: podSpec, status: { phase: "Running" } });
  assert.equal(pod.status?.phase, "Pending");
  assert.equal(pod.status?.qosClass, "BestEffort");
  assert.equal(pod.spec?.serviceAccountName, "default");
  assert.deepEqual(
    pod.spec?.tolerations?.map(({ key }) => key),
    ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"],
  );
});

const qosRows = [
  { name: "no amounts", resources: {}, want: "BestEffort" },
  { name: "limits alone", resources: { limits: { cpu: "1", memory: "1Gi" } }, want: "Guaranteed" },
  {
    name: "equal amounts in different spelling",
    resources: {
      limits: { cpu: "1", memory: "1Gi" },
      requests: { cpu: "1000m", memory: "1024Mi" },
    },
    want: "Guaranteed",
  },
  { name: "a request alone", resources: { requests: { cpu: "100m" } }, want: "Burstable" },
];
for (const { name, resources, want } of qosRows) {
  test(`qosClass: ${name}: ${want}`, () => {
    const spec = { ...podSpec, containers: [{ ...container, resources }] };
    assert.equal(created(podStrategy, { metadata, spec }).status?.qosClass, want);
  });
}

test("a pod status keeps podIP and podIPs in step", () => {
  const old: Pod = {
    metadata,
    spec: podSpec,
    status: { phase: "Pending", qosClass: "BestEffort" },
  };
  const next = { ...old, status: { phase: "Running", podIP: "10.244.0.4" } };
  const { status } = updated(podStrategy, next, old, "status");
  assert.deepEqual(status?.podIPs, [{ ip: "10.244.0.4" }]);
  assert.equal(status?.qosClass, "BestEffort");
});

test("a namespace is born with its label, finalizer and phase", () => {
  const namespace: Namespace = created(namespaceStrategy, { metadata: { name: "demo" } });
  assert.deepEqual(namespace.spec?.finalizers, ["kubernetes"]);
  assert.equal(namespace.metadata.labels?.["kubernetes.io/metadata.name"], "demo");
  assert.equal(namespace.status?.phase, "Active");
});

test("the finalizers of a namespace change on the finalize path only", () => {
  const old = created(namespaceStrategy, { metadata: { name: "demo" } });
  const next = { ...old, spec: { finalizers: [] } };
  assert.deepEqual(updated(namespaceStrategy, next, old).spec?.finalizers, ["kubernetes"]);
  assert.deepEqual(updated(namespaceStrategy, next, old, "finalize").spec?.finalizers, []);
});

test("stringData goes into data, over what is there", () => {
  const secret: Secret = { metadata, type: "Opaque", data: { a: "eA==" }, stringData: { b: "y" } };
  const { data, stringData } = created(secretStrategy, secret);
  assert.deepEqual([data, stringData], [{ a: "eA==", b: "eQ==" }, undefined]);
});

test("a key that is named like a member of objects is a key like any other", () => {
  const stringData = Object.fromEntries([["__proto__", "y"]]);
  const secret = created(secretStrategy, { metadata, type: "constructor", stringData });
  assert.deepEqual(Object.entries(secret.data ?? {}), [["__proto__", "eQ=="]]);
  assert.deepEqual(secretStrategy.validateCreate(secret), []);
});

test("podCIDR and podCIDRs fill in one another", () => {
  const node: Node = { metadata: { name: "n" }, spec: { podCIDR: "10.244.1.0/24" } };
  assert.deepEqual(created(nodeStrategy, node).spec?.podCIDRs, ["10.244.1.0/24"]);
  const list: Node = { metadata: { name: "n" }, spec: { podCIDRs: ["10.244.1.0/24"] } };
  assert.equal(created(nodeStrategy, list).spec?.podCIDR, "10.244.1.0/24");
});

test("fields are what a selector may name", () => {
  const pod: Pod = { metadata, spec: { ...podSpec, nodeName: "n1" }, status: { phase: "Running" } };
  const strategy = strategyFor(r.pods);
  assert.equal(strategy.fields(pod)["spec.nodeName"], "n1");
  assert.equal(strategy.fields(pod)["status.phase"], "Running");
  strategy.checkField("status.podIP");
  assert.throws(() => strategy.checkField("spec.hostname"), /field label not supported/);
});

// Whoever reports the status of an object may note on it what was done; a pod's labels decide who sends it traffic.
const statusRows: readonly { readonly kind: r.Resource; readonly takes: readonly string[] }[] = [
  { kind: r.services, takes: ["annotations", "labels"] },
  { kind: r.nodes, takes: ["annotations", "labels"] },
  { kind: r.replicaSets, takes: ["annotations", "labels"] },
  { kind: r.statefulSets, takes: ["annotations", "labels"] },
  { kind: r.deployments, takes: ["annotations"] },
  { kind: r.pods, takes: [] },
];
for (const { kind, takes } of statusRows) {
  test(`the status of ${kind.plural} comes with ${takes.join(" and ") || "nothing else"}`, () => {
    const old = { metadata: { ...metadata, labels: { a: "old" } }, spec: { a: "old" } };
    const noted = { ...metadata, labels: { a: "new" }, annotations: { a: "new" } };
    const next = { metadata: noted, spec: { a: "new" }, status: { conditions: [] } };
    const stored = updated<KubeObject>(strategyFor(kind), next, old, "status");
    const { labels: storedLabels, annotations } = stored.metadata;
    assert.deepEqual(storedLabels, { a: takes.includes("labels") ? "new" : "old" });
    assert.deepEqual(annotations, takes.includes("annotations") ? { a: "new" } : undefined);
    assert.deepEqual(Reflect.get(stored, "spec"), { a: "old" });
    assert.ok(Reflect.get(stored, "status"));
  });
}

test("the status of a namespace does not take its name label away", () => {
  const old = created(namespaceStrategy, { metadata: { name: "demo" } });
  const next = { ...old, metadata: { name: "demo", labels: { a: "b" } } };
  assert.deepEqual(updated(namespaceStrategy, next, old, "status").metadata.labels, {
    a: "b",
    "kubernetes.io/metadata.name": "demo",
  });
});
