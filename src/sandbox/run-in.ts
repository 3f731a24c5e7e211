import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { shellWord } from "../lib/shell-word.ts";
import { canonicalDataDir, dataDirPaths, readState } from "./data-dir.ts";
import { namespaceDir } from "./fabric-paths.ts";
import { systemPath } from "./preflight.ts";
import { SandboxError } from "./sandbox-error.ts";
import { findProcesses } from "./sandbox-processes.ts";

export interface RunInOptions {
  readonly dataDir: string | undefined;
  /** A node such as `node-1`, or `client`. */
  readonly where: string;
  readonly argv: readonly string[];
}

/**
 * Runs a command on a sandbox node, or on the client outside the cluster, with the caller's terminal, and returns
 * its exit code (128 + the signal's number if one ended it). It lives in the sandbox's process namespace too, so
 * it ends with the sandbox. Works for the user who started the sandbox.
 */
export async function runIn(options: RunInOptions): Promise<number> {
  const { where, argv } = options;
  const dataDir = canonicalDataDir(options.dataDir);
  const inside = findProcesses(dataDir).find(({ role }) => role === "node");
  if (inside === undefined) {
    throw new SandboxError(
      "NOT_RUNNING",
      `Cannot run a command on "${where}": no sandbox runs in "${dataDir}"`,
      {
        remedy: `portolan up --detach --data-dir ${shellWord(dataDir)}`,
      },
    );
  }
  const net = namespacePath({ dataDir, where, pid: inside.pid });
  const own = ["--mount", "--pid", "--ipc", `--net=${net}`];
  const user = process.getuid?.() === 0 ? [] : ["--user", "--preserve-credentials"];
  return exitCodeOf([
    // Ctrl-C at the terminal is for the command alone: nsenter waits for it, and must not die of it.
    ...["sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh"],
    ...["nsenter", `--target=${inside.pid}`, ...user, ...own, "--"],
    ...["env", "--default-signal=INT,QUIT"],
    // The command ends when nsenter does, which no signal of ours can pass over.
    ...["setpriv", "--pdeathsig", "TERM"],
    ...["sh", "-c", START, process.cwd(), ...argv],
  ]);
}

/**
 * A change of the mount namespace moves to its root; the caller's folder ($0) is there as well, by the same name. What is
 * no program is said in the words of a shell.
 */
const START = `cd "$0" 2>/dev/null
command -v "$1" >/dev/null || { echo "portolan run: $1: command not found" >&2; exit 127; }
exec "$@"`;

/** The namespace's pin lies in a mount namespace, so it is reached through a process that lives there. */
function namespacePath(given: {
  readonly dataDir: string;
  readonly where: string;
  readonly pid: number;
}): string {
  const { dataDir, where, pid } = given;
  const root = `/proc/${pid}/root`;
  if (!existsSync(root)) {
    throw new SandboxError(
      "NOT_PERMITTED",
      `Cannot enter the sandbox in "${dataDir}": it is another user's`,
      {
        remedy: "Run the command as the user who started the sandbox",
      },
    );
  }
  const names = [...(readState(dataDir)?.nodes ?? []), "client"];
  const path = join(root, namespaceDir(dataDirPaths(dataDir).runtime), where);
  if (names.includes(where) && existsSync(path)) return path;
  throw new SandboxError(
    "NO_SUCH_NODE",
    `Cannot run a command on "${where}": there is no such node`,
    {
      remedy: `Choose one of: ${names.join(", ")}`,
    },
  );
}

function exitCodeOf([program = "", ...args]: readonly string[]): Promise<number> {
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...process.env, PATH: systemPath() },
  });
  const end = () => void child.kill("SIGTERM");
  // At a terminal the command has this one already, and decides itself.
  const interrupt = () => {
    if (process.stdin.isTTY !== true) end();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", end).on("SIGHUP", end);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      process.off("SIGINT", interrupt).off("SIGTERM", end).off("SIGHUP", end);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
