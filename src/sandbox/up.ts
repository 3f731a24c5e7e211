import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { getCompileCacheDir } from "node:module";
import { extname, join } from "node:path";
import process from "node:process";
import { planAddresses } from "./address-plan.ts";
import { checkKubeconfig, dataDirPaths, prepareDataDir } from "./data-dir.ts";
import { parseReport, type Report } from "./messages.ts";
import { gateFlags } from "./node-flags.ts";
import { checkMachine, systemPath } from "./preflight.ts";
import { SandboxError, sandboxErrorCode } from "./sandbox-error.ts";
import { optionArguments, type SandboxOptions } from "./sandbox-options.ts";

/** How long a sandbox may take until every node is Ready, in milliseconds. */
const READY_LIMIT_MS = 120_000;

export interface UpOptions extends SandboxOptions {
  /** Whether the sandbox goes on when this process ends. */
  readonly isDetached: boolean;
  /** Says what is being done, for a person who waits. */
  readonly onProgress?: (text: string) => void;
  /** Aborting stops the sandbox while it starts. */
  readonly signal?: AbortSignal;
  /** The program to run inside; only tests of the sandbox alone run another one. */
  readonly inside?: string;
}

/** A sandbox whose API answers and whose nodes are all Ready. */
export interface UpResult {
  readonly dataDir: string;
  readonly apiServer: string;
  readonly apiPort: number;
  readonly kubeconfig: string;
  readonly nodes: readonly string[];
  readonly gatePid: number;
  /** Ends the sandbox and waits for its end. */
  stop(): Promise<void>;
  /** Resolves when the sandbox has ended, by `stop` or by itself; only while it is not detached. */
  readonly ended: Promise<{ readonly exitCode: number | null }>;
}

/**
 * Starts a sandbox, or continues the one in its data directory, and waits until it is ready. Throws SandboxError
 * with what to do about it. With `isDetached` it lives on in the background, otherwise it ends with this process.
 */
export async function up(options: UpOptions): Promise<UpResult> {
  const { isDetached, onProgress, signal, inside, ...sandbox } = options;
  checkMachine();
  const plan = planAddresses(sandbox);
  const dataDir = prepareDataDir(sandbox.dataDir);
  checkKubeconfig(sandbox.kubeconfig, dataDir);
  const gate = startGate({
    sandbox: { ...sandbox, dataDir },
    isDetached,
    inside: inside ?? program("inside"),
  });
  const ended = new Promise<{ exitCode: number | null }>((resolve) => {
    gate.once("exit", (exitCode) => resolve({ exitCode }));
  });
  const stop = async () => {
    gate.kill("SIGTERM");
    await ended;
  };
  const apiPort = await ready({ gate, dataDir, stop, onProgress, signal });
  if (isDetached) {
    gate.disconnect();
    gate.unref();
  }
  return {
    dataDir,
    apiPort,
    apiServer: `https://127.0.0.1:${apiPort}`,
    kubeconfig: sandbox.kubeconfig,
    nodes: plan.nodes.map((node) => node.name),
    gatePid: gate.pid ?? 0,
    stop,
    ended,
  };
}

function startGate(given: {
  readonly sandbox: SandboxOptions;
  readonly isDetached: boolean;
  readonly inside: string;
}): ChildProcess {
  const { sandbox, isDetached, inside } = given;
  const log = openSync(dataDirPaths(sandbox.dataDir).log, "a", 0o600);
  try {
    const script = program("gate");
    const mode = isDetached ? ["--detached"] : [];
    return spawn(
      process.execPath,
      [...gateFlags, script, ...optionArguments("gate", sandbox), ...mode, inside],
      {
        // A session of its own: Ctrl-C at the terminal reaches the command alone, which then says what to do.
        detached: true,
        cwd: "/",
        env: {
          ...process.env,
          PATH: systemPath(),
          // Messages of system programs are matched, so they must be English.
          LC_ALL: "C.UTF-8",
          // Halves the start; for a user without a home the data directory has room.
          NODE_COMPILE_CACHE: getCompileCacheDir() ?? dataDirPaths(sandbox.dataDir).compileCache,
        },
        stdio: ["ignore", log, log, "ipc"],
      },
    );
  } finally {
    closeSync(log);
  }
}

function ready(given: {
  readonly gate: ChildProcess;
  readonly dataDir: string;
  readonly stop: () => Promise<void>;
  readonly onProgress: ((text: string) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}): Promise<number> {
  const { gate, dataDir, stop, onProgress, signal } = given;
  const remedy = `tail ${dataDirPaths(dataDir).log}`;
  return new Promise((resolve, reject) => {
    const settle = (action: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      gate.removeAllListeners("message");
      action();
    };
    const giveUp = (error: SandboxError) => settle(() => void stop().then(() => reject(error)));
    const aborted = () =>
      giveUp(new SandboxError("START_FAILED", "Cannot start the sandbox: interrupted", { remedy }));
    const timer = setTimeout(() => {
      const text = `Cannot start the sandbox: not every node is Ready after ${READY_LIMIT_MS / 1000} s`;
      giveUp(new SandboxError("START_TIMEOUT", text, { remedy }));
    }, READY_LIMIT_MS);
    signal?.addEventListener("abort", aborted, { once: true });
    if (signal?.aborted === true) aborted();
    gate.once("error", (cause) =>
      settle(() =>
        reject(new SandboxError("START_FAILED", "Cannot start the gate", { remedy, cause })),
      ),
    );
    gate.once("exit", (code, died) =>
      settle(() => {
        const text = `Cannot start the sandbox: the gate ended with ${died ?? `exit code ${code}`}`;
        reject(new SandboxError("START_FAILED", text, { remedy }));
      }),
    );
    gate.on("message", (message: unknown) => {
      const report = parseReport(message);
      if (report?.type === "progress") onProgress?.(report.text);
      if (report?.type === "ready") settle(() => resolve(report.apiPort));
      if (report?.type === "failed") settle(() => reject(failure(report, remedy)));
    });
  });
}

function failure(report: Extract<Report, { type: "failed" }>, remedy: string): SandboxError {
  return new SandboxError(sandboxErrorCode(report.code), report.message, {
    remedy: report.remedy === "" ? remedy : report.remedy,
  });
}

/** A program of this room, in the language that this file itself is in. */
function program(name: string): string {
  return join(import.meta.dirname, `${name}${extname(import.meta.filename)}`);
}
