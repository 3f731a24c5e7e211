import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  endpointSlices,
  events,
  leases,
  namespaces,
  nodes,
  pods,
  services,
} from "../../src/api/resource.ts";
import { formatMicroTime } from "../../src/lib/clock.ts";
import { ManualClock } from "../../src/lib/manual-clock.ts";
import type { ControllerLab } from "./lab.ts";
import { eventually, startControllers } from "./lab.ts";

// Nodes that go silent, on a real API server. Time is the test's own: however slow the machine, no other node seems silent.

const GRACE_MS = 1_200;
/** How often an agent speaks: the controllers hear of it many times within the grace period. */
const STEP_MS = 50;
const NAMESPACE = "silence";
const LEASE_NAMESPACE = "kube-node-lease";
const clock = new ManualClock();
let lab: ControllerLab;
const lively = new Set(["node-1", "node-2", "node-3"]);

before(async () => {
  const nodeTimes = { graceMs: GRACE_MS, startupGraceMs: GRACE_MS, periodMs: 100 };
  lab = await startControllers({ nodes: nodeTimes }, clock);
  for (const name of lively) {
    await lab.api.create(nodes, { metadata: { name } });
    await sayReady(name, "True");
    await lab.api.create(leases, {
      metadata: { name, namespace: LEASE_NAMESPACE },
      spec: spec(name),
    });
  }
});
after(() => lab[Symbol.asyncDispose]());

/** Lets time pass while the lively nodes' agents speak. */
async function pass(ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= STEP_MS) {
    for (const name of lively) {
      const body = { spec: spec(name) };
      await lab.api.patch(leases, { namespace: LEASE_NAMESPACE, name }, { type: "merge", body });
    }
    await clock.advance(STEP_MS);
  }
}

/** Lets time pass until a check holds. */
function inTime(check: () => Promise<void>): Promise<void> {
  return eventually(async () => {
    await pass(STEP_MS);
    await check();
  });
}

function spec(holderIdentity: string) {
  return { holderIdentity, leaseDurationSeconds: 40, renewTime: formatMicroTime(clock.now()) };
}

/** As the node's agent does; the controllers write the node at the same time. */
async function sayReady(name: string, status: string): Promise<void> {
  const body = { status: { conditions: [{ type: "Ready", status }] } };
  await lab.api.patch(nodes, { name }, { type: "strategic", body, subresource: "status" });
}

