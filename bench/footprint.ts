import { setTimeout as sleep } from "node:timers/promises";
import { pods as podKind } from "../src/api/resource.ts";
import { pssMiB } from "./machine.ts";
import { report } from "./report.ts";
import { type BenchSandbox, startSandbox } from "./sandbox.ts";

// Proportional set size of Portolan's own processes, idle: without pods, then what a node and a pod add.

const settleMs = 8000;
const podCount = 12;

async function total(sandbox: BenchSandbox): Promise<{ processes: number; mib: number }> {
  await sleep(settleMs);
  const pids = sandbox.processes();
  return { processes: pids.length, mib: pids.reduce((sum, pid) => sum + pssMiB(pid), 0) };
}

const rows = [];
let threeNodes = 0;
{
  await using sandbox = await startSandbox(3);
  const idle = await total(sandbox);
  threeNodes = idle.mib;
  rows.push({ what: "3 nodes, no pods", processes: idle.processes, "PSS MiB": idle.mib });
  for (let i = 0; i < podCount; i++) {
    await sandbox.api.create(podKind, {
      metadata: { name: `pod-${i}`, namespace: "default" },
      spec: { containers: [{ name: "main", image: "pause" }] },
    });
  }
  for (;;) {
    const { items } = await sandbox.api.list(podKind, { namespace: "default" });
    if (items.filter((pod) => pod.status?.phase === "Running").length === podCount) break;
    await sleep(200);
  }
  const withPods = await total(sandbox);
  rows.push({
    what: `each of ${podCount} pods (its own process left out)`,
    processes: withPods.processes,
    "PSS MiB": (withPods.mib - idle.mib) / podCount,
  });
}
{
  await using sandbox = await startSandbox(9);
  const nine = await total(sandbox);
  rows.push({
    what: "each node from 3 to 9",
    processes: nine.processes,
    "PSS MiB": (nine.mib - threeNodes) / 6,
  });
}
report("footprint", rows, "target 250 MiB, then 150 MiB, for 3 nodes without pods");
