import assert from "node:assert/strict";
import { test } from "node:test";
import {
  beginProbe,
  endProbe,
  initialProbeState,
  type ProbeKind,
  type ProbeObservation,
  type ProbeOutcome,
} from "./probe-state.ts";

const running = {
  id: "c1",
  state: "running",
  startedAtMs: 1_000,
  started: true,
  mayRestart: true,
} as const;

const usual: ProbeObservation = {
  container: running,
  podFinished: false,
  podTerminating: false,
  initialDelayMs: 0,
  nowMs: 10_000,
};

const begins: readonly {
  readonly name: string;
  readonly kind: ProbeKind;
  readonly observation: Partial<ProbeObservation>;
  readonly action: "probe" | "wait" | "stop";
  readonly result?: string;
}[] = [
  { name: "a running container is probed", kind: "readiness", observation: {}, action: "probe" },
  {
    name: "a finished pod is not probed any more",
    kind: "readiness",
    observation: { podFinished: true },
    action: "stop",
  },
  {
    name: "a container that does not run is not ready",
    kind: "readiness",
    observation: { container: { ...running, state: "waiting" } },
    action: "wait",
    result: "failure",
  },
  {
    name: "a container that will not run again needs no probe",
    kind: "readiness",
    observation: { container: { ...running, state: "terminated", mayRestart: false } },
    action: "stop",
    result: "failure",
  },
  {
    name: "nothing is probed before the initial delay",
    kind: "liveness",
    observation: { initialDelayMs: 9_001 },
    action: "wait",
    result: "success",
  },
  {
    name: "a draining pod is not killed by its liveness probe",
    kind: "liveness",
    observation: { podTerminating: true },
    action: "stop",
    result: "success",
  },
  {
    name: "readiness goes on while a pod drains, so that serving stays true",
    kind: "readiness",
    observation: { podTerminating: true },
    action: "probe",
  },
  {
    name: "before the startup probe has succeeded the others rest",
    kind: "readiness",
    observation: { container: { ...running, started: false } },
    action: "wait",
  },
  {
    name: "the startup probe runs until the container has started",
    kind: "startup",
    observation: { container: { ...running, started: false } },
    action: "probe",
  },
  {
    name: "the startup probe rests after its success",
    kind: "startup",
    observation: {},
    action: "wait",
  },
];

for (const { name, kind, observation, action, result } of begins) {
  test(`beginProbe: ${name}`, () => {
    const step = beginProbe(kind, initialProbeState(kind), { ...usual, ...observation });
    assert.equal(step.action, action);
    if (result !== undefined) assert.equal(step.state.result, result);
  });
}

const thresholds = { successThreshold: 2, failureThreshold: 3 };
const f: ProbeOutcome = "failure";
const s: ProbeOutcome = "success";

const runs: readonly {
  readonly name: string;
  readonly kind: ProbeKind;
  readonly outcomes: readonly ProbeOutcome[];
  readonly want: string;
  readonly onHold?: boolean;
}[] = [
  {
    name: "below the success threshold nothing changes",
    kind: "readiness",
    outcomes: [s],
    want: f,
  },
  { name: "the success threshold makes it ready", kind: "readiness", outcomes: [s, s], want: s },
  { name: "a failure starts the count again", kind: "readiness", outcomes: [s, f, s], want: f },
  {
    name: "two of three failures leave it ready",
    kind: "readiness",
    outcomes: [s, s, f, f],
    want: s,
  },
  { name: "three failures make it unready", kind: "readiness", outcomes: [s, s, f, f, f], want: f },
  {
    name: "a dead container is left alone until the next",
    kind: "liveness",
    outcomes: [f, f, f],
    want: f,
    onHold: true,
  },
];

for (const { name, kind, outcomes, want, onHold = false } of runs) {
  test(`endProbe: ${name}`, () => {
    const end = outcomes.reduce(
      (state, outcome) => endProbe(kind, state, outcome, thresholds),
      initialProbeState(kind, "c1"),
    );
    assert.equal(end.result, want);
    assert.equal(end.onHold, onHold);
  });
}

test("beginProbe: a new container starts from the beginning", () => {
  const dead = { ...initialProbeState("liveness", "c0"), result: f, onHold: true, run: 3 };
  const { state, action } = beginProbe("liveness", dead, usual);
  assert.deepEqual(state, initialProbeState("liveness", "c1"));
  assert.equal(action, "probe");
});
