import { readFileSync, writeFileSync } from "node:fs";
import { errorCode, PortolanError } from "../lib/errors.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

/**
 * Writes settings under `net.` inside a namespace, in the order given; keys are paths below `/proc/sys/net`,
 * such as `ipv4/ip_forward`. A setting that this kernel does not have is passed over, and returned.
 */
export function writeSysctls(
  namespace: Pick<NetworkNamespace, "run">,
  settings: Readonly<Record<string, string | number>>,
): string[] {
  return namespace.run(() =>
    Object.entries(settings).flatMap(([key, value]) => {
      try {
        writeFileSync(`/proc/sys/net/${key}`, `${value}\n`);
        return [];
      } catch (error) {
        if (errorCode(error) === "ENOENT") return [key];
        throw new PortolanError(
          errorCode(error) ?? "SYSCTL",
          `Cannot set "net/${key}" to ${value}: the kernel refused it`,
          { cause: error },
        );
      }
    }),
  );
}

/** Reads one setting inside a namespace, without the line's end; undefined if this kernel does not have it. */
export function readSysctl(
  namespace: Pick<NetworkNamespace, "run">,
  key: string,
): string | undefined {
  return namespace.run(() => {
    try {
      return readFileSync(`/proc/sys/net/${key}`, "utf8").trimEnd();
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  });
}
