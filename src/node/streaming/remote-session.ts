import type { Readable, Writable } from "node:stream";
import type { TerminalSize } from "../../kernel/pty.ts";
import type { ExecProcess } from "../runtime/runtime.ts";

/** Which streams the client asked for. */
export interface SessionRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The streams of one exec or attach to a client, whatever protocol carries them. */
export interface RemoteSession {
  /** What the client types; it ends when the client closes it. Absent if none was asked for. */
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  /** Called with each new size of the client's terminal, also with the one known already. */
  onResize(listener: (size: TerminalSize) => void): void;
  /** Aborts when the client has gone. */
  readonly closed: AbortSignal;
  /** Tells how it ended, after all output, and closes the connection. */
  finish(status: ExecStatus): Promise<void>;
}

/** The `metav1.Status` that clients read from the error stream. */
export interface ExecStatus {
  readonly metadata: Record<string, never>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: "NonZeroExitCode" | "InternalError";
  readonly details?: {
    readonly causes: readonly { readonly reason: string; readonly message: string }[];
  };
  readonly code?: number;
}

/** The Status of an exit code; kubectl exits with the code that it finds in the causes. */
export function exitStatus(exitCode: number): ExecStatus {
  if (exitCode === 0) return { metadata: {}, status: "Success" };
  return {
    metadata: {},
    status: "Failure",
    message: `command terminated with non-zero exit code: command terminated with exit code ${exitCode}`,
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: String(exitCode) }] },
  };
}

/** The Status of a command that could not be run at all. */
export function failureStatus(message: string): ExecStatus {
  return { metadata: {}, status: "Failure", reason: "InternalError", message, code: 500 };
}

/** Joins a client to a process until either has ended; a client that goes away ends the process's input. */
export async function joinSession(session: RemoteSession, run: ExecProcess): Promise<void> {
  session.onResize((size) => run.resize(size));
  if (run.stdin !== undefined) {
    if (session.stdin === undefined) run.stdin.end();
    else session.stdin.on("error", () => {}).pipe(run.stdin);
  }
  const outputs = [copy(run.stdout, session.stdout), copy(run.stderr, session.stderr)];
  session.closed.addEventListener("abort", () => {
    run.stdin?.end();
    // With its terminal gone a program hangs up; without one it may finish what it does.
    run.stdout.destroy();
    run.stderr?.destroy();
  });
  const { exitCode } = await run.exited;
  await Promise.all(outputs);
  run.stdin?.destroy();
  if (!session.closed.aborted) await session.finish(exitStatus(exitCode));
}

/** Resolves at the end of the source; without a target what comes is thrown away. */
function copy(source: Readable | undefined, target: Writable | undefined): Promise<void> {
  if (source === undefined) return Promise.resolve();
  const ended = new Promise<void>((resolve) => {
    source.once("end", resolve);
    source.once("close", resolve);
    source.once("error", () => resolve());
  });
  if (target === undefined) source.resume();
  else source.pipe(target, { end: false });
  return ended;
}

/** Reads `{"Width":80,"Height":24}`; undefined if it is none. */
export function parseTerminalSize(text: string): TerminalSize | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return undefined;
    const width = "Width" in parsed ? Number(parsed.Width) : Number.NaN;
    const height = "Height" in parsed ? Number(parsed.Height) : Number.NaN;
    const isValid = (n: number) => Number.isInteger(n) && n > 0 && n < 65536;
    return isValid(width) && isValid(height) ? { columns: width, rows: height } : undefined;
  } catch {
    return undefined;
  }
}
