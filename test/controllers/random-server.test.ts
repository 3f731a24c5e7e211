import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  endpointSlices,
  endpoints as endpointsResource,
  namespaces,
  nodes,
  pods,
  services,
} from "../../src/api/resource.ts";
import { isConflict, isNotFound } from "../../src/api/status-error.ts";
import type { EndpointSlice } from "../../src/api/types.ts";
import { reconcileEndpoints } from "../../src/controllers/endpoints/reconcile.ts";
import { reconcileSlices } from "../../src/controllers/endpointslice/reconcile.ts";
import { caseNodes, podFrom, serviceFrom } from "./case-facts.ts";
import type { ControllerLab } from "./lab.ts";
import { eventually, startControllers } from "./lab.ts";
import { seeded } from "./seeded.ts";

// Whatever happens in whatever order: what the controllers arrive at is what one pass over the final state gives.

const NAMESPACE = "storm";
const OPERATIONS = 300;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
let lab: ControllerLab;

before(async () => {
  lab = await startControllers({
    only: ["endpoints", "endpointslices", "endpointslicemirroring"],
    endpointSlices: { endpointsMax: 5 },
  });
  for (const { metadata } of caseNodes) {
    const { name = "", labels = {} } = metadata;
    await lab.api.create(nodes, { metadata: { name, labels } });
  }
  await lab.api.create(namespaces, { metadata: { name: NAMESPACE } });
});
after(() => lab[Symbol.asyncDispose]());

const endpointsOf = (slices: readonly EndpointSlice[]) =>
  slices
    .flatMap(({ addressType, ports = [], endpoints = [] }) => {
      const numbers = ports.map(({ name, port }) => `${name}:${port}`).sort();
      return endpoints.map((endpoint) =>
        JSON.stringify([
          addressType,
          numbers,
          endpoint.addresses,
          endpoint.conditions?.ready,
          endpoint.conditions?.serving,
          endpoint.conditions?.terminating,
          endpoint.nodeName,
          endpoint.targetRef?.uid,
        ]),
      );
    })
    .sort();

test(`after any order of changes the slices hold each endpoint once (SEED=${seed})`, async () => {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T | undefined =>
    items[Math.floor(random() * items.length)];
  const apps = ["red", "blue"];
  const names = new Set<string>();
  let made = 0;

  for (const app of apps) {
    const facts = { name: app, families: ["IPv4"], ports: ["http/80/TCP->app"], selector: { app } };
    const service = serviceFrom(facts);
    await lab.api.create(services, { ...service, metadata: { name: app, namespace: NAMESPACE } });
  }

  const operations: readonly (() => Promise<unknown>)[] = [
    async () => {
      const name = `p${++made}`;
      const { status = {}, ...pod } = podFrom({
        name,
        ips: [`10.244.${Math.floor(made / 200)}.${(made % 200) + 1}`],
        node: pick(["n1", "n2", "n3"]) ?? "n1",
        ready: random() < 0.7,
        labels: { app: pick(apps) ?? "" },
        ports: [`app/${pick([8080, 9090])}/TCP`],
      });
      const metadata = { ...pod.metadata, namespace: NAMESPACE };
      const created = await lab.api.create(pods, { ...pod, metadata });
      names.add(name);
      await lab.api.update(pods, { ...created, status }, "status");
    },
    async () => {
      const name = pick([...names]);
      if (name === undefined) return;
      const conditions = [{ type: "Ready", status: random() < 0.5 ? "True" : "False" }];
      const patch = {
        type: "strategic",
        body: { status: { conditions } },
        subresource: "status",
      } as const;
      await lab.api.patch(pods, { namespace: NAMESPACE, name }, patch);
    },
    async () => {
      const name = pick([...names]);
      if (name === undefined) return;
      const body = { metadata: { labels: { app: pick(apps) } } };
      await lab.api.patch(pods, { namespace: NAMESPACE, name }, { type: "merge", body });
    },
    async () => {
      const name = pick([...names]);
      if (name === undefined) return;
      const isGone = random() < 0.5;
      if (isGone) names.delete(name);
      await lab.api.delete(
        pods,
        { namespace: NAMESPACE, name },
        { gracePeriodSeconds: isGone ? 0 : 600 },
      );
    },
    async () => {
      const body = { metadata: { labels: { tier: pick(["front", "back"]) } } };
      await lab.api.patch(services, { namespace: NAMESPACE, name: "red" }, { type: "merge", body });
    },
    async () => {
      const { items } = await lab.api.list(endpointSlices, { namespace: NAMESPACE });
      const slice = pick(items);
      if (slice === undefined || random() < 0.7) return;
      const name = { namespace: NAMESPACE, name: slice.metadata.name ?? "" };
      if (random() < 0.5) await lab.api.delete(endpointSlices, name);
      else
        await lab.api.update(endpointSlices, {
          ...slice,
          endpoints: [{ addresses: ["192.0.2.1"] }],
        });
    },
  ];
  const weights = [0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5];
  for (let step = 0; step < OPERATIONS; step++) {
    const operation = operations[pick(weights) ?? 0];
    await operation?.().catch((error: unknown) => {
      if (!isConflict(error) && !isNotFound(error)) throw error; // The controllers were faster.
    });
  }

  await eventually(async () => {
    const { items: allPods } = await lab.api.list(pods, { namespace: NAMESPACE });
    for (const app of apps) {
      const service = await lab.api.get(services, { namespace: NAMESPACE, name: app });
      const selected = allPods.filter(({ metadata }) => metadata.labels?.["app"] === app);
      const plan = reconcileSlices({
        service,
        pods: selected,
        nodeOf: (name) => caseNodes.find(({ metadata }) => metadata.name === name),
        existing: [],
        endpointsMax: 1000,
      });
      const scope = { namespace: NAMESPACE, labelSelector: `kubernetes.io/service-name=${app}` };
      const { items } = await lab.api.list(endpointSlices, scope);
      assert.deepEqual(endpointsOf(items), endpointsOf(plan.creates), app);
      assert.ok(
        items.every(({ endpoints }) => (endpoints?.length ?? 0) <= 5),
        "no slice is overfull",
      );
      const existing = await lab.api.get(endpointsResource, { namespace: NAMESPACE, name: app });
      assert.equal(reconcileEndpoints({ service, pods: selected, existing }), undefined);
    }
  });
});
