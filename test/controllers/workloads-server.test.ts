import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  configMaps,
  controllerRevisions,
  deployments,
  endpointSlices,
  events,
  namespaces,
  nodes,
  pods,
  replicaSets,
  serviceAccounts,
  services,
  statefulSets,
} from "../../src/api/resource.ts";
import { isNotFound } from "../../src/api/status-error.ts";
import type {
  Deployment,
  DeploymentSpec,
  KubeObject,
  Pod,
  StatefulSet,
} from "../../src/api/types.ts";
import type { Kubelet } from "./kubelet.ts";
import { startKubelet } from "./kubelet.ts";
import type { ControllerLab } from "./lab.ts";
import { eventually, startControllers } from "./lab.ts";

// All controllers on a real API server; only the agents are stood in for: pods become ready once they are bound.

const NODES = ["node-1", "node-2", "node-3"];
let lab: ControllerLab;
let kubelet: Kubelet;

before(async () => {
  lab = await startControllers({
    serviceAccounts: { rootCa: "PEM" },
    nodes: { graceMs: 3_600_000 },
  });
  kubelet = startKubelet(lab.api, lab.informers);
  for (const name of NODES) {
    const node = await lab.api.create(nodes, {
      metadata: { name, labels: { "kubernetes.io/hostname": name } },
    });
    const conditions = [{ type: "Ready", status: "True" }];
    await lab.api.update(
      nodes,
      { ...node, status: { allocatable: { pods: "110" }, conditions } },
      "status",
    );
  }
});
after(async () => {
  kubelet.stop();
  await lab[Symbol.asyncDispose]();
});

async function openNamespace(name: string): Promise<string> {
  await lab.api.create(namespaces, { metadata: { name } });
  return name;
}

function template(image: string) {
  return { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "main", image }] } };
}

function deployment(namespace: string, spec: Partial<DeploymentSpec> = {}): Deployment {
  const selector = { matchLabels: { app: "web" } };
  return {
    metadata: { name: "web", namespace },
    spec: { replicas: 3, selector, template: template("pause:1"), ...spec },
  };
}

const podsIn = async (namespace: string) => (await lab.api.list(pods, { namespace })).items;
const imagesOf = (list: readonly Pod[]) =>
  list.map(({ spec }) => spec?.containers[0]?.image).sort();
const alive = (list: readonly Pod[]) =>
  list.filter(({ metadata }) => metadata.deletionTimestamp === undefined);

async function complete(namespace: string, replicas = 3): Promise<Deployment> {
  return await eventually(async () => {
    const found = await lab.api.get(deployments, { namespace, name: "web" });
    const {
      updatedReplicas,
      availableReplicas,
      observedGeneration,
      replicas: all,
    } = found.status ?? {};
    const { generation } = found.metadata;
    assert.deepEqual(
      [updatedReplicas ?? 0, availableReplicas ?? 0, all ?? 0, observedGeneration],
      [replicas, replicas, replicas, generation],
    );
    return found;
  });
}

