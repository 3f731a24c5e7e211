import process from "node:process";
import { clusterCredentials } from "../daemon/cluster-credentials.ts";
import { planAddresses } from "./address-plan.ts";
import { readOptionArguments } from "./sandbox-options.ts";

// A program of its own, started by the gate: the part of a sandbox that lives in its namespaces. A child makes the
// certificates of a fresh cluster while the cluster's code is loaded, which takes as long.

const options = readOptionArguments(process.argv);
const { fabric, nodes } = planAddresses(options);
const credentials = clusterCredentials(
  {
    ...options,
    apiHost: fabric[0]?.ip ?? "",
    nodes: nodes.map(({ name, addresses }) => ({ name, ips: addresses.map(({ ip }) => ip) })),
  },
  Date.now(),
);
credentials.catch(() => {}); // The cluster awaits it and tells why.

const [{ startCluster }, { runInside }] = await Promise.all([
  import("../daemon/cluster.ts"),
  import("./run-inside.ts"),
]);
await runInside((settings) => startCluster({ ...settings, credentials }));
