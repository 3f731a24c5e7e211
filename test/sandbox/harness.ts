import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { findProcesses } from "../../src/sandbox/sandbox-processes.ts";

const root = resolve(import.meta.dirname, "../..");

/** Debian's `nobody` and `nogroup`. */
const NOBODY = 65534;

export interface Done {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `drive.ts` prints. */
export interface Answer {
  readonly apiPort: number;
  readonly gatePid: number;
  readonly nodes: readonly string[];
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly phase: string;
  readonly hadSandbox: boolean;
}

/** One data directory and who uses it. Disposing of it ends its sandbox and looks for leftovers. */
export class Lab implements AsyncDisposable {
  readonly dataDir: string;
  readonly #base: string;
  readonly #checkout: string;
  readonly #uid: number | undefined;
  /** Folder whose programs are found before the system's; undefined for none. */
  programs: string | undefined;

  constructor(options: { readonly asNobody?: boolean } = {}) {
    this.#base = mkdtempSync(join(tmpdir(), "portolan-sandbox-"));
    this.dataDir = join(this.#base, "data");
    this.#uid = options.asNobody === true ? NOBODY : undefined;
    if (this.#uid !== undefined) chownSync(this.#base, NOBODY, NOBODY);
    this.#checkout = this.#uid === undefined ? root : readableCheckout(this.#base);
  }

  /** A file of the repository, as its user can read it. */
  inCheckout(path: string): string {
    return path.replace(root, this.#checkout);
  }

  /** Starts a command of the sandbox. */
  spawn(...args: readonly string[]): ChildProcess {
    return spawn(this.inCheckout(process.execPath), this.#arguments(args), {
      ...this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Starts a command of the sandbox at a terminal, in a session of its own. */
  spawnAt(terminal: number, ...args: readonly string[]): ChildProcess {
    const program = this.inCheckout(process.execPath);
    return spawn("setsid", ["--wait", "--ctty", program, ...this.#arguments(args)], {
      ...this.#environment(),
      stdio: [terminal, terminal, terminal],
    });
  }

  #arguments(args: readonly string[]): string[] {
    const script = join(this.#checkout, "test/sandbox/drive.ts");
    return ["--disable-warning=ExperimentalWarning", script, this.dataDir, ...args];
  }

  #environment() {
    return {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, PATH: this.#path() },
      ...(this.#uid === undefined ? {} : { uid: this.#uid, gid: NOBODY }),
    };
  }

  #path(): string {
    return [this.programs, process.env["PATH"]].filter((part) => part !== undefined).join(":");
  }

  /** Runs a command of the sandbox to its end. */
  async drive(...args: readonly string[]): Promise<Done & { readonly answer: Answer }> {
    const child = this.spawn(...args);
    assert(child.stdout !== null && child.stderr !== null);
    const [stdout, stderr, [exitCode]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "exit"),
    ]);
    const answer = stdout.startsWith("{") ? JSON.parse(stdout) : {};
    return { exitCode, stdout, stderr, answer };
  }

  async up(options: object = {}): Promise<Answer> {
    const done = await this.drive("up", JSON.stringify(options));
    assert.equal(done.exitCode, 0, `${done.stdout}${done.stderr}${this.log()}`);
    return done.answer;
  }

  log(): string {
    const path = join(this.dataDir, "sandbox.log");
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** Process ids by role. */
  pid(role: string): number {
    const found = findProcesses(this.dataDir).find((each) => each.role === role);
    assert(found !== undefined, `no ${role} runs`);
    return found.pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drive("down");
    rmSync(this.#base, { recursive: true, force: true });
  }
}

/** The checkout itself if `nobody` may read it, otherwise a copy. */
function readableCheckout(base: string): string {
  let folder = root;
  while (folder !== "/" && (statSync(folder).mode & 0o005) === 0o005) folder = dirname(folder);
  if (folder === "/") return root;
  const copy = join(base, "checkout");
  for (const part of ["package.json", "src", "test/sandbox", "node_modules"]) {
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
  chmodSync(copy, 0o755);
  return copy;
}

/** What a sandbox could leave on the host, a line each. */
export function traces(dataDir: string): string[] {
  const processes = readdirSync("/proc").flatMap((name) => {
    const line = /^\d+$/.test(name) ? readProc(`/proc/${name}/cmdline`).replaceAll("\0", " ") : "";
    return line.includes(dataDir) ? [`process ${name}: ${line}`] : [];
  });
  const lines = ["/proc/self/mountinfo", "/proc/net/unix"].flatMap((path) =>
    readProc(path)
      .split("\n")
      .filter((line) => line.includes(dataDir)),
  );
  return [...processes, ...lines];
}

/** The processes that share a namespace with a process, other than with this one. */
export function companions(pid: number): number[] {
  const kinds = ["net", "mnt", "pid", "user"];
  const ofProcess = (of: string | number) => kinds.map((kind) => namespaceId(of, kind));
  const own = ofProcess("self");
  const theirs = new Set(ofProcess(pid).filter((id) => !own.includes(id)));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && ofProcess(name).some((id) => theirs.has(id)))
    .map(Number);
}

/** Which of these processes are still there. A dead one that its parent (here the host's init) has not yet asked after counts as gone. */
export function survivors(pids: readonly number[]): number[] {
  assert.ok(pids.length > 0);
  return pids.filter((pid) => {
    const state = readProc(`/proc/${pid}/stat`).split(") ").at(-1)?.[0];
    return state !== undefined && state !== "Z" && state !== "X";
  });
}

function namespaceId(pid: string | number, kind: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return "";
  }
}

function readProc(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

/** Sends one line to the stub's API and returns the answer. */
export async function ask(port: number, line: string): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port });
  socket.write(line);
  return text(socket);
}