test("a Deployment's pods get names of their ReplicaSet and one node each", async () => {
  const namespace = await openNamespace("spread");
  await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  const list = await podsIn(namespace);
  assert.deepEqual(list.map(({ spec }) => spec?.nodeName).sort(), NODES);
  for (const { metadata } of list) {
    assert.match(
      metadata.name ?? "",
      /^web-[bcdfghjklmnpqrstvwxz2456789]{1,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/,
    );
  }
});

test("an update rolls over to the new template, and undo brings the old ReplicaSet back", async () => {
  const namespace = await openNamespace("rollout");
  const first = await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  const name = { namespace, name: "web" };
  const patch = (image: string) => ({
    type: "strategic" as const,
    body: { spec: { template: { spec: { containers: [{ name: "main", image }] } } } },
  });
  await lab.api.patch(deployments, name, patch("pause:2"));
  const second = await complete(namespace);
  assert.equal(second.metadata.annotations?.["deployment.kubernetes.io/revision"], "2");
  await eventually(async () =>
    assert.deepEqual(imagesOf(await podsIn(namespace)), new Array(3).fill("pause:2")),
  );
  await lab.api.patch(deployments, name, patch("pause:1"));
  const third = await complete(namespace);
  assert.equal(third.metadata.annotations?.["deployment.kubernetes.io/revision"], "3");
  assert.equal(third.metadata.uid, first.metadata.uid);
  const { items: sets } = await lab.api.list(replicaSets, { namespace });
  assert.equal(sets.length, 2);
  await eventually(async () => {
    const { items } = await lab.api.list(events, { namespace });
    const messages = items
      .filter(({ reason }) => reason === "ScalingReplicaSet")
      .map(({ message = "" }) => message);
    const isTold = (message: string) => /^Scaled up replica set web-\S+ from 0 to 3$/.test(message);
    assert.ok(messages.some(isTold), String(messages));
  });
});

test("a version that never becomes ready takes no more than its share", async () => {
  const namespace = await openNamespace("stuck");
  kubelet.broken.add("pause:broken");
  await lab.api.create(deployments, deployment(namespace, { progressDeadlineSeconds: 1 }));
  await complete(namespace);
  const current = await lab.api.get(deployments, { namespace, name: "web" });
  const { spec } = deployment(namespace, {
    progressDeadlineSeconds: 1,
    template: template("pause:broken"),
  });
  await lab.api.update(deployments, { ...current, ...(spec === undefined ? {} : { spec }) });
  await eventually(async () => {
    const { status } = await lab.api.get(deployments, { namespace, name: "web" });
    const progressing = status?.conditions?.find(({ type }) => type === "Progressing");
    assert.equal(progressing?.reason, "ProgressDeadlineExceeded");
  });
  await eventually(async () => {
    const images = imagesOf(await podsIn(namespace));
    assert.deepEqual(images, ["pause:1", "pause:1", "pause:1", "pause:broken"]);
  });
});

test("a Deployment whose ReplicaSet is refused says so", async () => {
  const namespace = await openNamespace("refused");
  const name = `web-${"x".repeat(249)}`; // With a hash it is too long a name for a ReplicaSet.
  const { spec } = deployment(namespace);
  await lab.api.create(deployments, { metadata: { name, namespace }, ...(spec && { spec }) });
  await eventually(async () => {
    const { status } = await lab.api.get(deployments, { namespace, name });
    const progressing = status?.conditions?.find(({ type }) => type === "Progressing");
    assert.deepEqual(
      [progressing?.status, progressing?.reason],
      ["False", "ReplicaSetCreateError"],
    );
    assert.match(progressing?.message ?? "", /must be no more than 253/);
  });
});

test("up and down: exactly as many pods as asked for, each time", async () => {
  const namespace = await openNamespace("scale");
  await lab.api.create(deployments, deployment(namespace));
  for (const replicas of [10, 2, 0, 5]) {
    const body = { spec: { replicas } };
    await lab.api.patch(deployments, { namespace, name: "web" }, { type: "merge", body });
    await complete(namespace, replicas);
    await eventually(async () => assert.equal((await podsIn(namespace)).length, replicas));
  }
});

test("a pod that is deleted is replaced once, however often one looks", async () => {
  const namespace = await openNamespace("replace");
  await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  const [victim] = await podsIn(namespace);
  await lab.api.delete(pods, { namespace, name: victim?.metadata.name ?? "" });
  await eventually(async () => {
    const list = alive(await podsIn(namespace));
    assert.equal(list.length, 3);
    assert.ok(list.every(({ metadata }) => metadata.uid !== victim?.metadata.uid));
  });
  await eventually(async () => {
    const { items } = await lab.api.list(events, { namespace });
    const created = items.filter(({ reason }) => reason === "SuccessfulCreate");
    assert.equal(created.length, 4);
  });
});

test("deleting a Deployment takes its ReplicaSets and pods along; orphaning leaves them to a new one", async () => {
  const namespace = await openNamespace("cascade");
  await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  const before = (await podsIn(namespace)).map(({ metadata }) => metadata.uid).sort();
  const name = { namespace, name: "web" };
  await lab.api.delete(deployments, name, { propagationPolicy: "Orphan" });
  await eventually(async () => {
    const { items } = await lab.api.list(replicaSets, { namespace });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.ownerReferences ?? []),
      [[]],
    );
    await assert.rejects(lab.api.get(deployments, name), isNotFound);
  });
  await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  assert.deepEqual((await podsIn(namespace)).map(({ metadata }) => metadata.uid).sort(), before);

  await lab.api.delete(deployments, name, { propagationPolicy: "Foreground" });
  await eventually(async () => {
    await assert.rejects(lab.api.get(deployments, name), isNotFound);
    assert.equal((await lab.api.list(replicaSets, { namespace })).items.length, 0);
    assert.equal((await podsIn(namespace)).length, 0);
  });
  await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  await lab.api.delete(deployments, name, { propagationPolicy: "Background" });
  await eventually(async () => assert.equal((await podsIn(namespace)).length, 0));
});

