import { canonicalDataDir, readState, type SandboxState } from "./data-dir.ts";
import { findProcesses } from "./sandbox-processes.ts";

/** What there is of a sandbox. */
export interface SandboxStatus {
  readonly dataDir: string;
  /**
   * `starting`: not every node has been Ready yet. `broken`: a part was killed; `down`, or a new `up`, mends it.
   */
  readonly phase: "stopped" | "starting" | "running" | "broken";
  /** What it said when it started; absent when nothing runs. */
  readonly state: SandboxState | undefined;
  readonly pids: readonly number[];
}

/** Looks at the process table; asks the cluster nothing. */
export function status(dataDir: string | undefined): SandboxStatus {
  const path = canonicalDataDir(dataDir);
  const found = findProcesses(path);
  const state = readState(path);
  const hasGate = found.some(({ role }) => role === "gate");
  const hasNode = found.some(({ role }) => role === "node");
  const phase = () => {
    if (found.length === 0) return state === undefined ? "stopped" : "broken";
    // Another user's sandbox shows its processes, not its state.
    if (hasGate && hasNode) return state?.isReady === false ? "starting" : "running";
    return hasGate && state?.isReady !== true ? "starting" : "broken";
  };
  return { dataDir: path, phase: phase(), state, pids: found.map(({ pid }) => pid) };
}
