import type { Pod } from "../../api/types.ts";
import { WakeUp } from "../lifecycle/wake-up.ts";
import { isSidecar, type Probe } from "../pod-types.ts";
import { askProbe } from "../probes/probe-request.ts";
import {
  beginProbe,
  endProbe,
  initialProbeState,
  type ProbeKind,
  type ProbeResult,
  type ProbeState,
} from "../probes/probe-state.ts";
import type { ContainerSlot } from "./container-slot.ts";
import { type NodeContext, recordContainerEvent } from "./node-context.ts";

/**
 * Pause before a second look at a container that has just started and is not ready yet, in milliseconds; doubled
 * each time. Without it a program that needs 100 ms to listen would be ready only after a whole period. These extra
 * looks only ever find a success earlier: a failure among them is not counted and not told.
 */
const EAGER_PAUSE_MS = 50;

/** A pod as its probes see it. */
export interface ProbedPod {
  readonly object: Pod;
  /** Where it is reached; empty while it has no network. */
  readonly ip: string;
  readonly isFinished: boolean;
  readonly isTerminating: boolean;
}

/** One probe of one container, and who wants to know. */
export interface ProbeRunnerOptions {
  readonly kind: ProbeKind;
  readonly probe: Probe;
  readonly slot: ContainerSlot;
  readonly node: NodeContext;
  /** The pod as it is now. */
  readonly pod: () => ProbedPod;
  readonly signal: AbortSignal;
  /** Called when the published result has changed. */
  readonly onResult: (result: ProbeResult) => void;
}

/** Carries out one probe of one container, for all its lives. */
export class ProbeRunner {
  readonly #options: ProbeRunnerOptions;
  readonly #wakeUp: WakeUp;
  #state: ProbeState;
  #eagerTries = 0;

  constructor(options: ProbeRunnerOptions) {
    this.#options = options;
    this.#wakeUp = new WakeUp(options.node.clock);
    this.#state = initialProbeState(options.kind);
  }

  get slot(): ContainerSlot {
    return this.#options.slot;
  }

  get kind(): ProbeKind {
    return this.#options.kind;
  }

  /** The result for the container's current life. */
  get result(): ProbeResult {
    const { slot, kind } = this.#options;
    const isCurrent = this.#state.containerId === slot.life?.id;
    return isCurrent ? this.#state.result : initialProbeState(kind).result;
  }

  /** The container has started, or its startup probe has succeeded: look now. */
  look(): void {
    this.#eagerTries = 0;
    this.#wakeUp.wake();
  }

  async run(): Promise<void> {
    const { signal } = this.#options;
    for (;;) {
      await this.#wakeUp.next(this.#pauseMs(), signal);
      if (signal.aborted) return;
      const before = this.#state.result;
      const goesOn = await this.#tick();
      if (this.#state.result !== before) this.#options.onResult(this.#state.result);
      if (!goesOn) return;
    }
  }

  /** The period; or less: until the initial delay is over, or while the container is expected any moment. */
  #pauseMs(): number {
    const { kind, probe, slot, node } = this.#options;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    const startedAtMs = slot.life?.startedAtMs;
    if (startedAtMs === undefined) return periodMs;
    const delayLeftMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000 - node.clock.now();
    if (delayLeftMs > 0) return Math.min(periodMs, delayLeftMs);
    if (this.#isEager(kind)) return Math.min(periodMs, EAGER_PAUSE_MS * 2 ** this.#eagerTries);
    return periodMs;
  }

  #isEager(kind: ProbeKind): boolean {
    return kind === "readiness" && this.#state.lastOutcome === undefined && this.#eagerTries > 0;
  }

  async #tick(): Promise<boolean> {
    const { kind, probe, slot, node } = this.#options;
    const { life } = slot;
    const pod = this.#options.pod();
    const step = beginProbe(kind, this.#state, {
      ...(life === undefined
        ? {}
        : {
            container: {
              id: life.id,
              state: slot.phase.type === "running" ? "running" : "waiting",
              startedAtMs: life.startedAtMs,
              started: slot.isStarted,
              mayRestart: isSidecar(slot.spec) || pod.object.spec?.restartPolicy !== "Never",
            },
          }),
      podFinished: pod.isFinished,
      podTerminating: pod.isTerminating,
      initialDelayMs: (probe.initialDelaySeconds ?? 0) * 1000,
      nowMs: node.clock.now(),
    });
    this.#state = step.state;
    if (step.action !== "probe" || life === undefined) return step.action !== "stop";

    const answer = await askProbe(
      probe,
      { container: slot.spec, running: life, podIp: pod.ip, sockets: node.sockets },
      (probe.timeoutSeconds ?? 1) * 1000,
    );
    // The container may have ended meanwhile: then the answer is about nobody.
    if (slot.life?.id !== life.id) return true;
    if (!answer.isSuccess && this.#mayLookAgain()) return true;
    if (!answer.isSuccess) this.#tell(pod.object, "failed", answer.output);
    else if (answer.isDoubtful === true) this.#tell(pod.object, "warning", answer.output);
    const { successThreshold = 1, failureThreshold = 3 } = probe;
    const outcome = answer.isSuccess ? "success" : "failure";
    this.#state = endProbe(kind, this.#state, outcome, { successThreshold, failureThreshold });
    return true;
  }

  /** Within the first period after the start a readiness probe looks again soon. */
  #mayLookAgain(): boolean {
    const { kind, probe } = this.#options;
    if (kind !== "readiness" || this.#state.lastOutcome !== undefined) return false;
    const periodMs = (probe.periodSeconds ?? 10) * 1000;
    if (EAGER_PAUSE_MS * 2 ** (this.#eagerTries + 1) >= periodMs) {
      this.#eagerTries = 0;
      return false;
    }
    this.#eagerTries++;
    return true;
  }

  #tell(pod: Pod, verdict: "failed" | "warning", output: string): void {
    const { kind, slot, node } = this.#options;
    const name = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
    recordContainerEvent(node, pod, slot.spec, {
      type: "Warning",
      reason: verdict === "failed" ? "Unhealthy" : "ProbeWarning",
      message: `${name} probe ${verdict}: ${output}`,
    });
  }
}
