import { closeSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { PassThrough, type Readable, Writable } from "node:stream";
import { ReadStream } from "node:tty";
import { openPipe } from "../../kernel/processes.ts";
import { openPty, setTerminalSize, type TerminalSize } from "../../kernel/pty.ts";
import { errorCode } from "../../lib/errors.ts";

/** Pause before typing on into a terminal whose program does not read, in milliseconds. */
const TERMINAL_FULL_PAUSE_MS = 10;

/** The standard streams of a child: pipes, or one terminal. */
export interface ProcessStdio {
  /** For `spawn`. */
  readonly forChild: (number | "ignore")[];
  /** Closes our copies of the child's ends: once it is spawned, or was not. */
  release(): void;
  /** Our ends; opened on first use. Every one must be read or destroyed. */
  open(): OpenStdio;
  /** Closes what was never opened, when there is no child. */
  abandon(): void;
  resize(size: TerminalSize): void;
}

/** Our ends of the standard streams; `stderr` is absent with a terminal. */
export interface OpenStdio {
  readonly stdin?: Writable;
  readonly stdout: Readable;
  readonly stderr?: Readable;
}

/** Which streams a child gets. */
export interface StdioOptions {
  readonly hasStdin: boolean;
  readonly hasTty: boolean;
  /** The container's `/dev`, as this thread sees it: a terminal must come from there to have a name inside. */
  readonly dev: string;
}

/** Makes pipes or a terminal. All of it is synchronous: it is done inside namespaces. */
export function createStdio({ hasStdin, hasTty, dev }: StdioOptions): ProcessStdio {
  return hasTty ? terminalStdio(dev) : pipeStdio(hasStdin);
}

/** A program's variables for `env`; one that has a terminal is told which, as container engines do. */
export function variablesFor(
  environment: ReadonlyMap<string, string>,
  { hasTty }: Pick<StdioOptions, "hasTty">,
): string[] {
  const all = hasTty ? new Map([["TERM", "xterm"], ...environment]) : environment;
  return [...all].map(([name, value]) => `${name}=${value}`);
}

function pipeStdio(hasStdin: boolean): ProcessStdio {
  const input = hasStdin ? openPipe() : undefined;
  const output = openPipe();
  const error = openPipe();
  return {
    forChild: [input?.read ?? "ignore", output.write, error.write],
    release: () => closeAll([input?.read, output.write, error.write]),
    abandon: () => closeAll([input?.write, output.read, error.read]),
    open: () => ({
      ...(input === undefined
        ? {}
        : { stdin: new Socket({ fd: input.write, readable: false, writable: true }) }),
      stdout: new Socket({ fd: output.read, readable: true, writable: false }),
      stderr: new Socket({ fd: error.read, readable: true, writable: false }),
    }),
    resize: () => {},
  };
}

function terminalStdio(dev: string): ProcessStdio {
  const { master, slave } = openPty(undefined, dev);
  let screen: ReadStream | undefined;
  // A stream closes its file before it says so, and the number may be another file's by then.
  const isOpen = () => screen?.destroyed !== true;
  return {
    forChild: [slave, slave, slave],
    release: () => closeSync(slave),
    abandon: () => closeSync(master),
    open: () => {
      const reader = new ReadStream(master);
      screen = reader;
      const stdout = new PassThrough();
      reader.pipe(stdout);
      // The master reads as EIO once nobody has the terminal open: an end like any other.
      reader.on("error", () => reader.destroy());
      reader.on("close", () => stdout.end());
      stdout.on("close", () => reader.destroy());
      return { stdin: keyboard(master, isOpen), stdout };
    },
    resize: (size) => {
      if (isOpen()) setTerminalSize(master, size);
    },
  };
}

/**
 * Types into a terminal. It is not closed with this stream: its end is the program's, not the typist's. On this thread,
 * as it never blocks: a file that is closed meanwhile could not be told from the next one of its number elsewhere.
 */
function keyboard(master: number, isOpen: () => boolean): Writable {
  const type = (chunk: Buffer, done: () => void): void => {
    const rest = isOpen() ? chunk.subarray(typed(master, chunk)) : Buffer.alloc(0);
    if (rest.length === 0) done();
    else setTimeout(() => type(rest, done), TERMINAL_FULL_PAUSE_MS);
  };
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => type(chunk, done),
    // Ctrl-D: what a terminal's end of input is.
    final: (done) => type(Buffer.from([4]), done),
  });
}

/** How many bytes are dealt with: where nobody has the terminal open any more, all of them. */
function typed(master: number, chunk: Buffer): number {
  try {
    return writeSync(master, chunk);
  } catch (error) {
    return errorCode(error) === "EAGAIN" ? 0 : chunk.length;
  }
}

function closeAll(fds: readonly (number | undefined)[]): void {
  for (const fd of fds) if (fd !== undefined) closeSync(fd);
}
