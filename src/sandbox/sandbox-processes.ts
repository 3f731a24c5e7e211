import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode } from "../lib/errors.ts";
import { SandboxError } from "./sandbox-error.ts";
import { roleArguments } from "./sandbox-options.ts";

/** A process of a sandbox, as the host sees it. */
export interface SandboxProcess {
  readonly pid: number;
  /**
   * `gate`; `unshare`, which holds the namespaces' first process; `init`, that first process; `node`, which runs
   * the cluster. When `init` ends, the kernel ends everything in the sandbox.
   */
  readonly role: "gate" | "unshare" | "init" | "node";
}

/** After SIGKILL; only a process that waits for a dead disk takes longer. */
const KILL_WAIT_MS = 10_000;

/** Finds the processes of one sandbox by their command lines. Never reports the caller. */
export function findProcesses(dataDir: string): SandboxProcess[] {
  const gate = roleArguments("gate", dataDir);
  const inside = roleArguments("inside", dataDir);
  return readdirSync("/proc").flatMap((name): SandboxProcess[] => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const argv = commandLine(pid);
    const has = (wanted: readonly string[]) => wanted.every((word) => argv.includes(word));
    if (has(gate)) return [{ pid, role: "gate" }];
    if (!has(inside)) return [];
    const program = basename(argv[0] ?? "");
    return [
      { pid, role: program === "unshare" || program === "sh" ? insideRoles[program] : "node" },
    ];
  });
}

const insideRoles = { unshare: "unshare", sh: "init" } as const;

/** The arguments of a process; none if it is gone, or a zombie. */
export function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").map(fromLatin1);
  } catch {
    return [];
  }
}

function fromLatin1(text: string): string {
  return Buffer.from(text, "latin1").toString();
}

/**
 * Waits until the sandbox has no process left; false if some are there when the time is up. `found` is what there
 * was: the first process of a namespace loses its command line at once when it dies, but stays until the kernel
 * has ended everything in the namespace.
 */
export async function waitForEnd(
  dataDir: string,
  options: { readonly found: readonly SandboxProcess[]; readonly limitMs: number },
): Promise<boolean> {
  const deadline = performance.now() + options.limitMs;
  let left = options.found;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 1.5, 50)) {
    left = [...left.filter(({ pid }) => isAlive(pid)), ...findProcesses(dataDir)];
    if (left.length === 0) return true;
    if (performance.now() > deadline) return false;
    await sleep(pauseMs);
  }
}

/** Whether a process is there and is no zombie: that is one which has ended, and waits for its parent to ask. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Ends whatever a sandbox left running. Returns how many processes that were. */
export async function killProcesses(dataDir: string): Promise<number> {
  const found = findProcesses(dataDir);
  for (const { pid } of found) signalProcess(pid, "SIGKILL");
  if (await waitForEnd(dataDir, { found, limitMs: KILL_WAIT_MS })) return found.length;
  const pids = findProcesses(dataDir).map(({ pid }) => pid);
  throw new SandboxError(
    "STOP_FAILED",
    `Cannot stop the sandbox in "${dataDir}": process ${pids.join(", ")} does not end`,
    { remedy: `ps -o pid,stat,wchan,args -p ${pids.join()}` },
  );
}

/** Sends a signal; a process that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return;
    throw new SandboxError("NOT_PERMITTED", `Cannot stop process ${pid}: it is another user's`, {
      remedy: "Run the command as the user who started the sandbox",
      cause: error,
    });
  }
}
