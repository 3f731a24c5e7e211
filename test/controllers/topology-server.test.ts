import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parse } from "yaml";
import {
  endpointSlices,
  events,
  namespaces,
  nodes,
  pods,
  services,
} from "../../src/api/resource.ts";
import type { Endpoint, Event, Node, Service } from "../../src/api/types.ts";
import { podFrom } from "./case-facts.ts";
import type { ControllerLab } from "./lab.ts";
import { eventually, startControllers } from "./lab.ts";

// The cases of topology hints on a real API server with the real controller.

interface NodeFacts {
  readonly name: string;
  readonly zone?: string;
  readonly cpu: string;
  readonly ready?: boolean;
  readonly controlPlane?: boolean;
}
interface EndpointFacts {
  readonly zone?: string | null;
  readonly node?: string;
  readonly count?: number;
  readonly ready?: boolean;
}
interface Expected {
  readonly hints?: "none";
  readonly hintTotals?: Readonly<Record<string, number>>;
  readonly endpointsHintedToAnotherZone?: number;
  readonly each?: "own zone";
  readonly hintsInOrder?: readonly (null | {
    readonly forZones?: readonly string[];
    readonly forNodes?: readonly string[];
  })[];
  readonly event?: { readonly type: string; readonly reason: string; readonly message?: string };
  readonly events?: number;
  readonly sliceResourceVersionUnchanged?: boolean;
}
interface Step {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly trafficDistribution?: string;
  readonly endpoints: readonly EndpointFacts[];
  readonly nodesBecome?: readonly NodeFacts[];
  readonly do?: { readonly op: string; readonly annotations: Readonly<Record<string, string>> };
  readonly expect: Expected;
}
interface TopologyCase extends Step {
  readonly id: string;
  readonly title: string;
  readonly nodes: readonly NodeFacts[];
  readonly steps?: readonly Step[];
}

const { cases } = parse(
  readFileSync(join(import.meta.dirname, "cases", "topology.yaml"), "utf8"),
) as { readonly cases: readonly TopologyCase[] };

/** How long nothing may happen where nothing shall happen. */
const QUIET_MS = 150;

let lab: ControllerLab;

before(async () => {
  lab = await startControllers({ only: ["endpointslices"] });
});
after(() => lab[Symbol.asyncDispose]());

for (const { id, title, nodes: firstNodes, steps, ...only } of cases) {
  test(`topology: ${title}`, async () => {
    // What a step begins with is there before the controller looks: its first sync is the one that is judged.
    await lab.stop();
    await putNodes(firstNodes);
    await lab.api.create(namespaces, { metadata: { name: id } });
    for (const [index, step] of (steps ?? [only]).entries()) {
      const before = await snapshot(id);
      if (step.nodesBecome !== undefined) await putNodes(step.nodesBecome);
      await putPods(id, step.endpoints, step.nodesBecome ?? firstNodes);
      await putService(id, step, step.do?.annotations);
      if (index === 0) lab.start();
      const check = () => compare(id, step.expect, before);
      await eventually(check);
      await sleep(QUIET_MS);
      await check();
    }
    await lab.api.delete(services, { namespace: id, name: "web" });
  });
}

async function putNodes(wanted: readonly NodeFacts[]): Promise<void> {
  const known = (await lab.api.list(nodes)).items;
  for (const { metadata } of known) {
    const { name = "" } = metadata;
    if (!wanted.some((facts) => facts.name === name)) await lab.api.delete(nodes, { name });
  }
  for (const { name, zone, cpu, ready = true, controlPlane = false } of wanted) {
    const labels = {
      ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }),
      ...(controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {}),
    };
    const status: Node["status"] = {
      allocatable: { cpu },
      conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
    };
    const existing = known.find(({ metadata }) => metadata.name === name);
    const node =
      existing === undefined
        ? await lab.api.create(nodes, { metadata: { name, labels } })
        : await lab.api.update(nodes, {
            ...existing,
            metadata: { ...existing.metadata, labels },
          });
    await lab.api.update(nodes, { ...node, status }, "status");
  }
}

