import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const root = resolve(import.meta.dirname, "../..");

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  /** Ends the program after this long; 60 s unless said otherwise. */
  readonly timeoutMs?: number;
}

/** Runs a program to its end and keeps what it printed. */
export async function exec(
  file: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<Outcome> {
  const child = spawn(file, args, {
    cwd: root,
    env: options.env ?? process.env,
    stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
  });
  child.stdin?.end(options.stdin);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 60_000);
  const code = await new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("close", (exitCode, signal) => done(exitCode ?? (signal === null ? 1 : 137)));
  });
  clearTimeout(timer);
  return {
    code,
    stdout: Buffer.concat(stdout).toString(),
    stderr: Buffer.concat(stderr).toString(),
  };
}

/** Like `exec`, but a program that fails throws with what it said. Returns its standard output. */
export async function mustExec(
  file: string,
  args: readonly string[],
  options?: ExecOptions,
): Promise<string> {
  const outcome = await exec(file, args, options);
  if (outcome.code === 0) return outcome.stdout;
  throw new Error(
    `${file} ${args.join(" ")} ended with ${outcome.code}:\n${outcome.stderr}${outcome.stdout}`,
  );
}

/**
 * The real kubectl clients on this machine, newest first. A `kubectl` on PATH may be a dispatcher that
 * picks a client by the server's version, so versioned binaries beside it are preferred.
 */
export function kubectlClients(): readonly { readonly version: string; readonly path: string }[] {
  const found = (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "kubectl"))
    .find(existsSync);
  if (found === undefined) return [];
  const folder = dirname(realpathSync(found));
  const versioned = ["1.33", "1.32", "1.31", "1.30", "1.29", "1.28", "1.27"]
    .map((version) => ({ version, path: join(folder, `kubectl.${version}`) }))
    .filter(({ path }) => existsSync(path));
  return versioned.length > 0 ? versioned : [{ version: "any", path: found }];
}

/** Why the suites that need kubectl cannot run here; false if they can. */
export const kubectlMissing: string | false =
  kubectlClients().length > 0 ? false : "no kubectl on PATH";

export interface TestCluster {
  readonly dataDir: string;
  readonly apiPort: number;
  readonly kubeconfig: string;
  /** kubectl with a fresh HOME; throws when it fails, returns its standard output. */
  kubectl(...args: string[]): Promise<string>;
  /** kubectl that may fail; the last argument may hold options. */
  tryKubectl(args: readonly string[], options?: KubectlOptions): Promise<Outcome>;
  /** `kubectl … -o json`; the caller says what it asks for. */
  json<T>(...args: string[]): Promise<T>;
  /** `portolan run WHERE -- ARGV`. */
  run(where: string, ...argv: string[]): Promise<Outcome>;
  /** Starts the sandbox again on the same data, with other flags if need be. */
  up(...flags: string[]): Promise<Outcome>;
  down(): Promise<Outcome>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface KubectlOptions extends ExecOptions {
  readonly version?: string;
}

/** Runs a real kubectl, the newest there is unless a version is given, to its end. */
export function runKubectl(
  args: readonly string[],
  { version, ...options }: KubectlOptions,
): Promise<Outcome> {
  const client = kubectlClients().find((each) => version === undefined || each.version === version);
  if (client === undefined) throw new Error(`no kubectl ${version ?? ""} on this machine`);
  return exec(client.path, args, options);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

export interface ClusterOptions {
  readonly nodes?: number;
  readonly flags?: readonly string[];
}

/** A sandbox of its own data directory and port, started the way a user does. */
export async function startTestCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const base = await mkdtemp(join(tmpdir(), "portolan-e2e-"));
  const dataDir = join(base, "data");
  const home = join(base, "home");
  const kubeconfig = join(base, "kubeconfig");
  const apiPort = await freePort();
  const portolan = join(root, "portolan");
  const env = { ...process.env, HOME: home, KUBECONFIG: kubeconfig };
  const tryKubectl: TestCluster["tryKubectl"] = (args, options = {}) =>
    runKubectl(args, { ...options, env: { ...env, ...options.env } });
  const cluster: TestCluster = {
    dataDir,
    apiPort,
    kubeconfig,
    tryKubectl,
    async kubectl(...args) {
      const outcome = await tryKubectl(args);
      if (outcome.code === 0) return outcome.stdout;
      throw new Error(`kubectl ${args.join(" ")} ended with ${outcome.code}:\n${outcome.stderr}`);
    },
    async json<T>(...args: string[]): Promise<T> {
      return JSON.parse(await cluster.kubectl(...args, "-o", "json"));
    },
    run: (where, ...argv) => exec(portolan, ["run", "--data-dir", dataDir, where, "--", ...argv]),
    up: (...flags) =>
      exec(portolan, [
        "up",
        "--detach",
        "--nodes",
        String(options.nodes ?? 3),
        "--data-dir",
        dataDir,
        "--api-port",
        String(apiPort),
        "--kubeconfig",
        kubeconfig,
        ...flags,
      ]),
    down: () => exec(portolan, ["down", "--data-dir", dataDir]),
    async [Symbol.asyncDispose]() {
      await cluster.down();
      await rm(base, { recursive: true, force: true });
    },
  };
  const started = await cluster.up(...(options.flags ?? []));
  if (started.code !== 0) {
    await cluster[Symbol.asyncDispose]();
    throw new Error(`portolan up ended with ${started.code}:\n${started.stderr}`);
  }
  return cluster;
}

/** Tries until `check` returns without throwing, then returns its value. The last error tells what was wrong. */
export async function eventually<T>(check: () => Promise<T>, timeoutMs = 60_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(100);
    }
  }
}

/** The rows of a kubectl table, cells by column name. */
export function tableRows(text: string): Record<string, string>[] {
  const [header = "", ...lines] = text.trimEnd().split("\n");
  const columns = [...header.matchAll(/\S+(?: \S+)*(?:\s{2,}|$)/g)].map((match) => ({
    name: match[0].trimEnd(),
    start: match.index,
  }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, start }, index) => [
        name,
        line.slice(start, columns[index + 1]?.start ?? line.length).trim(),
      ]),
    ),
  );
}
