/** What a probe is for. */
export type ProbeKind = "readiness" | "liveness" | "startup";

/** What one try found. */
export type ProbeOutcome = "success" | "failure";

/** The published result: what the rest of the agent goes by. */
export type ProbeResult = ProbeOutcome | "unknown";

/** What a probe remembers of one container. */
export interface ProbeState {
  /** The container that the counters belong to; undefined before the first. */
  readonly containerId?: string;
  readonly result: ProbeResult;
  readonly lastOutcome?: ProbeOutcome;
  /** Equal outcomes in a row. */
  readonly run: number;
  /** A failed liveness or startup probe rests until there is a new container. */
  readonly onHold: boolean;
}

/** How many equal outcomes in a row make a result. */
export interface ProbeThresholds {
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

/** What a probe sees of its container when its period has passed. */
export interface ProbeObservation {
  /** Absent while there is no container yet. */
  readonly container?: {
    readonly id: string;
    readonly state: "waiting" | "running" | "terminated";
    readonly startedAtMs: number;
    /** Whether its startup probe, if it has one, has succeeded. */
    readonly started: boolean;
    /** Whether the pod's restart policy gives it another life. */
    readonly mayRestart: boolean;
  };
  readonly podFinished: boolean;
  readonly podTerminating: boolean;
  readonly initialDelayMs: number;
  readonly nowMs: number;
}

/** `probe`: try now. `wait`: nothing to do this period. `stop`: never again. */
export interface ProbeStep {
  readonly state: ProbeState;
  readonly action: "probe" | "wait" | "stop";
}

/** The state before any container: nothing is ready before it was probed, nothing is dead before it was. */
export function initialProbeState(kind: ProbeKind, containerId?: string): ProbeState {
  const result = { readiness: "failure", liveness: "success", startup: "unknown" } as const;
  return {
    result: result[kind],
    run: 0,
    onHold: false,
    ...(containerId === undefined ? {} : { containerId }),
  };
}

/** Decides what a probe does at a tick, by the order of the kubelet's prober worker. */
export function beginProbe(
  kind: ProbeKind,
  before: ProbeState,
  observation: ProbeObservation,
): ProbeStep {
  const { container, nowMs } = observation;
  if (observation.podFinished) return { state: before, action: "stop" };
  if (container === undefined) return { state: before, action: "wait" };

  const isNew = container.id !== before.containerId;
  const state = isNew ? initialProbeState(kind, container.id) : before;
  if (state.onHold) return { state, action: "wait" };
  if (container.state !== "running") {
    const isOver = container.state === "terminated" && !container.mayRestart;
    return { state: { ...state, result: "failure" }, action: isOver ? "stop" : "wait" };
  }
  // A draining pod must not be killed before its time; readiness goes on, so that `serving` stays true.
  if (observation.podTerminating && kind !== "readiness") {
    return { state: { ...state, result: "success" }, action: "stop" };
  }
  if (nowMs - container.startedAtMs < observation.initialDelayMs) return { state, action: "wait" };
  const isDue = (kind === "startup") !== container.started;
  return { state, action: isDue ? "probe" : "wait" };
}

/** Counts one outcome; below its threshold the old result stands. */
export function endProbe(
  kind: ProbeKind,
  state: ProbeState,
  outcome: ProbeOutcome,
  thresholds: ProbeThresholds,
): ProbeState {
  const run = state.lastOutcome === outcome ? state.run + 1 : 1;
  const counted = { ...state, lastOutcome: outcome, run };
  const needed = outcome === "success" ? thresholds.successThreshold : thresholds.failureThreshold;
  if (run < needed) return counted;
  const kills = outcome === "failure" && kind !== "readiness";
  return { ...counted, result: outcome, ...(kills ? { onHold: true, run: 0 } : {}) };
}
