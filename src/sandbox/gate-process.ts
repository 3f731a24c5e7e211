import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, fstatSync, ftruncateSync, readFileSync } from "node:fs";
import type { Server } from "node:net";
import process from "node:process";
import { hostSockets } from "../kernel/host-sockets.ts";
import { describeError, errorCode } from "../lib/errors.ts";
import { planAddresses } from "./address-plan.ts";
import { apiPortError } from "./api-port-error.ts";
import { dataDirPaths, lockDataDir, prepareDataDir, writeState } from "./data-dir.ts";
import { type Handle, makeHostSocket } from "./make-host-socket.ts";
import { type Order, parseReport, type Report, type SocketRequest } from "./messages.ts";
import { namespacesError } from "./namespaces-error.ts";
import { insideFlags } from "./node-flags.ts";
import { SandboxError } from "./sandbox-error.ts";
import { optionArguments, type SandboxOptions } from "./sandbox-options.ts";
import { killProcesses } from "./sandbox-processes.ts";

/** How long a cluster may take to end its pods and close its storage before it is killed. */
const CLOSE_LIMIT_MS = 10_000;

/** The log is cut when it grows beyond this; one older part is kept beside it. */
const LOG_BYTES_MAX = 16 << 20;
const LOG_CHECK_MS = 60_000;

/** Where in the log the reason stands when the namespaces could not be made: nothing was written before. */
const LOG_HEAD_BYTES = 8192;

export interface GateOptions {
  readonly options: SandboxOptions;
  /** Whether the sandbox goes on when the command that started it ends. */
  readonly isDetached: boolean;
  /** The program to run inside. */
  readonly inside: string;
}

/**
 * The part of a sandbox outside its namespaces. It holds the data directory's lock, makes the sockets that belong
 * to the host's network, starts the inside and waits for its end. It loads as little as possible: it is there all
 * the time, for very little work.
 */
export class GateProcess {
  readonly #options: SandboxOptions;
  readonly #isDetached: boolean;
  readonly #inside: string;
  #child: ChildProcess | undefined;
  #apiPort = 0;
  #phase: "starting" | "ready" | "closing" = "starting";
  #hasReported = false;
  readonly #startedAt = Date.now();
  readonly #logStart = fstatSync(2).size;

  constructor(given: GateOptions) {
    this.#options = given.options;
    this.#isDetached = given.isDetached;
    this.#inside = given.inside;
  }

  /** Starts the sandbox; the process ends with it. */
  async run(): Promise<void> {
    const { dataDir } = this.#options;
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      process.on(signal, () => this.#close());
    }
    process.once("disconnect", () => this.#commandLeft());
    if (!process.connected) this.#commandLeft();
    try {
      prepareDataDir(dataDir);
      await lockDataDir(dataDir);
      await killProcesses(dataDir);
      const listener = await this.#listen();
      this.#writeState();
      this.#start(listener);
    } catch (error) {
      this.#fail(error);
      process.exit(1);
    }
    setInterval(keepLogShort, LOG_CHECK_MS, dataDirPaths(dataDir).log).unref();
  }

  async #listen(): Promise<Server> {
    const { apiPort, dataDir } = this.#options;
    const at = { host: "127.0.0.1", port: apiPort };
    try {
      // Who calls before the listener has moved inside is sent away and comes again.
      const server = await hostSockets.listenTcp(at, (socket) => socket.resetAndDestroy());
      const address = server.address();
      this.#apiPort = typeof address === "object" && address !== null ? address.port : apiPort;
      return server;
    } catch (error) {
      throw apiPortError({ error, port: apiPort, dataDir });
    }
  }

