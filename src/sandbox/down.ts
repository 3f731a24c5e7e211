import { rmdirSync } from "node:fs";
import { canonicalDataDir, dataDirPaths, writeState } from "./data-dir.ts";
import { findProcesses, killProcesses, signalProcess, waitForEnd } from "./sandbox-processes.ts";

/** How long a sandbox may take to end by itself: what its gate allows, and a little. */
const END_LIMIT_MS = 12_000;

/**
 * Ends the sandbox of a data directory and waits until nothing of it is left; the data stay. It needs nothing but
 * the process table, so it mends what a kill -9 of any part left. False if there was nothing to end.
 */
export async function down(dataDir: string | undefined): Promise<boolean> {
  const path = canonicalDataDir(dataDir);
  const found = findProcesses(path);
  const gate = found.find(({ role }) => role === "gate");
  if (gate !== undefined) {
    signalProcess(gate.pid, "SIGTERM");
    await waitForEnd(path, { found, limitMs: END_LIMIT_MS });
  }
  await killProcesses(path);
  removeTraces(path);
  return found.length > 0;
}

/** The state file speaks of a running sandbox, and the mount point of its memory is empty on the host. */
function removeTraces(dataDir: string): void {
  try {
    writeState(dataDir, undefined);
    rmdirSync(dataDirPaths(dataDir).runtime);
  } catch {
    // There never was a sandbox here, or somebody keeps files of his own there.
  }
}
