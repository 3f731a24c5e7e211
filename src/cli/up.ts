import { join, resolve } from "node:path";
import process from "node:process";
import { shellWord } from "../lib/shell-word.ts";
import { portolanVersion } from "../lib/version.ts";
import { canonicalDataDir } from "../sandbox/data-dir.ts";
import { type SandboxOptions, sandboxDefaults } from "../sandbox/sandbox-options.ts";
import { type UpResult, up } from "../sandbox/up.ts";
import type { UpFlags } from "./invocation.ts";
import type { Wanted } from "./manifests.ts";
import { Progress } from "./progress.ts";
import type { Output } from "./terminal.ts";

/** `portolan up`: starts a sandbox, says where it is, and without `--detach` stays until it ends. */
export async function runUp(flags: UpFlags, output: Output): Promise<number> {
  const startedMs = performance.now();
  const dataDir = canonicalDataDir(flags.dataDir);
  const images = await imagesOf(flags);
  const wanted = await wantedOf(flags);
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);

  const progress = new Progress(output, process.stderr.isTTY === true);
  let sandbox: UpResult;
  try {
    sandbox = await up({
      dataDir,
      nodes: flags.nodes,
      apiPort: flags.apiPort,
      kubeconfig: resolve(flags.kubeconfig ?? join(dataDir, "kubeconfig")),
      serviceCidrs: flags.serviceCidr,
      podCidrs: flags.podCidr,
      nodePortRange: flags.serviceNodePortRange,
      clusterDomain: sandboxDefaults.clusterDomain,
      proxyMode: flags.proxyMode,
      nftablesLayout: flags.nftablesLayout,
      logLevel: flags.logLevel,
      ...(images === undefined ? {} : { images }),
      isDetached: flags.detach,
      onProgress: (text) => progress.say(text),
      signal: abort.signal,
    });
  } finally {
    progress.clear();
  }

  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const nodes = `${sandbox.nodes.length} node${sandbox.nodes.length === 1 ? "" : "s"} Ready`;
  output.stderr(
    `Portolan v${portolanVersion} · ${nodes} · API ${sandbox.apiServer} · ${seconds} s\n`,
  );
  output.stdout(`export KUBECONFIG=${shellWord(sandbox.kubeconfig)}\n`);
  const isCreated = await createWanted(wanted, sandbox.kubeconfig, output);
  if (flags.detach) return isCreated ? 0 : 1;

  output.stderr("Ctrl-C stops it; its data stay\n");
  const aborted = new Promise<"aborted">((done) => {
    if (abort.signal.aborted) done("aborted");
    abort.signal.addEventListener("abort", () => done("aborted"), { once: true });
  });
  const end = await Promise.race([sandbox.ended, aborted]);
  if (end === "aborted") {
    output.stderr("Stopping\n");
    await sandbox.stop();
    return 0;
  }
  output.stderr("The sandbox has ended by itself\n");
  output.stderr(`  Try: tail ${join(sandbox.dataDir, "sandbox.log")}\n`);
  return 1;
}

async function imagesOf({ images }: UpFlags): Promise<SandboxOptions["images"]> {
  if (images === undefined) return undefined;
  const { readImageFile } = await import("./image-file.ts");
  return [...(await readImageFile(images))];
}

async function wantedOf({ manifests }: UpFlags): Promise<readonly Wanted[]> {
  if (manifests.length === 0) return [];
  return (await import("./create-objects.ts")).readManifests(manifests);
}

async function createWanted(
  wanted: readonly Wanted[],
  kubeconfig: string,
  output: Output,
): Promise<boolean> {
  if (wanted.length === 0) return true;
  return (await import("./create-objects.ts")).createObjects({ wanted, kubeconfig, output });
}
