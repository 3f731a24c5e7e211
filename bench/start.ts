import { nodes as nodeKind } from "../src/api/resource.ts";
import { report, summarize } from "./report.ts";
import { startSandbox } from "./sandbox.ts";

// From the command `portolan up --nodes N --detach` to its return, on a fresh data directory. The first run warms
// the compile cache and is left out.

const rounds = 7;
const rows = [];
for (const nodes of [1, 3]) {
  const series: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    await using sandbox = await startSandbox(nodes);
    const { items } = await sandbox.api.list(nodeKind);
    const ready = items.filter((node) =>
      node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
    );
    if (ready.length !== nodes) throw new Error(`${ready.length} of ${nodes} nodes are Ready`);
    if (round > 0) series.push(sandbox.startMs);
  }
  const { p50, min, max } = summarize(series);
  rows.push({ nodes, rounds, "p50 ms": p50, "min ms": min, "max ms": max });
}
report("start", rows, "target 2000 ms, then 1000 ms, for 3 nodes");
