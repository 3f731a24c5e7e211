import { accessSync, constants } from "node:fs";
import { type } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { SandboxError } from "./sandbox-error.ts";

/** The programs that a sandbox calls, and the Debian package of each. */
const tools: Readonly<Record<string, string>> = {
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  mount: "mount",
  nft: "nftables",
  ip: "iproute2",
};

/** Where system programs lie that an ordinary user's PATH may lack. */
const systemFolders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/** PATH with the folders of system programs at its end. */
export function systemPath(env: NodeJS.ProcessEnv = process.env): string {
  const own = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return [...new Set([...own, ...systemFolders])].join(delimiter);
}

/** Throws when this machine lacks what a sandbox needs, naming all of it and the command that installs it. */
export function checkMachine(path = systemPath()): void {
  if (type() !== "Linux") {
    throw new SandboxError(
      "NOT_LINUX",
      `Cannot start a sandbox: this is ${type()}, Linux is needed`,
      {
        remedy: "Run it in a Linux virtual machine",
      },
    );
  }
  const folders = path.split(delimiter);
  const missing = Object.keys(tools).filter(
    (tool) => !folders.some((at) => isProgram(join(at, tool))),
  );
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => tools[tool]))].join(" ");
  throw new SandboxError(
    "TOOL_MISSING",
    `Cannot start a sandbox: ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} missing`,
    { remedy: `sudo apt-get install -y ${packages}` },
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
