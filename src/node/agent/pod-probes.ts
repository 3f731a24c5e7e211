import { isSidecar } from "../pod-types.ts";
import type { ProbeKind, ProbeResult } from "../probes/probe-state.ts";
import type { ContainerSlot } from "./container-slot.ts";
import type { NodeContext } from "./node-context.ts";
import { type ProbedPod, ProbeRunner } from "./probe-runner.ts";

/** The containers to probe, and who wants to know. */
export interface PodProbesOptions {
  readonly node: NodeContext;
  readonly slots: readonly ContainerSlot[];
  /** The pod as it is now. */
  readonly pod: () => ProbedPod;
  /** Ends all probes. */
  readonly signal: AbortSignal;
  /** A result has changed. */
  readonly wake: () => void;
  /** A liveness or startup probe has failed for good: the container must go. */
  readonly kill: (slot: ContainerSlot, graceMs: number, message: string) => void;
}

/** All probes of one pod, and what their results make of its containers. */
export class PodProbes {
  readonly #options: PodProbesOptions;
  readonly #runners: readonly ProbeRunner[];

  constructor(options: PodProbesOptions) {
    this.#options = options;
    this.#runners = options.slots.flatMap((slot) => this.#runnersOf(slot));
  }

  /** Probes until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all(this.#runners.map((runner) => runner.run()));
  }

  /** Sets what was found in the containers; before each plan and each status. */
  refresh(): void {
    for (const slot of this.#options.slots) {
      if (slot.phase.type !== "running") continue;
      const wasStarted = slot.isStarted;
      slot.isStarted = this.#result(slot, "startup") === "success";
      slot.isReady =
        mayBeProbed(slot) && slot.isStarted && this.#result(slot, "readiness") === "success";
      if (slot.isStarted && !wasStarted) this.lookAt(slot);
    }
  }

  /** Probes a container now instead of at the end of its period. */
  lookAt(slot: ContainerSlot): void {
    for (const runner of this.#runners) if (runner.slot === slot) runner.look();
  }

  /** Nothing is asked where there is no probe, so nothing fails. */
  #result(slot: ContainerSlot, kind: ProbeKind): ProbeResult {
    const runner = this.#runners.find((each) => each.slot === slot && each.kind === kind);
    return runner?.result ?? "success";
  }

  #runnersOf(slot: ContainerSlot): ProbeRunner[] {
    if (!mayBeProbed(slot)) return [];
    const { startupProbe, livenessProbe, readinessProbe } = slot.spec;
    const kinds = [
      { kind: "startup", probe: startupProbe },
      { kind: "liveness", probe: livenessProbe },
      { kind: "readiness", probe: readinessProbe },
    ] as const;
    return kinds.flatMap(({ kind, probe }) => {
      if (probe === undefined) return [];
      const { node, pod, signal, wake, kill } = this.#options;
      const onResult = (result: ProbeResult) => {
        if (result === "failure" && kind !== "readiness" && slot.phase.type === "running") {
          const { terminationGracePeriodSeconds: podSeconds = 30 } = pod().object.spec ?? {};
          const graceMs = (probe.terminationGracePeriodSeconds ?? podSeconds) * 1000;
          kill(slot, graceMs, `Container ${slot.name} failed ${kind} probe, will be restarted`);
        }
        wake();
      };
      return [new ProbeRunner({ kind, probe, slot, node, signal, pod, onResult })];
    });
  }
}

/** An ordinary init container has no probes and is never ready while it runs: its success is its end. */
function mayBeProbed(slot: ContainerSlot): boolean {
  return !slot.isInit || isSidecar(slot.spec);
}
