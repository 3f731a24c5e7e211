import { startCluster } from "../daemon/cluster.ts";
import { runInside } from "./run-inside.ts";

// A program of its own, started by the gate: the part of a sandbox that lives in its namespaces.
await runInside(startCluster);
