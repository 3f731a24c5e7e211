import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNetworkNamespace } from "../src/kernel/namespaces.ts";
import { openFlatDataPlane } from "../src/proxy/nftables/apply.ts";
import type { DataPlane } from "../src/proxy/table/data-plane.ts";
import { ForwardingTableBuilder } from "../src/proxy/table/forwarding-table.ts";
import { clusterProxyConfig } from "../src/proxy/table/proxy-config.ts";
import type { ServiceFacts } from "../src/proxy/table/service-facts.ts";
import type { SliceFacts } from "../src/proxy/table/slice-facts.ts";
import { type Row, report, summarize } from "./report.ts";

// The rules of one node in a namespace of its own: all Services written into an empty kernel, one endpoint that changes,
// a restart that finds all as it should be, and the look for drift. Ten endpoints a Service; needs root.

const sizes = [100, 1000, 5000];
const endpointsOfEach = 10;
const changes = 300;

const config = clusterProxyConfig({
  nodeIps: ["192.168.0.1"],
  podCidrs: ["10.0.0.0/8"],
  serviceCidrs: ["172.30.0.0/16"],
});
const options = { config, affinityClientsMax: 262_144 };

function service(index: number): ServiceFacts {
  return {
    key: `default/s${index}`,
    createdAt: "",
    clusterIps: [`172.30.${index >> 8}.${index & 255}`],
    externalIps: [],
    loadBalancerIps: [],
    ports: [{ name: "", protocol: "TCP", port: 80 }],
    isInternalLocal: false,
    isExternalLocal: false,
    sourceRanges: [],
  };
}

/** `turn` moves the first endpoint to another address. */
function slice(index: number, turn = 0): SliceFacts {
  const address = (endpoint: number) =>
    `10.${index >> 8}.${index & 255}.${endpoint === 0 ? 100 + (turn % 97) : endpoint}`;
  return {
    key: `default/s${index}-1`,
    service: `default/s${index}`,
    family: "IPv4",
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
    endpoints: Array.from({ length: endpointsOfEach }, (_, endpoint) => ({
      address: address(endpoint),
      nodeName: `node-${endpoint % 3}`,
      isReady: true,
      isServing: true,
      isTerminating: false,
      forZones: [],
      forNodes: [],
    })),
  };
}

async function measure<T>(action: () => Promise<T>): Promise<readonly [T, number]> {
  const start = performance.now();
  const result = await action();
  return [result, performance.now() - start];
}

/** Checks that the kernel has what it should have, before a figure is believed. */
async function mustBeIntact(plane: DataPlane): Promise<number> {
  const [drift, ms] = await measure(() => plane.findDrift());
  if (drift.length > 0) throw new Error(`The kernel differs: ${drift.join("; ")}`);
  return ms;
}

async function bench(services: number, dir: string): Promise<Row> {
  await using namespace = createNetworkNamespace(`bench-${services}`, dir);
  const builder = new ForwardingTableBuilder({ nodeName: "node-0" });
  for (let index = 0; index < services; index++) {
    builder.setService(`default/s${index}`, service(index));
    builder.setSlice(`default/s${index}-1`, slice(index));
  }
  const [, tableMs] = await measure(async () => builder.take());
  const changeMs: number[] = [];
  let loadMs = 0;
  {
    await using plane = openFlatDataPlane(namespace, options);
    [, loadMs] = await measure(() => plane.apply(builder.table));
    await mustBeIntact(plane);
    for (let turn = 1; turn <= changes; turn++) {
      const index = (turn * 7919) % services;
      builder.setSlice(`default/s${index}-1`, slice(index, turn));
      const [, ms] = await measure(() => plane.apply(builder.table, builder.take().services));
      changeMs.push(ms);
    }
    await mustBeIntact(plane);
  }
  await using plane = openFlatDataPlane(namespace, options);
  const [, restartMs] = await measure(() => plane.apply(builder.table));
  const driftMs = await mustBeIntact(plane);
  const { p50, p99 } = summarize(changeMs);
  return {
    Services: services,
    "table ms": tableMs,
    "full load ms": loadMs,
    "one endpoint p50 ms": p50,
    "p99 ms": p99,
    "restart ms": restartMs,
    "drift check ms": driftMs,
  };
}

const dir = mkdtempSync(join(tmpdir(), "portolan-bench-"));
try {
  const rows: Row[] = [];
  for (const services of sizes) rows.push(await bench(services, dir));
  report("nftables", rows, `${endpointsOfEach} endpoints each, ${changes} changes; flat layout`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