function statefulSet(namespace: string): StatefulSet {
  return {
    metadata: { name: "db", namespace },
    spec: {
      replicas: 3,
      serviceName: "db",
      selector: { matchLabels: { app: "web" } },
      template: template("pause:1"),
    },
  };
}

test("a StatefulSet's pods keep their names, come in order and are updated from the last on", async () => {
  const namespace = await openNamespace("stateful");
  const order: string[] = [];
  const cache = lab.informers.informer(pods, { namespace });
  await cache.whenSynced();
  cache.subscribe(({ type, object }) => {
    if (type !== "MODIFIED") order.push(`${type} ${object.metadata.name}`);
  });
  await lab.api.create(statefulSets, statefulSet(namespace));
  const name = { namespace, name: "db" };
  const settled = async () => {
    const { status, metadata } = await lab.api.get(statefulSets, name);
    assert.deepEqual(
      [
        status?.readyReplicas,
        status?.updatedReplicas,
        status?.currentRevision,
        status?.observedGeneration,
      ],
      [3, 3, status?.updateRevision, metadata.generation],
    );
  };
  await eventually(settled);
  await eventually(async () => assert.deepEqual(order, ["ADDED db-0", "ADDED db-1", "ADDED db-2"]));
  order.length = 0;
  const body = {
    spec: { template: { spec: { containers: [{ name: "main", image: "pause:2" }] } } },
  };
  await lab.api.patch(statefulSets, name, { type: "strategic", body });
  await eventually(async () => {
    assert.deepEqual(imagesOf(await podsIn(namespace)), new Array(3).fill("pause:2"));
    await settled();
  });
  const updated = [2, 1, 0].flatMap((ordinal) => [`DELETED db-${ordinal}`, `ADDED db-${ordinal}`]);
  await eventually(async () => assert.deepEqual(order, updated));
  assert.equal((await lab.api.list(controllerRevisions, { namespace })).items.length, 2);
  await lab.api.patch(statefulSets, name, { type: "merge", body: { spec: { replicas: 1 } } });
  await eventually(async () => {
    const list = await podsIn(namespace);
    assert.deepEqual(
      list.map(({ metadata }) => metadata.name),
      ["db-0"],
    );
  });
});

test("a new StatefulSet takes up the pods and revisions that an orphaning delete left", async () => {
  const namespace = await openNamespace("stateful-again");
  const name = { namespace, name: "db" };
  const settled = () =>
    eventually(async () => {
      const { status } = await lab.api.get(statefulSets, name);
      assert.deepEqual([status?.readyReplicas, status?.updatedReplicas], [3, 3]);
    });
  await lab.api.create(statefulSets, statefulSet(namespace));
  await settled();
  const before = await podsIn(namespace);
  const { items: revisions } = await lab.api.list(controllerRevisions, { namespace });
  await lab.api.delete(statefulSets, name, { propagationPolicy: "Orphan" });
  await eventually(() => assert.rejects(lab.api.get(statefulSets, name), isNotFound));
  const { metadata } = await lab.api.create(statefulSets, statefulSet(namespace));
  await settled();
  const uids = (list: readonly KubeObject[]) => list.map((object) => object.metadata.uid).sort();
  assert.deepEqual(uids(await podsIn(namespace)), uids(before));
  await eventually(async () => {
    const { items } = await lab.api.list(controllerRevisions, { namespace });
    assert.deepEqual(uids(items), uids(revisions));
    assert.deepEqual(
      items.flatMap((item) => item.metadata.ownerReferences ?? []).map(({ uid }) => uid),
      [metadata.uid],
    );
  });
});

