import { accessSync, constants, mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { inProcessNamespaces, type SharedNamespaces } from "../../kernel/processes.ts";
import { type SpawnedProcess, spawnProgram } from "../../kernel/spawn.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import { enterContainerRoot, WORKING_DIR } from "./container-root.ts";
import type { LogStream } from "./log-lines.ts";
import { execInContainer } from "./process-exec.ts";
import { createStdio, type OpenStdio, type ProcessStdio, variablesFor } from "./process-stdio.ts";
import { restrictingArguments } from "./restrict.ts";
import {
  type ContainerExit,
  type ContainerOptions,
  type OutputListener,
  type RunningContainer,
  RuntimeError,
  startFailed,
} from "./runtime.ts";
import { terminateWhenHeard } from "./terminate.ts";
import { findIn, type Tools } from "./tools.ts";

/** What all containers of one pod share. */
export interface ContainerContext {
  readonly tools: Tools;
  readonly staging: string;
  readonly hiddenPaths: readonly string[];
  readonly network: NetworkNamespace;
  readonly shared: SharedNamespaces;
  /** The pod's folder. */
  readonly dir: string;
  readonly clock: Clock;
}

/** The search path of a container that sets none. */
export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** How long the end of a container waits for the end of its output, which follows at once, in milliseconds. */
const OUTPUT_END_MS = 2_000;

/**
 * Starts process 1 of a container. All mounts are made by system calls of this process; the child then mounts
 * `/proc` (only a process inside the PID namespace can), gives up its rights and becomes the program:
 *
 * ```
 *  fork ─ sh ─ (mount /proc) ─ exec setpriv ─ exec env -i NAME=VALUE… ─ exec program
 * ```
 *
 * Variables are set last: earlier programs run with all rights and must not be swayed by a pod's `LD_PRELOAD`.
 */
export function startProcessContainer(
  context: ContainerContext,
  options: ContainerOptions,
): RunningContainer {
  const { network, shared, clock, tools } = context;
  let spawned: { readonly child: SpawnedProcess; readonly stdio: ProcessStdio };
  try {
    spawned = network.run(() => inProcessNamespaces(shared, () => spawnInside(context, options)));
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    const message = `Cannot create container "${options.name}": ${describeError(error)}`;
    throw new RuntimeError("CREATE_FAILED", message, { cause: error });
  }
  const { child, stdio } = spawned;
  const startedAtMs = clock.now();
  const streams = stdio.open();
  streams.stdin?.on("error", () => {});
  const listeners = new Set<OutputListener>([(stream, chunk) => options.log.write(stream, chunk)]);
  const exited = collectExit({ child, streams, listeners, options, clock });
  const { pid } = child;
  let isOver = false;
  let stopTerminating: (() => void) | undefined;
  void child.exited.then(() => {
    isOver = true;
    stopTerminating?.();
  });
  return {
    id: options.id,
    pid,
    startedAtMs,
    exited,
    ...(options.hasStdin && streams.stdin !== undefined ? { stdin: streams.stdin } : {}),
    signal: (name) => {
      if (isOver) return;
      if (name === "SIGKILL") child.kill(name);
      else stopTerminating ??= terminateWhenHeard(pid, () => child.kill(name));
    },
    exec: (exec) => {
      if (!isOver) return execInContainer({ tools, pid, container: options }, exec);
      throw new RuntimeError("START_FAILED", `container "${options.name}" is not running`);
    },
    onOutput: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    sockets: network.sockets,
    resize: stdio.resize,
  };
}

/** Runs inside the new namespaces, so all of it is synchronous. */
function spawnInside(
  context: ContainerContext,
  options: ContainerOptions,
): { readonly child: SpawnedProcess; readonly stdio: ProcessStdio } {
  const { tools, dir } = context;
  const scratch = join(dir, "scratch", options.id);
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const workingDir = options.workingDir ?? WORKING_DIR;
  enterContainerRoot({
    staging: context.staging,
    scratch,
    workingDir,
    hiddenPaths: context.hiddenPaths,
    tools: Object.values(tools),
    mounts: options.mounts,
  });
  const program = findProgram(options, workingDir);
  const variables = variablesFor(options.environment, options);
  const script = `${tools.mount} -n -t proc -o ro,nosuid,nodev,noexec proc /proc && exec "$@"`;
  const stdio = createStdio({ ...options, dev: "/dev" });
  try {
    process.chdir(workingDir);
    const child = spawnProgram({
      program: tools.sh,
      args: [
        ...["-c", script, "sh"],
        ...(options.hasTty ? [tools.setsid, "--ctty"] : []),
        ...[tools.setpriv, "--pdeathsig=KILL", ...restrictingArguments(options), "--"],
        ...[tools.env, "-i", "--", ...variables, program, ...options.command.slice(1)],
      ],
      stdio: stdio.forChild,
      isSessionLeader: !options.hasTty,
    });
    return { child, stdio };
  } catch (error) {
    stdio.abandon();
    throw startFailed(program, error);
  } finally {
    stdio.release();
  }
}

/** The path of the program inside the container, where this thread is; as runc says it when there is none. */
function findProgram({ command, environment }: ContainerOptions, workingDir: string): string {
  const [name = ""] = command;
  const refuse = (why: string) => new RuntimeError("START_FAILED", `exec: "${name}": ${why}`);
  if (name.includes("/")) {
    const path = name.startsWith("/") ? name : join(workingDir, name);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) throw refuse(`stat ${path}: no such file or directory`);
    if (found.isDirectory()) throw refuse("is a directory");
    try {
      accessSync(path, constants.X_OK);
    } catch {
      throw refuse("permission denied");
    }
    return path;
  }
  const folders = (environment.get("PATH") ?? DEFAULT_PATH).split(":").filter((f) => f !== "");
  const found = name === "" ? undefined : findIn(folders, name);
  if (found === undefined) throw refuse("executable file not found in $PATH");
  return found;
}

interface Ending {
  readonly child: SpawnedProcess;
  readonly streams: OpenStdio;
  readonly listeners: ReadonlySet<OutputListener>;
  readonly options: ContainerOptions;
  readonly clock: Clock;
}

/** Passes the output on, and resolves once the process has ended and its output too. */
async function collectExit(ending: Ending): Promise<ContainerExit> {
  const { child, streams, listeners, options, clock } = ending;
  const tell = (stream: LogStream) => (chunk: Buffer) => {
    for (const listener of listeners) listener(stream, chunk);
  };
  const outputs = [
    capture(streams.stdout, tell("stdout")),
    capture(streams.stderr, tell("stderr")),
  ];
  const exit = { ...(await child.exited), atMs: clock.now() };
  const patience = new AbortController();
  await Promise.race([Promise.all(outputs), clock.sleep(OUTPUT_END_MS, patience.signal)]);
  patience.abort();
  streams.stdin?.destroy();
  options.log.close();
  return exit;
}

function capture(source: Readable | undefined, write: (chunk: Buffer) => void): Promise<void> {
  if (source === undefined) return Promise.resolve();
  source.on("data", write);
  return new Promise((resolve) => {
    source.once("end", () => source.destroy());
    source.once("error", () => source.destroy());
    source.once("close", () => resolve());
  });
}