  #start(listener: Server): void {
    const options = { ...this.#options, apiPort: this.#apiPort };
    const child = spawn(
      "unshare",
      [
        ...namespaceFlags(),
        // A shell is the namespace's first process: it takes in orphans, and its end is everybody's.
        ...["sh", "-c", '"$@" & wait $!', "sh"],
        ...[process.execPath, ...insideFlags, this.#inside, ...optionArguments("inside", options)],
      ],
      { stdio: ["ignore", "inherit", "inherit", "ipc"] },
    );
    this.#child = child;
    child.once("error", (error) => void this.#ended(describeError(error)));
    child.once("exit", (code, signal) => void this.#ended(signal ?? `exit code ${code}`));
    child.on("message", (message: unknown) => this.#take(message));
    this.#order({ type: "api" }, listener, () => listener.close());
  }

  #take(message: unknown): void {
    const report = parseReport(message);
    if (report === undefined) return;
    if (report.type === "socket-request") return void this.#makeSocket(report);
    if (report.type === "ready") {
      this.#phase = "ready";
      this.#writeState();
    }
    this.#report(report);
  }

  async #makeSocket(request: SocketRequest): Promise<void> {
    const { id } = request;
    try {
      const { handle, sent } = await makeHostSocket(request);
      this.#order({ type: "socket", id }, handle, sent);
    } catch (error) {
      const code = errorCode(error) ?? "EIO";
      this.#order({ type: "socket-failed", id, code, message: describeError(error) });
    }
  }

  #order(order: Order, handle?: Handle, sent?: () => void): void {
    const child = this.#child;
    if (child?.connected === true) child.send(order, handle, {}, () => sent?.());
    else sent?.();
  }

  #report(report: Report): void {
    if (report.type === "failed") this.#hasReported = true;
    if (process.connected) process.send?.(report);
  }

  /** The command went away: with `--detach` after everything was ready, as it should, otherwise it was killed. */
  #commandLeft(): void {
    if (!this.#isDetached || this.#phase === "starting") this.#close();
  }

  #close(): void {
    if (this.#phase === "closing") return;
    this.#phase = "closing";
    if (this.#child === undefined) process.exit(0);
    this.#order({ type: "close" });
    // The end of `unshare` is the end of everything inside (--kill-child).
    setTimeout(() => this.#child?.kill("SIGKILL"), CLOSE_LIMIT_MS).unref();
  }

  async #ended(how: string): Promise<void> {
    const { dataDir } = this.#options;
    const wasWanted = this.#phase === "closing";
    if (!wasWanted && !this.#hasReported) {
      this.#fail(
        namespacesError(this.#ownLog()) ??
          new SandboxError("START_FAILED", `Cannot run the sandbox: it ended with ${how}`, {
            remedy: `tail ${dataDirPaths(dataDir).log}`,
          }),
      );
    }
    // Where unshare was killed, the others may still be dying.
    await killProcesses(dataDir);
    writeState(dataDir, undefined);
    process.exit(wasWanted ? 0 : 1);
  }

  /** What this start has written to the log, which may hold earlier ones. */
  #ownLog(): string {
    try {
      const all = readFileSync(dataDirPaths(this.#options.dataDir).log);
      return all.subarray(this.#logStart).toString().slice(0, LOG_HEAD_BYTES);
    } catch {
      return "";
    }
  }

  #fail(error: unknown): void {
    const code = errorCode(error) ?? "START_FAILED";
    const remedy = error instanceof SandboxError ? error.remedy : "";
    process.stderr.write(`${new Date().toISOString()} ${code} ${describeError(error)}\n`);
    this.#report({ type: "failed", code, message: describeError(error), remedy });
  }

  #writeState(): void {
    const { dataDir, kubeconfig } = this.#options;
    writeState(dataDir, {
      gatePid: process.pid,
      apiPort: this.#apiPort,
      nodes: planAddresses(this.#options).nodes.map((node) => node.name),
      kubeconfig,
      startedAt: this.#startedAt,
      isReady: this.#phase === "ready",
    });
  }
}

/** Root needs no user namespace, and without one the kernel grants a little more (such as large transactions). */
function namespaceFlags(): string[] {
  const own = ["--net", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "--mount-proc"];
  return process.getuid?.() === 0 ? own : ["--user", "--map-root-user", ...own];
}

/** Standard error is the log, opened for appending, so cutting the file under its writers is safe. */
function keepLogShort(path: string): void {
  try {
    if (fstatSync(2).size < LOG_BYTES_MAX) return;
    copyFileSync(path, `${path}.1`);
    ftruncateSync(2);
  } catch {
    // Somebody moved the log away; the next check finds it as it then is.
  }
}
