import type { Readable, Writable } from "node:stream";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import type { TerminalSize } from "../../kernel/pty.ts";
import { describeError, errorCode, PortolanError } from "../../lib/errors.ts";
import type { Sockets } from "../../lib/sockets.ts";
import type { ContainerLog } from "./container-log.ts";
import type { LogStream } from "./log-lines.ts";

/** Runs pods on one node. Today as processes in namespaces; a container engine could be another one. */
export interface Runtime extends AsyncDisposable {
  /** Makes a pod's namespaces and network. Fails with a `RuntimeError`. */
  openPod(options: PodOptions): Promise<RunningPod>;
}

/** What a pod is made with. */
export interface PodOptions {
  readonly uid: string;
  /** The pod's own folder on the host; the caller makes and deletes it. */
  readonly dir: string;
  /** What the pod's kernel calls itself; at most 64 bytes. */
  readonly hostname: string;
  readonly isHostNetwork: boolean;
  /** Addresses that the pod had before; it gets them again if they are free. */
  readonly wantedIps: readonly string[];
}

/** A pod's namespaces. Closing it kills what still runs inside and gives the addresses back. */
export interface RunningPod extends AsyncDisposable {
  readonly ips: readonly string[];
  readonly namespace: NetworkNamespace;
  /** Starts one life of a container. Throws a `RuntimeError` whose message is for people. */
  start(options: ContainerOptions): RunningContainer;
}

/** A file or folder of the host (or a temporary one) that shows inside the container. */
export interface ContainerMount {
  readonly target: string;
  /** Absent: a new, empty, private folder in memory. */
  readonly source?: string;
  readonly isReadOnly: boolean;
}

/** What one life of a container is made with. */
export interface ContainerOptions {
  readonly name: string;
  /** Unique among all lives of all containers of the node. */
  readonly id: string;
  /** The program and its arguments; a name without a slash is looked up in the container's PATH. */
  readonly command: readonly string[];
  readonly environment: ReadonlyMap<string, string>;
  /** Absent: the private working folder. */
  readonly workingDir?: string;
  readonly mounts: readonly ContainerMount[];
  readonly user?: number;
  readonly group?: number;
  /** Further groups, in place of the agent's own. */
  readonly groups?: readonly number[];
  readonly hasStdin: boolean;
  readonly hasTty: boolean;
  readonly log: ContainerLog;
}

/** How a life ended. `exitCode` is 128 + signal when a signal ended it, as shells count. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly signal?: number;
  readonly atMs: number;
}

/** One life of a container. */
export interface RunningContainer {
  readonly id: string;
  /** Process number of its process 1, as this process sees it. */
  readonly pid: number;
  readonly startedAtMs: number;
  /** Resolves when it ended and its output has been read to the end. */
  readonly exited: Promise<ContainerExit>;
  /** Signals process 1 of the container; nothing happens after its end. */
  signal(name: "SIGTERM" | "SIGKILL"): void;
  exec(options: ExecOptions): ExecProcess;
  /** Calls back with what it prints from now on, as it comes; all of it before `exited` resolves. Returns the way to stop. */
  onOutput(listener: OutputListener): () => void;
  /** Writes to its standard input; undefined if it has none. */
  readonly stdin?: Writable;
  /** Sockets in its network, which is its pod's. */
  readonly sockets: Sockets;
  /** Its terminal's size, where it has a terminal. */
  resize(size: TerminalSize): void;
}

/** Takes a piece of what a container prints. */
export type OutputListener = (stream: LogStream, chunk: Buffer) => void;

/** A further program to run in a container. */
export interface ExecOptions {
  readonly command: readonly string[];
  readonly hasStdin: boolean;
  readonly hasTty: boolean;
}

/** A further process in a running container. */
export interface ExecProcess {
  readonly stdin?: Writable;
  readonly stdout: Readable;
  /** Absent with a terminal, which has one output only. */
  readonly stderr?: Readable;
  readonly exited: Promise<{ readonly exitCode: number; readonly signal?: number }>;
  kill(): void;
  resize(size: TerminalSize): void;
}

/** What went wrong, by the step that failed. */
export type RuntimeErrorCode =
  /** The specification asks for what can not be (CreateContainerError). */
  | "CREATE_FAILED"
  /** The program can not be run (RunContainerError, StartError). */
  | "START_FAILED"
  /** Namespaces or network could not be made (FailedCreatePodSandBox). */
  | "SANDBOX_FAILED";

/** A refusal of the runtime; its message is for the people who wrote the pod. */
export class RuntimeError extends PortolanError<RuntimeErrorCode> {}

/** A program that could not be started, told as runc tells it. */
export function startFailed(program: string, cause: unknown): RuntimeError {
  const why = errorCode(cause) === "E2BIG" ? "argument list too long" : describeError(cause);
  return new RuntimeError("START_FAILED", `exec: "${program}": ${why}`, { cause });
}