async function putPods(
  namespace: string,
  facts: readonly EndpointFacts[],
  ofNodes: readonly NodeFacts[],
): Promise<void> {
  const known = (await lab.api.list(pods, { namespace })).items;
  const wanted = facts.flatMap(({ count = 1, ...one }) =>
    new Array<EndpointFacts>(count).fill(one),
  );
  for (const [index, { zone, node, ready = true }] of wanted.entries()) {
    const onNode =
      node ?? ofNodes.find((candidate) => candidate.zone === (zone ?? undefined))?.name;
    assert.ok(onNode !== undefined, `no node in zone ${zone}`);
    const name = `p${String(index).padStart(2, "0")}`;
    const pod = podFrom({ name, ips: [`10.244.0.${index + 1}`], node: onNode, ready });
    const existing = known.find(({ metadata }) => metadata.name === name);
    const made =
      existing ??
      (await lab.api.create(pods, { ...pod, metadata: { ...pod.metadata, namespace } }));
    await lab.api.update(pods, { ...made, ...(pod.status && { status: pod.status }) }, "status");
  }
}

async function putService(
  namespace: string,
  { annotations = {}, trafficDistribution }: Step,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const [existing] = (await lab.api.list(services, { namespace })).items;
  const { trafficDistribution: _, ...spec } = existing?.spec ?? {
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: 8080 }],
  };
  const service: Service = {
    ...existing,
    metadata: {
      ...existing?.metadata,
      name: "web",
      namespace,
      annotations: { ...annotations, ...more },
    },
    spec: { ...spec, ...(trafficDistribution === undefined ? {} : { trafficDistribution }) },
  };
  if (existing === undefined) await lab.api.create(services, service);
  else await lab.api.update(services, service);
}

interface Snapshot {
  readonly sliceVersions: readonly (string | undefined)[];
  readonly eventCount: number;
}

async function snapshot(namespace: string): Promise<Snapshot> {
  const slices = (await lab.api.list(endpointSlices, { namespace })).items;
  return {
    sliceVersions: slices.map(({ metadata }) => metadata.resourceVersion),
    eventCount: countOf(await eventsIn(namespace)),
  };
}

async function eventsIn(namespace: string): Promise<readonly Event[]> {
  return (await lab.api.list(events, { namespace })).items;
}

function countOf(list: readonly Event[]): number {
  return list.reduce((sum, { count = 1 }) => sum + count, 0);
}

async function compare(namespace: string, expect: Expected, before: Snapshot): Promise<void> {
  const slices = (await lab.api.list(endpointSlices, { namespace })).items;
  const endpoints = slices
    .flatMap((slice) => slice.endpoints ?? [])
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const ready = endpoints.filter(({ conditions }) => conditions?.ready === true);
  assert.ok(endpoints.length > 0);
  const told = endpoints.map(hintsOf);

  if (expect.hints === "none") {
    assert.deepEqual(
      told.filter((hints) => hints !== null),
      [],
    );
  }
  if (expect.hintTotals !== undefined) {
    const totals: Record<string, number> = {};
    for (const endpoint of ready) {
      const zones = hintsOf(endpoint)?.forZones ?? [];
      assert.equal(zones.length, 1, "each ready endpoint is for one zone");
      const [zone = ""] = zones;
      totals[zone] = (totals[zone] ?? 0) + 1;
    }
    assert.deepEqual(totals, expect.hintTotals);
  }
  if (expect.endpointsHintedToAnotherZone !== undefined) {
    const away = ready.filter((endpoint) => hintsOf(endpoint)?.forZones?.[0] !== endpoint.zone);
    assert.equal(away.length, expect.endpointsHintedToAnotherZone);
  }
  if (expect.each === "own zone") {
    assert.deepEqual(
      ready.map(hintsOf),
      ready.map(({ zone = "" }) => ({ forZones: [zone] })),
    );
  }
  if (expect.hintsInOrder !== undefined) assert.deepEqual(told, expect.hintsInOrder);
  if (expect.sliceResourceVersionUnchanged === true) {
    assert.deepEqual(
      slices.map(({ metadata }) => metadata.resourceVersion),
      before.sliceVersions,
    );
  }

  const seen = await eventsIn(namespace);
  if (expect.events !== undefined) assert.equal(countOf(seen) - before.eventCount, expect.events);
  const { event } = expect;
  if (event === undefined) return;
  const found = seen.find(({ type, reason }) => type === event.type && reason === event.reason);
  assert.ok(found !== undefined, "the event is there");
  assert.equal(found.involvedObject.kind, "Service");
  if (event.message !== undefined) assert.equal(found.message, event.message);
}

function nameOf({ targetRef }: Endpoint): string {
  return targetRef?.name ?? "";
}

function hintsOf({ hints }: Endpoint) {
  if (hints === undefined) return null;
  const { forZones, forNodes } = hints;
  return {
    ...(forZones === undefined ? {} : { forZones: forZones.map(({ name }) => name) }),
    ...(forNodes === undefined ? {} : { forNodes: forNodes.map(({ name }) => name) }),
  };
}
