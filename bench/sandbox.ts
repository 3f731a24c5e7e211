import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Api } from "../src/client/api.ts";
import { createApi } from "../src/client/create-api.ts";
import { httpsTransport } from "../src/client/https-transport.ts";
import { loadKubeconfig } from "../src/client/load-kubeconfig.ts";
import type { Transport } from "../src/client/transport.ts";
import { findProcesses } from "../src/sandbox/sandbox-processes.ts";

const portolan = join(resolve(import.meta.dirname, ".."), "portolan");
const run = promisify(execFile);

/** A sandbox started for one measurement. */
export interface BenchSandbox extends AsyncDisposable {
  readonly dataDir: string;
  /** From the command to its return, in milliseconds: the API answers and every node is Ready. */
  readonly startMs: number;
  readonly api: Api;
  readonly transport: Transport;
  /** Process ids of Portolan's own processes. */
  processes(): number[];
  exec(where: string, ...argv: string[]): Promise<string>;
}

/** Starts a sandbox with a data directory of its own; disposing of it removes everything. */
export async function startSandbox(
  nodes: number,
  flags: readonly string[] = [],
): Promise<BenchSandbox> {
  const base = await mkdtemp(join(tmpdir(), "portolan-bench-"));
  const dataDir = join(base, "data");
  const kubeconfig = join(base, "kubeconfig");
  const startedMs = performance.now();
  await run(portolan, [
    ...["up", "--detach", "--nodes", String(nodes), "--data-dir", dataDir],
    ...["--api-port", "0", "--kubeconfig", kubeconfig],
    ...flags,
  ]);
  const startMs = performance.now() - startedMs;
  const transport = httpsTransport(loadKubeconfig(kubeconfig));
  return {
    dataDir,
    startMs,
    transport,
    api: createApi(transport, { userAgent: "portolan-bench" }),
    processes: () => findProcesses(dataDir).map(({ pid }) => pid),
    async exec(where, ...argv) {
      const { stdout } = await run(portolan, ["run", "--data-dir", dataDir, where, "--", ...argv]);
      return stdout;
    },
    async [Symbol.asyncDispose]() {
      await transport[Symbol.asyncDispose]();
      await run(portolan, ["down", "--data-dir", dataDir]);
      await rm(base, { recursive: true, force: true });
    },
  };
}
