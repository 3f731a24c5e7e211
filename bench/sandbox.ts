import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Api } from "../src/client/api.ts";
import { createApi } from "../src/client/create-api.ts";
import { httpsTransport } from "../src/client/https-transport.ts";
import { loadKubeconfig } from "../src/client/load-kubeconfig.ts";
import type { Transport } from "../src/client/transport.ts";

const portolan = join(resolve(import.meta.dirname, ".."), "portolan");
const run = promisify(execFile);

/** A sandbox started for one measurement. */
export interface BenchSandbox extends AsyncDisposable {
  readonly dataDir: string;
  /** From the command to its return, in milliseconds: the API answers and every node is Ready. */
  readonly startMs: number;
  readonly api: Api;
  readonly transport: Transport;
  /** Process ids of Portolan's own processes: each bears the data directory on its command line. */
  processes(): number[];
  exec(where: string, ...argv: string[]): Promise<string>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Starts a sandbox with a data directory of its own; disposing of it removes everything. */
export async function startSandbox(
  nodes: number,
  flags: readonly string[] = [],
): Promise<BenchSandbox> {
  const base = await mkdtemp(join(tmpdir(), "portolan-bench-"));
  const dataDir = join(base, "data");
  const kubeconfig = join(base, "kubeconfig");
  const port = await freePort();
  const startedMs = performance.now();
  await run(portolan, [
    ...["up", "--detach", "--nodes", String(nodes), "--data-dir", dataDir],
    ...["--api-port", String(port), "--kubeconfig", kubeconfig],
    ...flags,
  ]);
  const startMs = performance.now() - startedMs;
  const transport = httpsTransport(loadKubeconfig(kubeconfig));
  return {
    dataDir,
    startMs,
    transport,
    api: createApi(transport, { userAgent: "portolan-bench" }),
    processes: () =>
      readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
        .filter((pid) => {
          try {
            return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dataDir);
          } catch {
            return false;
          }
        })
        .map(Number),
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
