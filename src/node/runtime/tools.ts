import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "./runtime.ts";

/** Programs of the host that set containers up; all of util-linux but the shell and `env`. */
const names = ["sh", "env", "mount", "nsenter", "setpriv", "setsid"] as const;

/** Their paths on the host, by name. */
export type Tools = Readonly<Record<(typeof names)[number], string>>;

/** Only where the system keeps its own programs: these run with all rights. */
const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

/** Finds the tools; throws a `RuntimeError` that names the missing ones. */
export function findTools(): Tools {
  const found = Object.fromEntries(names.map((name) => [name, findIn(folders, name)]));
  const missing = names.filter((name) => found[name] === undefined);
  if (missing.length > 0) {
    throw new RuntimeError(
      "SANDBOX_FAILED",
      `Cannot run pods: ${missing.join(", ")} not found in ${folders.join(":")}, the package util-linux is needed`,
    );
  }
  const path = (name: (typeof names)[number]) => found[name] ?? name;
  return {
    sh: path("sh"),
    env: path("env"),
    mount: path("mount"),
    nsenter: path("nsenter"),
    setpriv: path("setpriv"),
    setsid: path("setsid"),
  };
}

/** The first executable of that name in the folders; undefined if there is none. */
export function findIn(searched: readonly string[], name: string): string | undefined {
  return searched
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
