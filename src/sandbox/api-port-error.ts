import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { describeError, errorCode } from "../lib/errors.ts";
import { shellWord } from "../lib/shell-word.ts";
import { SandboxError } from "./sandbox-error.ts";
import { commandLine } from "./sandbox-processes.ts";

/** Says why the API's port on 127.0.0.1 can not be had: who has it, and what to do about it. */
export function apiPortError(given: {
  readonly error: unknown;
  readonly port: number;
  readonly dataDir: string;
}): SandboxError {
  const { error, port, dataDir } = given;
  const other = `portolan up --data-dir ${shellWord(dataDir)} --api-port ${port >= 1024 && port < 65535 ? port + 1 : 6443}`;
  if (errorCode(error) === "EADDRINUSE") {
    const owner = portOwner(port);
    const sandbox = owner?.argv.find((text) => text.startsWith("--data-dir="))?.slice(11);
    return new SandboxError(
      "API_PORT_IN_USE",
      `Cannot listen on 127.0.0.1:${port}: ${describeOwner(owner, sandbox)}`,
      {
        remedy:
          sandbox === undefined
            ? other
            : `${other}, or portolan down --data-dir ${shellWord(sandbox)}`,
      },
    );
  }
  const isPrivileged = errorCode(error) === "EACCES";
  return new SandboxError(
    isPrivileged ? "API_PORT_REFUSED" : "START_FAILED",
    isPrivileged
      ? `Cannot listen on 127.0.0.1:${port}: ports below 1024 are for root, another port is needed`
      : `Cannot listen on 127.0.0.1:${port}: ${describeError(error)}`,
    { remedy: other },
  );
}

interface Owner {
  readonly pid: number;
  readonly argv: readonly string[];
}

function describeOwner(owner: Owner | undefined, sandbox: string | undefined): string {
  if (owner === undefined) return "another program has the port";
  if (sandbox !== undefined)
    return `the sandbox in "${sandbox}" has the port (process ${owner.pid})`;
  return `process ${owner.pid} (${owner.argv[0] ?? "unknown"}) has the port`;
}

/** The process that listens on a TCP port; undefined if there is none, or it is another user's. */
function portOwner(port: number): Owner | undefined {
  const sockets = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => listeningInodes(path, port)),
  );
  if (sockets.size === 0) return undefined;
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (Number.isInteger(pid) && holdsSocket(pid, sockets)) return { pid, argv: commandLine(pid) };
  }
  return undefined;
}

/** `proc_net_tcp(5)`: the second column is the local address, the fourth the state (0A listens), the tenth the inode. */
function listeningInodes(path: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const columns = line.trim().split(/\s+/);
        const isOurs = columns[1]?.endsWith(`:${wanted}`) === true && columns[3] === "0A";
        return isOurs && columns[9] !== undefined ? [`socket:[${columns[9]}]`] : [];
      });
  } catch {
    return [];
  }
}

function holdsSocket(pid: number, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}