async function readyOf(name: string) {
  const { status, spec: nodeSpec } = await lab.api.get(nodes, { name });
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  const taints = (nodeSpec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
  return { status: ready?.status, reason: ready?.reason, taints };
}

test("a silent node is unknown, its pods leave service, and it is taken back when it speaks again", async () => {
  await lab.api.create(namespaces, { metadata: { name: NAMESPACE } });
  const pod = await lab.api.create(pods, {
    metadata: { name: "web", namespace: NAMESPACE, labels: { app: "web" } },
    spec: { nodeName: "node-1", containers: [{ name: "main", image: "pause" }] },
  });
  const conditions = [{ type: "Ready", status: "True" }];
  const podStatus = {
    phase: "Running",
    podIP: "10.244.0.2",
    podIPs: [{ ip: "10.244.0.2" }],
    conditions,
  };
  await lab.api.update(pods, { ...pod, status: podStatus }, "status");
  await lab.api.create(services, {
    metadata: { name: "web", namespace: NAMESPACE },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  const isServing = async () => {
    const { items } = await lab.api.list(endpointSlices, { namespace: NAMESPACE });
    return items.flatMap(({ endpoints }) =>
      endpoints.map((endpoint) => endpoint.conditions?.ready),
    );
  };
  await inTime(async () => assert.deepEqual(await isServing(), [true]));

  lively.delete("node-1");
  await inTime(async () => assert.equal((await readyOf("node-1")).status, "Unknown"));
  const lease = await lab.api.get(leases, { namespace: LEASE_NAMESPACE, name: "node-1" });
  const spokeMs = Date.parse(lease.spec?.renewTime ?? "");
  assert.ok(clock.now() - spokeMs >= GRACE_MS, "not before the grace period");
  await inTime(async () => {
    const { reason, taints } = await readyOf("node-1");
    assert.equal(reason, "NodeStatusUnknown");
    assert.deepEqual(taints, [
      "node.kubernetes.io/unreachable:NoExecute",
      "node.kubernetes.io/unreachable:NoSchedule",
    ]);
    assert.deepEqual(await isServing(), [false]);
  });
  assert.deepEqual((await readyOf("node-2")).taints, []);
  await inTime(async () => {
    const { items } = await lab.api.list(events, {});
    const isTold = items.some(
      ({ reason, involvedObject }) => reason === "NodeNotReady" && involvedObject.kind === "Node",
    );
    assert.ok(isTold);
  });

  lively.add("node-1");
  await sayReady("node-1", "True");
  await inTime(async () => assert.deepEqual((await readyOf("node-1")).taints, []));
});

test("pods of a node that is gone for good are not removed at once", async () => {
  const name = { name: "left", namespace: NAMESPACE };
  const containers = [{ name: "main", image: "pause" }];
  await lab.api.create(pods, { metadata: name, spec: { nodeName: "node-3", containers } });
  lively.delete("node-3");
  await lab.api.delete(nodes, { name: "node-3" });
  await pass(2 * GRACE_MS);
  const { metadata } = await lab.api.get(pods, name);
  assert.equal(metadata.deletionTimestamp, undefined);
});

test("pods of a node whose agent never spoke keep what they were told", async () => {
  await lab.api.create(nodes, { metadata: { name: "by-hand" } });
  const pod = await lab.api.create(pods, {
    metadata: { name: "kept", namespace: NAMESPACE },
    spec: { nodeName: "by-hand", containers: [{ name: "main", image: "pause" }] },
  });
  const conditions = [{ type: "Ready", status: "True" }];
  await lab.api.update(pods, { ...pod, status: { phase: "Running", conditions } }, "status");
  await inTime(async () =>
    assert.equal((await readyOf("by-hand")).reason, "NodeStatusNeverUpdated"),
  );
  await pass(300);
  const { status } = await lab.api.get(pods, { namespace: NAMESPACE, name: "kept" });
  assert.equal(status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
});

test("an agent that says itself that its node is not ready answers for its pods", async () => {
  const name = "node-4";
  await lab.api.create(nodes, { metadata: { name } });
  await lab.api.create(leases, {
    metadata: { name, namespace: LEASE_NAMESPACE },
    spec: spec(name),
  });
  lively.add(name);
  await sayReady(name, "True");
  const pod = await lab.api.create(pods, {
    metadata: { name: "answered-for", namespace: NAMESPACE },
    spec: { nodeName: name, containers: [{ name: "main", image: "pause" }] },
  });
  const running = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
  await lab.api.update(pods, { ...pod, status: running }, "status");
  await inTime(async () => assert.deepEqual((await readyOf(name)).taints, []));

  await sayReady(name, "False");
  await inTime(async () => {
    const { taints } = await readyOf(name);
    assert.ok(taints.includes("node.kubernetes.io/not-ready:NoSchedule"));
  });
  await pass(300);
  const { status } = await lab.api.get(pods, { namespace: NAMESPACE, name: "answered-for" });
  assert.equal(status?.conditions?.find(({ type }) => type === "Ready")?.status, "True");
});

test("a taint NoExecute makes pods leave at once, but those that tolerate it", async () => {
  const toleration = { key: "team", operator: "Exists" };
  for (const [name, tolerations] of [
    ["leaves", []],
    ["stays", [toleration]],
    ["stays-a-second", [{ ...toleration, effect: "NoExecute", tolerationSeconds: 1 }]],
  ] as const) {
    await lab.api.create(pods, {
      metadata: { name, namespace: NAMESPACE },
      spec: { nodeName: "node-2", tolerations, containers: [{ name: "main", image: "pause" }] },
    });
  }
  const hasToGo = async (name: string) => {
    const { metadata } = await lab.api.get(pods, { namespace: NAMESPACE, name });
    return metadata.deletionTimestamp !== undefined;
  };
  const body = { spec: { taints: [{ key: "team", value: "a", effect: "NoExecute" }] } };
  await lab.api.patch(nodes, { name: "node-2" }, { type: "merge", body });
  await inTime(async () => assert.ok(await hasToGo("leaves")));
  const { status } = await lab.api.get(pods, { namespace: NAMESPACE, name: "leaves" });
  const disruption = status?.conditions?.find(({ type }) => type === "DisruptionTarget");
  assert.equal(disruption?.reason, "DeletionByTaintManager");
  await inTime(async () => assert.ok(await hasToGo("stays-a-second")));
  assert.equal(await hasToGo("stays"), false);
});

test("controllers that come back have nothing to say of a node that was silent before", async () => {
  await inTime(async () => assert.equal((await readyOf("by-hand")).status, "Unknown"));
  lively.delete("node-1");
  await inTime(async () => assert.equal((await readyOf("node-1")).status, "Unknown"));
  const told = async () => {
    const { items } = await lab.api.list(events, {});
    return items
      .filter(({ reason }) => reason === "NodeNotReady")
      .filter(({ involvedObject }) => involvedObject.name === "node-1")
      .reduce((sum, { count = 1 }) => sum + count, 0);
  };
  await inTime(async () => assert.ok((await told()) > 0));
  await lab.stop();
  await pass(200);
  const before = await told();
  await lab.api.patch(nodes, { name: "node-1" }, { type: "merge", body: { spec: { taints: [] } } });
  lab.start();
  await inTime(async () => {
    const { taints } = await readyOf("node-1");
    assert.ok(taints.includes("node.kubernetes.io/unreachable:NoSchedule"), "they are at work");
  });
  await pass(600);
  assert.equal(await told(), before);
});
