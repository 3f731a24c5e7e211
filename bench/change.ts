import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { endpointSlices, pods as podKind, services as serviceKind } from "../src/api/resource.ts";
import type { EndpointSlice, KubeObject, Pod } from "../src/api/types.ts";
import { createInformers } from "../src/client/informers.ts";
import { systemClock } from "../src/lib/clock.ts";
import { silentLogger } from "../src/lib/log.ts";
import { report, summarize } from "./report.ts";
import { startSandbox } from "./sandbox.ts";

// One pod's readiness changes, through a readiness gate: patch of the gate -> pod Ready (node agent) -> slice written
// (controller) -> rule in every node's kernel (three proxies). 3 nodes, 1,000 Services. Clock: this machine's, in all
// processes; the proxies' rounds are read from the sandbox's log, which has milliseconds.

const serviceCount = 1000;
const changes = 200;
const pauseMs = 60;
const gate = "bench.example.org/ready";
const nodes = 3;

await using sandbox = await startSandbox(nodes, ["--log-level", "debug"]);
const { api, transport } = sandbox;
const stop = new AbortController();
await using informers = createInformers(transport, {
  signal: stop.signal,
  clock: systemClock,
  random: Math.random,
  log: silentLogger,
});

// A thousand Services: nearly all over one address written by hand, the last one over the pod that changes.
const named = (name: string) => ({ name, namespace: "default" });
for (let from = 0; from < serviceCount - 1; from += 50) {
  await Promise.all(
    Array.from({ length: Math.min(50, serviceCount - 1 - from) }, (_, offset) => {
      const name = `filler-${from + offset}`;
      return Promise.all([
        api.create(serviceKind, { metadata: named(name), spec: { ports: [{ port: 80 }] } }),
        api.create(endpointSlices, {
          metadata: { ...named(name), labels: { "kubernetes.io/service-name": name } },
          addressType: "IPv4",
          ports: [{ name: "", port: 80, protocol: "TCP" }],
          endpoints: [{ addresses: ["10.244.9.9"], conditions: { ready: true } }],
        }),
      ]);
    }),
  );
}
await api.create(serviceKind, {
  metadata: named("changing"),
  spec: { selector: { app: "changing" }, ports: [{ port: 80 }] },
});
await api.create(podKind, {
  metadata: { ...named("changing"), labels: { app: "changing" } },
  spec: {
    readinessGates: [{ conditionType: gate }],
    containers: [{ name: "main", image: "pause" }],
  },
});

/** When an object was first seen in a state, by version of the state. */
const podSeen = new Map<string, number>();
const sliceSeen = new Map<string, number>();
const isReady = (pod: Pod) =>
  pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") === true;
const holdsReady = (slice: EndpointSlice) =>
  slice.endpoints?.some((endpoint) => endpoint.conditions?.ready === true) === true;
let round = 0;
const key = (ready: boolean) => `${round}/${ready}`;
const note = (seen: Map<string, number>, ready: boolean) => {
  if (!seen.has(key(ready))) seen.set(key(ready), Date.now());
};
const isOurs = (object: KubeObject) =>
  object.metadata.labels?.["kubernetes.io/service-name"] === "changing" ||
  object.metadata.name === "changing";
informers.informer(podKind).subscribe(({ object }) => {
  if (isOurs(object)) note(podSeen, isReady(object));
});
informers.informer(endpointSlices).subscribe(({ object }) => {
  if (isOurs(object)) note(sliceSeen, holdsReady(object));
});

async function setGate(ready: boolean): Promise<void> {
  const condition = { type: gate, status: ready ? "True" : "False" };
  await api.patch(podKind, named("changing"), {
    type: "strategic",
    subresource: "status",
    body: { status: { conditions: [condition] } },
  });
}

for (;;) {
  const pod = await api.get(podKind, named("changing"));
  if (pod.status?.phase === "Running") break;
  await sleep(100);
}
await sleep(2000);

const sent: number[] = [];
const wanted: boolean[] = [];
for (round = 0; round < changes; round++) {
  const ready = round % 2 === 0;
  sent.push(Date.now());
  wanted.push(ready);
  await setGate(ready);
  const end = Date.now() + 5000;
  while (!sliceSeen.has(key(ready)) && Date.now() < end) await sleep(1);
  await sleep(pauseMs);
}
await sleep(500);

/** Ends of the proxies' rounds, by node. */
const applied = new Map<string, number[]>();
for (const line of readFileSync(join(sandbox.dataDir, "sandbox.log"), "utf8").split("\n")) {
  if (!line.includes('"Applied ruleset"')) continue;
  const entry: { time: string; node: string; changedServices: number } = JSON.parse(line);
  if (entry.changedServices === 0) continue;
  applied.set(entry.node, [...(applied.get(entry.node) ?? []), Date.parse(entry.time)]);
}

const stages: Record<string, number[]> = {
  "gate patched -> pod Ready": [],
  "pod Ready -> slice written": [],
  "slice written -> rule in every kernel": [],
  "pod Ready -> rule in every kernel": [],
};
const add = (stage: string, ms: number) => stages[stage]?.push(Math.max(0, ms));
for (const [index, sentMs] of sent.entries()) {
  const state = `${index}/${wanted[index]}`;
  const [podMs, sliceMs] = [podSeen.get(state), sliceSeen.get(state)];
  const lastMs = Math.max(
    ...[...applied.values()].map((ends) => ends.find((ms) => ms >= sentMs) ?? Number.NaN),
  );
  if (podMs === undefined || sliceMs === undefined || !(applied.size === nodes) || !(lastMs > 0)) {
    throw new Error(`Change ${index} was not seen through: ${podMs} ${sliceMs} ${lastMs}`);
  }
  add("gate patched -> pod Ready", podMs - sentMs);
  add("pod Ready -> slice written", sliceMs - podMs);
  add("slice written -> rule in every kernel", lastMs - sliceMs);
  add("pod Ready -> rule in every kernel", lastMs - podMs);
}
stop.abort();
report(
  "change",
  Object.entries(stages).map(([stage, series]) => {
    const { count, p50, p99, max } = summarize(series);
    return { stage, changes: count, "p50 ms": p50, "p99 ms": p99, "max ms": max };
  }),
  `${nodes} nodes, ${serviceCount} Services; target p99 50 ms from pod Ready to the last kernel`,
);
