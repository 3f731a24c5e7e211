import { stringify } from "yaml";
import {
  endpointSlices,
  nodes as nodeKind,
  pods as podKind,
  services as serviceKind,
} from "../api/resource.ts";
import { createApi } from "../client/create-api.ts";
import { httpsTransport } from "../client/https-transport.ts";
import { loadKubeconfig } from "../client/load-kubeconfig.ts";
import { systemClock } from "../lib/clock.ts";
import { shellWord } from "../lib/shell-word.ts";
import { type SandboxStatus, status } from "../sandbox/status.ts";
import { type ClusterReport, reportCluster } from "./cluster-report.ts";
import type { OutputForm } from "./invocation.ts";
import { type Output, renderTable } from "./terminal.ts";

/** How long `--wait` waits, and how often it looks. */
const waitLimitMs = 120_000;
const waitStepMs = 200;

interface FullStatus {
  readonly sandbox: Omit<SandboxStatus, "state">;
  readonly kubeconfig: string | undefined;
  readonly cluster: ClusterReport | undefined;
}

/** `portolan status`: 0 if all is well, 1 if something is wrong or nothing runs. */
export async function runStatus(
  options: {
    readonly dataDir?: string;
    readonly wait: boolean;
    readonly output: OutputForm;
  },
  output: Output,
): Promise<number> {
  const end = performance.now() + waitLimitMs;
  let current = await readStatus(options.dataDir);
  while (options.wait && !isHealthy(current) && performance.now() < end) {
    await systemClock.sleep(waitStepMs);
    current = await readStatus(options.dataDir);
  }
  print(current, options.output, output);
  return isHealthy(current) ? 0 : 1;
}

async function readStatus(dataDir: string | undefined): Promise<FullStatus> {
  const { state, ...sandbox } = status(dataDir);
  const kubeconfig = state?.kubeconfig;
  const cluster =
    sandbox.phase === "running" && kubeconfig !== undefined
      ? await readCluster(kubeconfig)
      : undefined;
  return { sandbox, kubeconfig, cluster };
}

async function readCluster(kubeconfig: string): Promise<ClusterReport> {
  await using transport = httpsTransport(loadKubeconfig(kubeconfig));
  const api = createApi(transport, { userAgent: "portolan-status" });
  const [nodes, pods, services, slices] = await Promise.all([
    api.list(nodeKind),
    api.list(podKind),
    api.list(serviceKind),
    api.list(endpointSlices),
  ]);
  return reportCluster({
    nodes: nodes.items,
    pods: pods.items,
    services: services.items,
    slices: slices.items,
  });
}

function isHealthy({ sandbox, cluster }: FullStatus): boolean {
  return sandbox.phase === "running" && cluster?.nodes.every((node) => node.ready) === true;
}

function print(full: FullStatus, form: OutputForm, output: Output): void {
  switch (form) {
    case "json":
      output.stdout(`${JSON.stringify(full, undefined, 2)}\n`);
      return;
    case "yaml":
      output.stdout(stringify(full));
      return;
    case "name":
      for (const node of full.cluster?.nodes ?? []) output.stdout(`node/${node.name}\n`);
      return;
    case "table":
    case "wide":
      printTable(full, output);
  }
}

function printTable({ sandbox, kubeconfig, cluster }: FullStatus, output: Output): void {
  output.stdout(`Sandbox in ${sandbox.dataDir}: ${sandbox.phase}\n`);
  if (cluster === undefined) {
    output.stdout(`  Try: portolan up --detach --data-dir ${shellWord(sandbox.dataDir)}\n`);
    return;
  }
  const { pods, services, problems } = cluster;
  output.stdout(
    `export KUBECONFIG=${shellWord(kubeconfig ?? "")}\n\n${renderTable(
      ["NODE", "STATUS", "ADDRESS", "PODS", "POD RANGE"],
      cluster.nodes.map((node) => [
        node.name,
        node.ready ? "Ready" : "NotReady",
        node.address,
        String(node.pods),
        node.podCidr,
      ]),
    )}\n${pods.ready} of ${pods.total} pods Ready, ${services.total} Services\n`,
  );
  if (problems.length === 0) return;
  output.stdout(
    `\n${renderTable(
      ["WHAT", "PROBLEM", "TRY"],
      problems.map((p) => [p.object, p.problem, p.remedy]),
    )}`,
  );
}
