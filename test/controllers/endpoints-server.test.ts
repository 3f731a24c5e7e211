import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  endpointSlices,
  endpoints as endpointsResource,
  namespaces,
  nodes,
  pods,
  services,
} from "../../src/api/resource.ts";
import { isNotFound } from "../../src/api/status-error.ts";
import type { EndpointSlice, Endpoints, Service } from "../../src/api/types.ts";
import type {
  ClusterCase,
  Expected,
  MirroringCase,
  PodFacts,
  ServiceFacts,
  Step,
} from "./case-facts.ts";
import {
  caseNodes,
  cases,
  comparableSlices,
  comparableSubsets,
  endpointPort,
  endpointsFrom,
  factsOfSlice,
  factsOfSubsets,
  podFrom,
  serviceFrom,
} from "./case-facts.ts";
import type { ControllerLab } from "./lab.ts";
import { eventually, startControllers } from "./lab.ts";

// The cases on a real API server with the real controllers: what a client of the cluster sees.

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
/** How long nothing may happen where nothing shall happen. */
const QUIET_MS = 150;

let lab: ControllerLab;

before(async () => {
  lab = await startControllers({ only: ["endpoints", "endpointslices", "endpointslicemirroring"] });
  for (const { metadata } of caseNodes) {
    const { name = "", labels = {} } = metadata;
    await lab.api.create(nodes, { metadata: { name, labels } });
  }
});
after(() => lab[Symbol.asyncDispose]());