test("a StatefulSet's pod that lost the label of its name gets it back, and events say so", async () => {
  const namespace = await openNamespace("stateful-labels");
  await lab.api.create(statefulSets, statefulSet(namespace));
  const label = "statefulset.kubernetes.io/pod-name";
  const body = { metadata: { labels: { [label]: null } } };
  await eventually(() => lab.api.get(pods, { namespace, name: "db-0" }));
  await lab.api.patch(pods, { namespace, name: "db-0" }, { type: "merge", body });
  await eventually(async () => {
    const pod = await lab.api.get(pods, { namespace, name: "db-0" });
    assert.equal(pod.metadata.labels?.[label], "db-0");
    const { items } = await lab.api.list(events, { namespace });
    const messages = items.map(({ reason, message }) => `${reason}: ${message}`);
    for (const wanted of [
      "SuccessfulCreate: create Pod db-0 in StatefulSet db successful",
      "SuccessfulUpdate: update Pod db-0 in StatefulSet db successful",
    ]) {
      assert.ok(messages.includes(wanted), messages.join("\n"));
    }
  });
});

test("each namespace has its account and the CA, also after they are removed", async () => {
  const namespace = await openNamespace("accounts");
  const account = { namespace, name: "default" };
  const ca = { namespace, name: "kube-root-ca.crt" };
  const check = () =>
    eventually(async () => {
      await lab.api.get(serviceAccounts, account);
      assert.deepEqual((await lab.api.get(configMaps, ca)).data, { "ca.crt": "PEM" });
    });
  await check();
  await lab.api.delete(serviceAccounts, account);
  await lab.api.patch(configMaps, ca, { type: "merge", body: { data: { "ca.crt": "evil" } } });
  await check();
});

test("a namespace that is deleted empties itself, waits for finalizers and says so", async () => {
  const namespace = await openNamespace("leaving");
  await lab.api.create(deployments, deployment(namespace));
  await complete(namespace);
  await lab.api.create(services, {
    metadata: { name: "web", namespace },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  });
  const held = { name: "held", namespace, finalizers: ["example.org/hold"] };
  await lab.api.create(configMaps, { metadata: held });
  await lab.api.delete(namespaces, { name: namespace });
  await eventually(async () => {
    const { status } = await lab.api.get(namespaces, { name: namespace });
    const remaining = status?.conditions?.find(({ type }) => type === "NamespaceContentRemaining");
    assert.equal(
      remaining?.message,
      "Some resources are remaining: configmaps. has 1 resource instances",
    );
    assert.equal(status?.phase, "Terminating");
  });
  assert.equal((await podsIn(namespace)).length, 0);
  const patch = { type: "merge", body: { metadata: { finalizers: null } } } as const;
  await lab.api.patch(configMaps, { namespace, name: "held" }, patch);
  await eventually(() => assert.rejects(lab.api.get(namespaces, { name: namespace }), isNotFound));
});

test("slices go with their Service", async () => {
  const namespace = await openNamespace("slices");
  const service = {
    metadata: { name: "web", namespace },
    spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
  };
  await lab.api.create(services, service);
  await eventually(async () =>
    assert.equal((await lab.api.list(endpointSlices, { namespace })).items.length, 1),
  );
  await lab.api.delete(services, { namespace, name: "web" });
  await eventually(async () =>
    assert.equal((await lab.api.list(endpointSlices, { namespace })).items.length, 0),
  );
});
