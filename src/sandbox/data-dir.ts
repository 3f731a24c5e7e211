import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { describeError, errorCode } from "../lib/errors.ts";
import { shellWord } from "../lib/shell-word.ts";
import { SandboxError } from "./sandbox-error.ts";

/** The layout that this version writes. A newer one is refused, an older one would be converted here. */
const DATA_DIR_VERSION = 1;

/** Where things lie in a data directory. */
export function dataDirPaths(dataDir: string) {
  return {
    version: join(dataDir, "version"),
    /** Written while the sandbox runs. */
    state: join(dataDir, "sandbox.json"),
    log: join(dataDir, "sandbox.log"),
    /** Inside, a file system in memory is mounted here; on the host it stays empty. */
    runtime: join(dataDir, "run"),
    kubeconfig: join(dataDir, "kubeconfig"),
    compileCache: join(dataDir, "compile-cache"),
  };
}

/** `$XDG_STATE_HOME/portolan`, or `~/.local/state/portolan`. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env): string {
  const state = env["XDG_STATE_HOME"];
  // The XDG specification: a relative path is to be ignored.
  const base = state?.startsWith("/") === true ? state : join(homedir(), ".local/state");
  return join(base, "portolan");
}

/** The one name of a data directory: absolute, and without symbolic links if it exists. */
export function canonicalDataDir(dataDir: string | undefined): string {
  const path = resolve(dataDir ?? defaultDataDir());
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Makes the directory if need be and checks that it can be used by this version; returns its canonical path. */
export function prepareDataDir(dataDir: string): string {
  const canonical = makeDirectory(dataDir);
  const paths = dataDirPaths(canonical);
  try {
    accessSync(canonical, constants.R_OK | constants.W_OK | constants.X_OK);
    const version = existsSync(paths.version) ? readFileSync(paths.version, "utf8").trim() : "";
    if (version !== "") checkVersion(canonical, version);
    else writeFileSync(paths.version, `${DATA_DIR_VERSION}\n`);
    mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw error instanceof SandboxError ? error : unusable(dataDir, error);
  }
  return canonical;
}

function makeDirectory(dataDir: string): string {
  try {
    makeWithParents(resolve(dataDir));
    return realpathSync(dataDir);
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

/** Not `recursive`: that never returns (Node 24) where a folder is there but the kernel says ENOENT: /proc, autofs. */
function makeWithParents(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  makeWithParents(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function checkVersion(dataDir: string, version: string): void {
  if (/^\d{1,9}$/.test(version) && Number(version) <= DATA_DIR_VERSION) return;
  throw new SandboxError(
    "DATA_DIR_NEWER",
    `Cannot use the data directory "${dataDir}": its layout is version ${JSON.stringify(version)}, this Portolan knows ${DATA_DIR_VERSION}`,
    { remedy: "Update Portolan, or choose another one: portolan up --data-dir DIR" },
  );
}

function unusable(dataDir: string, error: unknown): SandboxError {
  const remedies: Readonly<Record<string, string>> = {
    EACCES: `sudo chown -R "$(id -u)" ${shellWord(dataDir)}, or choose another one: portolan up --data-dir DIR`,
    ENOSPC: `df -h ${shellWord(dataDir)}`,
  };
  return new SandboxError(
    "DATA_DIR_UNUSABLE",
    `Cannot use the data directory "${dataDir}": ${describeError(error)}`,
    {
      remedy: remedies[errorCode(error) ?? ""] ?? "Choose another one: portolan up --data-dir DIR",
      cause: undefined,
    },
  );
}

/**
 * Checks that the kubeconfig can be written: it is the last thing to be, when everything else has started. One that knows
 * other clusters, such as `~/.kube/config`, is not written over.
 */
export function checkKubeconfig(path: string, dataDir: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory() === true) throw new Error("it is a folder, a file is needed");
    accessSync(found === undefined ? dirname(path) : path, constants.W_OK);
    const isOwn = path === dataDirPaths(dataDir).kubeconfig;
    if (!isOwn && found?.isFile() === true && !isSandboxKubeconfig(readFileSync(path, "utf8"))) {
      throw new Error("it has something else in it, which would be lost");
    }
  } catch (error) {
    throw new SandboxError(
      "KUBECONFIG_UNUSABLE",
      `Cannot write the kubeconfig "${path}": ${describeError(error)}`,
      { remedy: "Choose another file: portolan up --kubeconfig FILE" },
    );
  }
}

/** Whether a text is empty, or a kubeconfig of a sandbox alone; kubectl may have written it anew, as YAML. */
export function isSandboxKubeconfig(text: string): boolean {
  if (text.trim() === "") return true;
  const servers = [...text.matchAll(/^[\s{]*"?server"?: *"?([^\s",]+)/gm)];
  return servers.length === 1 && servers[0]?.[1]?.startsWith("https://127.0.0.1:") === true;
}

/**
 * Holds a data directory for this process alone; the kernel lets go of it when the process ends, however that
 * comes about. It is a name in the abstract socket space of the host, made of the directory's identity.
 */
export function lockDataDir(dataDir: string): Promise<Server> {
  const { dev, ino } = statSync(dataDir);
  return new Promise((resolve, reject) => {
    const lock = createServer((socket) => socket.destroy());
    lock.once("error", (error) => {
      reject(errorCode(error) === "EADDRINUSE" ? inUse(dataDir) : error);
    });
    lock.listen({ path: `\0portolan-data-${dev}-${ino}` }, () => resolve(lock));
    lock.unref();
  });
}

function inUse(dataDir: string): SandboxError {
  const pid = readState(dataDir)?.gatePid;
  const who = pid === undefined ? "another process uses it" : `process ${pid} uses it`;
  return new SandboxError("DATA_DIR_IN_USE", `Cannot use the data directory "${dataDir}": ${who}`, {
    remedy: `portolan down --data-dir ${shellWord(dataDir)}, or choose another one: portolan up --data-dir DIR`,
  });
}

/** What a running sandbox says about itself; a file in the data directory. */
export interface SandboxState {
  readonly gatePid: number;
  readonly apiPort: number;
  readonly nodes: readonly string[];
  readonly kubeconfig: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** False until every node was Ready for the first time. */
  readonly isReady: boolean;
}

/** Writes or takes away (undefined) what `readState` reads. */
export function writeState(dataDir: string, state: SandboxState | undefined): void {
  const { state: path } = dataDirPaths(dataDir);
  if (state === undefined) rmSync(path, { force: true });
  else writeFileSync(path, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
}

/** Undefined if there is none, half of one, or another user's. */
export function readState(dataDir: string): SandboxState | undefined {
  try {
    return parseState(JSON.parse(readFileSync(dataDirPaths(dataDir).state, "utf8")));
  } catch {
    return undefined;
  }
}

function parseState(value: unknown): SandboxState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { gatePid, apiPort, nodes, kubeconfig, startedAt, isReady } =
    value as Partial<SandboxState>;
  const isWhole =
    typeof gatePid === "number" &&
    typeof apiPort === "number" &&
    Array.isArray(nodes) &&
    typeof kubeconfig === "string" &&
    typeof startedAt === "number" &&
    typeof isReady === "boolean";
  return isWhole ? { gatePid, apiPort, nodes, kubeconfig, startedAt, isReady } : undefined;
}