/** One case's namespace. */
class World {
  readonly #namespace: string;
  readonly #pods = new Map<string, PodFacts>();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  async open(): Promise<void> {
    await lab.api.create(namespaces, { metadata: { name: this.#namespace } });
  }

  async putService(facts: ServiceFacts): Promise<Service> {
    const wanted = serviceFrom(facts);
    const { clusterIP, ...spec } = wanted.spec ?? {};
    const { name = "" } = wanted.metadata;
    const families = spec.ipFamilies ?? [];
    const headless = clusterIP === "None" ? { clusterIP } : {};
    const policy = families.length > 1 ? "RequireDualStack" : "SingleStack";
    const fresh: Service = {
      ...wanted,
      metadata: { ...wanted.metadata, namespace: this.#namespace },
      spec: { ...spec, ...headless, ...(families.length === 0 ? {} : { ipFamilyPolicy: policy }) },
    };
    const existing = await this.service(name);
    if (existing === undefined) return await lab.api.create(services, fresh);
    const kept =
      fresh.spec?.type === "ExternalName"
        ? {}
        : {
            clusterIP: existing.spec?.clusterIP ?? "",
            clusterIPs: (existing.spec?.clusterIPs ?? []).slice(0, families.length || 1),
          };
    const { resourceVersion = "", uid = "" } = existing.metadata;
    const metadata = { ...fresh.metadata, resourceVersion, uid };
    return await lab.api.update(services, { ...fresh, metadata, spec: { ...fresh.spec, ...kept } });
  }

  /** Makes the pods exactly those. */
  async putPods(wanted: readonly PodFacts[]): Promise<void> {
    for (const name of this.#pods.keys()) {
      if (!wanted.some((facts) => facts.name === name)) await this.#removePod(name);
    }
    for (const facts of wanted) {
      const known = this.#pods.get(facts.name);
      if (known !== undefined && JSON.stringify(known) === JSON.stringify(facts)) continue;
      if (known !== undefined && !isStatusOnly(known, facts)) await this.#removePod(facts.name);
      await this.#putPod(facts);
    }
  }

  async #putPod(facts: PodFacts): Promise<void> {
    const namespace = this.#namespace;
    const { status = {}, ...pod } = podFrom(facts);
    const { deletionTimestamp: _, ...metadata } = pod.metadata;
    const isNew = !this.#pods.has(facts.name);
    const name = { namespace, name: facts.name };
    const current = isNew
      ? await lab.api.create(pods, { ...pod, metadata: { ...metadata, namespace } })
      : await lab.api.get(pods, name);
    this.#pods.set(facts.name, facts);
    await lab.api.update(pods, { ...current, status }, "status");
    if (!isNew && JSON.stringify(current.metadata.labels) !== JSON.stringify(metadata.labels)) {
      const body = [{ op: "add", path: "/metadata/labels", value: metadata.labels ?? {} }];
      await lab.api.patch(pods, name, { type: "json", body });
    }
    if (facts.terminating === true) await lab.api.delete(pods, name, { gracePeriodSeconds: 3600 });
  }

  async #removePod(name: string): Promise<void> {
    this.#pods.delete(name);
    await lab.api.delete(pods, { namespace: this.#namespace, name }, { gracePeriodSeconds: 0 });
  }

  async perform({ op, addresses = [], ports = [] }: NonNullable<Step["do"]>): Promise<void> {
    const namespace = this.#namespace;
    switch (op) {
      case "replace-slice-endpoints":
        for (const slice of await this.slices("web")) {
          await lab.api.update(endpointSlices, { ...slice, endpoints: [{ addresses }] });
        }
        return;
      case "delete-slices":
        for (const { metadata } of await this.slices("web")) {
          await lab.api.delete(endpointSlices, { namespace, name: metadata.name ?? "" });
        }
        return;
      case "replace-endpoints-subsets": {
        const subsets = [
          { addresses: addresses.map((ip) => ({ ip })), ports: ports.map(endpointPort) },
        ];
        const current = await lab.api.get(endpointsResource, { namespace, name: "web" });
        await lab.api.update(endpointsResource, { ...current, subsets });
        return;
      }
      case "delete-service-and-recreate":
        await lab.api.delete(services, { namespace, name: "web" });
        return;
      default:
        assert.fail(`unknown operation ${op}`);
    }
  }

  async service(name: string): Promise<Service | undefined> {
    return await orNothing(lab.api.get(services, { namespace: this.#namespace, name }));
  }

  async endpoints(name: string): Promise<Endpoints | undefined> {
    return await orNothing(lab.api.get(endpointsResource, { namespace: this.#namespace, name }));
  }

  async slices(service: string): Promise<readonly EndpointSlice[]> {
    const labelSelector = `${SERVICE_NAME_LABEL}=${service}`;
    const scope = { namespace: this.#namespace, labelSelector };
    return (await lab.api.list(endpointSlices, scope)).items;
  }
}

/** A pod's spec cannot change; its status and labels can. A new address is a new pod's. */
function isStatusOnly(before: PodFacts, now: PodFacts): boolean {
  const fixed = ({ ips, node, hostname, subdomain, ports }: PodFacts) =>
    JSON.stringify([ips, node, hostname, subdomain, ports]);
  return fixed(before) === fixed(now);
}

async function orNothing<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

for (const testCase of cases) {
  if (testCase.level !== "cluster") continue;
  test(`on a server: ${testCase.title}`, () => runClusterCase(testCase));
}

async function runClusterCase({ id, steps }: ClusterCase): Promise<void> {
  const world = new World(id);
  await world.open();
  let name = "web";
  for (const { do: action, service, alsoService, pods: wantedPods, expect } of steps) {
    const sliceNamesBefore = namesOf(await world.slices(name));
    const endpointsBefore = await world.endpoints(name);
    const uidBefore = (await world.service(name))?.metadata.uid;
    if (action !== undefined) await world.perform(action);
    // The first sync shall find all pods there; later ones the Service as it is to be.
    const isFirst = (await world.service(name)) === undefined;
    if (!isFirst && service !== undefined) await world.putService(service);
    if (wantedPods !== undefined) await world.putPods(wantedPods);
    if (isFirst && service !== undefined) await world.putService(service);
    if (alsoService !== undefined) await world.putService(alsoService);
    name = service?.name ?? name;
    const check = () =>
      compare(world, name, expect ?? {}, { sliceNamesBefore, endpointsBefore, uidBefore });
    if (expect === undefined) {
      await sleep(QUIET_MS);
      continue;
    }
    await eventually(check);
    if (isAboutNothing(expect)) {
      await sleep(QUIET_MS);
      await check();
    }
  }
}

interface Before {
  readonly sliceNamesBefore: readonly string[];
  readonly endpointsBefore: Endpoints | undefined;
  readonly uidBefore: string | undefined;
}

async function compare(
  world: World,
  name: string,
  expect: Expected,
  earlier: Before,
): Promise<void> {
  const slices = await world.slices(name);
  const endpoints = await world.endpoints(name);
  const { uid } = (await world.service(name))?.metadata ?? {};
  if (expect.slices !== undefined) {
    assert.deepEqual(comparableSlices(slices.map(factsOfSlice)), comparableSlices(expect.slices));
  }
  if (expect.endpointsObject === "none") assert.equal(endpoints, undefined);
  else if (expect.endpointsObject === "unchanged")
    assert.deepEqual(endpoints, earlier.endpointsBefore);
  else if (expect.endpointsObject !== undefined) {
    assert.ok(endpoints !== undefined, "there are no Endpoints");
    const { subsets } = expect.endpointsObject;
    assert.deepEqual(comparableSubsets(factsOfSubsets(endpoints)), comparableSubsets(subsets));
  }
  if (expect.sliceNamesKept === true) {
    assert.deepEqual(
      earlier.sliceNamesBefore.filter((old) => !namesOf(slices).includes(old)),
      [],
    );
  }
  for (const { metadata } of slices) {
    assertContains(metadata.labels, expect.labels?.slices);
    for (const key of expect.labelsAbsent ?? []) assert.equal(metadata.labels?.[key], undefined);
    const [owner] = metadata.ownerReferences ?? [];
    assertContains(owner, expect.ownerReferences?.slices);
    if (expect.generateName !== undefined) assert.equal(metadata.generateName, expect.generateName);
    if (expect.ownerUid !== undefined) {
      assert.notEqual(uid, earlier.uidBefore);
      assert.equal(owner?.uid, uid);
    }
    const longest = expect.sliceNameMaxLength ?? Number.POSITIVE_INFINITY;
    assert.ok((metadata.name ?? "").length <= longest);
    if (expect.triggerTime !== undefined) {
      const time = metadata.annotations?.[TRIGGER_TIME];
      assert.equal(time, expect.triggerTime === "absent" ? undefined : expect.triggerTime);
    }
  }
  assertContains(endpoints?.metadata.labels, expect.labels?.endpointsObject);
  for (const [service, ports] of Object.entries(expect.slicesOf ?? {})) {
    const own = (await world.slices(service)).map(factsOfSlice);
    assert.deepEqual(
      own.flatMap((slice) => slice.ports),
      ports,
    );
    assert.ok(own.every((slice) => slice.endpoints.length > 0));
  }
  if (expect.triggerTime !== undefined) assert.ok(slices.length > 0);
}

function assertContains(actual: object | undefined, wanted: object | undefined): void {
  if (wanted !== undefined) assert.deepEqual({ ...actual, ...wanted }, actual);
}

/** Whether what is expected is also what there is before the controllers did anything. */
function isAboutNothing({ slices, endpointsObject }: Expected): boolean {
  return endpointsObject === "none" || endpointsObject === "unchanged" || slices?.length === 0;
}

function namesOf(slices: readonly EndpointSlice[]): string[] {
  return slices.map(({ metadata }) => metadata.name ?? "");
}

for (const testCase of cases) {
  if (testCase.level !== "mirroring") continue;
  test(`on a server, mirrors: ${testCase.title}`, () => runMirroringCase(testCase));
}

async function runMirroringCase(testCase: MirroringCase): Promise<void> {
  const namespace = testCase.id;
  const world = new World(namespace);
  await world.open();
  const object = endpointsFrom("ext", testCase.endpoints);
  await lab.api.create(endpointsResource, {
    ...object,
    metadata: { ...object.metadata, namespace },
  });
  if (testCase.service !== "none") await world.putService(testCase.service);
  const after = testCase.then;
  if (after !== undefined) await sleep(QUIET_MS);
  const name = { namespace, name: "ext" };
  if (after?.op === "label-endpoints") {
    const body = { metadata: { labels: after.labels } };
    await lab.api.patch(endpointsResource, name, { type: "merge", body });
  }
  if (after?.op === "create-service" && after.service !== undefined) {
    await world.putService(after.service);
  }
  if (after?.op === "delete-endpoints") await lab.api.delete(endpointsResource, name);

  const { expect } = testCase;
  const check = async () => {
    const slices = await world.slices("ext");
    if (expect.sliceCount !== undefined) assert.equal(slices.length, expect.sliceCount);
    if (expect.slices !== undefined) {
      assert.deepEqual(comparableSlices(slices.map(factsOfSlice)), comparableSlices(expect.slices));
    }
    for (const { metadata, endpoints } of slices) {
      assertContains(metadata.labels, expect.labels);
      assertContains(metadata.ownerReferences?.[0], expect.ownerReferences);
      for (const condition of expect.conditionsAbsent ?? []) {
        assert.ok(endpoints.every(({ conditions = {} }) => !(condition in conditions)));
      }
    }
  };
  await eventually(check);
  await sleep(QUIET_MS);
  await check();
}

test("each turn of readiness comes to the slice", async () => {
  const world = new World("turns");
  await world.open();
  const facts = (ready: boolean): PodFacts => ({
    name: "a",
    ips: ["10.244.0.2"],
    node: "n1",
    ready,
  });
  await world.putPods([facts(false)]);
  await world.putService({ families: ["IPv4"], ports: ["http/80/TCP->8080"] });
  for (const ready of [true, false, true, false, true]) {
    await world.putPods([facts(ready)]);
    await eventually(async () => {
      const [slice] = await world.slices("web");
      assert.equal(slice?.endpoints[0]?.conditions?.ready, ready);
    });
  }
});

test("a slice that a finalizer keeps from going gets a successor, and nothing more", async () => {
  const namespace = "held";
  const world = new World(namespace);
  await world.open();
  await world.putPods([{ name: "a", ips: ["10.244.0.2"], node: "n1" }]);
  await world.putService({ families: ["IPv4"], ports: ["http/80/TCP->8080"] });
  await eventually(async () => assert.equal((await world.slices("web"))[0]?.endpoints.length, 1));
  const name = { namespace, name: namesOf(await world.slices("web"))[0] ?? "" };
  const hold = (finalizers: readonly string[]) =>
    lab.api.patch(endpointSlices, name, { type: "merge", body: { metadata: { finalizers } } });
  await hold(["example.org/held"]);
  await lab.api.delete(endpointSlices, name);
  const successors = async () =>
    (await world.slices("web")).filter(({ metadata }) => metadata.name !== name.name);
  await eventually(async () => {
    const found = await successors();
    assert.deepEqual(
      found.map(({ endpoints }) => endpoints.length),
      [1],
    );
  });
  await hold([]);
  await eventually(async () => assert.equal((await world.slices("web")).length, 1));
  assert.equal((await successors()).length, 1);
});

test("no Endpoints appear for a Service without selector, also after the controllers come back", async () => {
  const world = new World("selectorless");
  await world.open();
  await world.putService({ selector: null, families: ["IPv4"], ports: ["http/80/TCP"] });
  await lab.stop();
  lab.start();
  await sleep(4 * QUIET_MS);
  assert.equal(await world.endpoints("web"), undefined);
  assert.deepEqual(await world.slices("web"), []);
});

test("Endpoints without a Service go if the controller made them; those of others stay", async () => {
  const namespace = "ownerless";
  const world = new World(namespace);
  await world.open();
  const ours = { "endpoints.kubernetes.io/managed-by": "endpoint-controller" };
  await lab.api.create(endpointsResource, { metadata: { name: "others", namespace } });
  await lab.api.create(endpointsResource, { metadata: { name: "web", namespace, labels: ours } });
  await eventually(async () => assert.equal(await world.endpoints("web"), undefined));
  assert.notEqual(await world.endpoints("others"), undefined);
});

test("controllers that come back write nothing where all is well", async () => {
  const world = new World("restart");
  await world.open();
  const pod: PodFacts = { name: "a", ips: ["10.244.0.2"], node: "n1" };
  await world.putPods([pod]);
  await world.putService({ families: ["IPv4"], ports: ["http/80/TCP->8080"] });
  const state = async (): Promise<readonly unknown[]> => [
    (await world.slices("web")).map(({ metadata }) => metadata.resourceVersion),
    (await world.endpoints("web"))?.metadata.resourceVersion,
  ];
  await eventually(async () => assert.equal((await world.slices("web"))[0]?.endpoints.length, 1));
  await eventually(async () => assert.equal((await world.endpoints("web"))?.subsets?.length, 1));
  await sleep(QUIET_MS);
  const earlier = await state();
  await lab.stop();
  lab.start();
  await sleep(4 * QUIET_MS);
  assert.deepEqual(await state(), earlier);
});
