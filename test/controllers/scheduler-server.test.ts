import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { namespaces, nodes, pods } from "../../src/api/resource.ts";
import type { PodSpec } from "../../src/api/types.ts";
import type { ControllerLab } from "./lab.ts";
import { eventually, startControllers } from "./lab.ts";

// Pods that wait, on a real API server: what they are told, and what brings them to a node after all.

const NAMESPACE = "waiting";
let lab: ControllerLab;

before(async () => {
  lab = await startControllers({ only: ["scheduler"] });
  await lab.api.create(namespaces, { metadata: { name: NAMESPACE } });
});
after(() => lab[Symbol.asyncDispose]());

async function addNode(name: string, labels: Record<string, string>, podsMax = "110") {
  const conditions = [{ type: "Ready", status: "True" }];
  const status = { allocatable: { pods: podsMax }, conditions };
  await lab.api.create(nodes, { metadata: { name, labels }, status });
}

async function addPod(name: string, spec: Partial<PodSpec>, labels: Record<string, string> = {}) {
  const containers = [{ name: "main", image: "pause" }];
  const metadata = { name, namespace: NAMESPACE, labels };
  await lab.api.create(pods, { metadata, spec: { containers, ...spec } });
}

async function isOn(name: string, nodeName: string): Promise<void> {
  await eventually(async () => {
    const { spec } = await lab.api.get(pods, { namespace: NAMESPACE, name });
    assert.equal(spec?.nodeName, nodeName);
  });
}

async function isTold(name: string, message: RegExp): Promise<void> {
  await eventually(async () => {
    const { status } = await lab.api.get(pods, { namespace: NAMESPACE, name });
    const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
    assert.match(scheduled?.message ?? "", message);
  });
}

test("a pod that fits nowhere is told why, and placed once a node suits it", async () => {
  await addNode("slow", {});
  await addPod("picky", { nodeSelector: { disk: "fast" } });
  await isTold(
    "picky",
    /^0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\. preemption: 0\/1 nodes are available: 1 Preemption is not helpful for scheduling\.$/,
  );
  const body = { metadata: { labels: { disk: "fast" } } };
  await lab.api.patch(nodes, { name: "slow" }, { type: "merge", body });
  await isOn("picky", "slow");
});

test("a pod that found its node full is placed when another one there is finished", async () => {
  const nodeSelector = { size: "one" };
  await addNode("node-of-one", nodeSelector, "1");
  await addPod("first", { nodeSelector });
  await isOn("first", "node-of-one");
  await addPod("second", { nodeSelector });
  await isTold("second", /Too many pods/);
  const first = { namespace: NAMESPACE, name: "first" };
  const body = { status: { phase: "Succeeded" } };
  await lab.api.patch(pods, first, { type: "merge", body, subresource: "status" });
  await isOn("second", "node-of-one");
});

test("a pod that has to be spread is placed once the place it could not go to is gone", async () => {
  await addNode("open", { rack: "open" });
  await addNode("full", { rack: "full" }, "0");
  const labels = { app: "spread" };
  const spread = {
    maxSkew: 1,
    topologyKey: "rack",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector: { matchLabels: labels },
  };
  await addPod("one", { topologySpreadConstraints: [spread] }, labels);
  await isOn("one", "open");
  await addPod("two", { topologySpreadConstraints: [spread] }, labels);
  await isTold("two", /didn't match pod topology spread constraints/);
  await lab.api.delete(nodes, { name: "full" });
  await isOn("two", "open");
});

test("a pod that keeps away from another is placed once that one bears another label", async () => {
  await addNode("shared", { room: "shared" });
  const nodeSelector = { room: "shared" };
  const term = { labelSelector: { matchLabels: { app: "loud" } }, topologyKey: "room" };
  const affinity = {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
  };
  await addPod("loud", { nodeSelector }, { app: "loud" });
  await isOn("loud", "shared");
  await addPod("shy", { nodeSelector, affinity });
  await isTold("shy", /didn't match pod anti-affinity rules/);
  const body = { metadata: { labels: { app: "quiet" } } };
  const loud = { namespace: NAMESPACE, name: "loud" };
  await lab.api.patch(pods, loud, { type: "merge", body });
  await isOn("shy", "shared");
});
