import type { ContainerStatus } from "../../api/types.ts";
import type { ContainerView } from "../lifecycle/container-plan.ts";
import type { BackoffEntry } from "../lifecycle/restart-backoff.ts";
import { type Container, isSidecar } from "../pod-types.ts";
import type { ContainerLog } from "../runtime/container-log.ts";
import type { RunningContainer } from "../runtime/runtime.ts";
import type { ContainerRecord, Termination } from "../status/container-status.ts";

/** What container ids begin with, as `containerd://` elsewhere. */
export const CONTAINER_ID_SCHEME = "portolan://";

/** Why a container is not started yet. */
export interface Waiting {
  readonly reason: string;
  readonly message?: string;
}

type Phase =
  | { readonly type: "new" }
  | { readonly type: "starting"; readonly life: RunningContainer }
  | { readonly type: "running"; readonly life: RunningContainer }
  | { readonly type: "exited"; readonly end: Termination };

/** One container of a pod through all its lives. */
export class ContainerSlot {
  readonly spec: Container;
  readonly isInit: boolean;
  phase: Phase = { type: "new" };
  waiting: Waiting | undefined;
  lastEnd: Termination | undefined;
  backoff: BackoffEntry | undefined;
  /** A start that could not be tried is tried again at this time, in epoch milliseconds. */
  notBeforeMs = 0;
  /** Set-ups in a row that have failed. */
  failures = 0;
  /** Of the current or last life. */
  log: ContainerLog | undefined;
  imageId = "";
  containerId = "";
  restartCount = 0;
  /** Probe results of the current life. */
  isReady = false;
  isStarted = false;
  /** Since when the container is being stopped, so that it is done once. */
  isStopping = false;
  constructor(spec: Container, isInit: boolean) {
    this.spec = spec;
    this.isInit = isInit;
  }

  get name(): string {
    return this.spec.name;
  }

  get life(): RunningContainer | undefined {
    const { phase } = this;
    return phase.type === "running" || phase.type === "starting" ? phase.life : undefined;
  }

  /** A new life has begun; its postStart hook may still be under way. */
  begin(life: RunningContainer, log: ContainerLog, imageId: string): void {
    if (this.containerId !== "") this.restartCount++;
    if (this.phase.type === "exited") this.lastEnd = this.phase.end;
    this.phase = { type: "starting", life };
    this.containerId = `${CONTAINER_ID_SCHEME}${life.id}`;
    this.imageId = imageId;
    this.log = log;
    this.waiting = undefined;
    this.failures = 0;
    this.isReady = false;
    this.isStarted = false;
    this.isStopping = false;
  }

  /** The container runs and its postStart hook has ended. */
  confirm(life: RunningContainer): void {
    if (this.phase.type === "starting" && this.phase.life === life) {
      this.phase = { type: "running", life };
    }
  }

  end(end: Termination): void {
    this.phase = { type: "exited", end };
    // Done is as ready as an init container gets.
    this.isReady = this.isInit && !isSidecar(this.spec) && end.exitCode === 0;
    this.isStarted = false;
  }

  /** A start that failed counts as a life that ended at once. */
  failStart(end: Termination): void {
    if (this.containerId !== "") this.restartCount++;
    if (this.phase.type === "exited") this.lastEnd = this.phase.end;
    this.containerId = end.containerId;
    this.phase = { type: "exited", end };
    this.waiting = undefined;
  }

  /**
   * Takes over from an agent that is gone, and with it all its processes: what ran has ended now, in an unknown way.
   * Its next start counts as a restart.
   */
  adopt(status: ContainerStatus, nowMs: number): void {
    this.restartCount = status.restartCount ?? 0;
    this.containerId = status.containerID ?? "";
    this.imageId = status.imageID ?? "";
    const lastEnd = status.lastState?.terminated;
    if (lastEnd !== undefined) this.lastEnd = terminationOf(lastEnd, nowMs);
    if (status.state?.terminated !== undefined) {
      this.phase = { type: "exited", end: terminationOf(status.state.terminated, nowMs) };
    } else if (status.state?.running !== undefined) {
      const startedAtMs = Date.parse(status.state.running.startedAt ?? "") || nowMs;
      const end = { exitCode: 255, reason: "Unknown", startedAtMs, finishedAtMs: nowMs };
      this.phase = { type: "exited", end: { ...end, containerId: this.containerId } };
    }
  }

  /** Forgets how it ended: in new namespaces of its pod it has to run again. */
  renew(): void {
    if (this.phase.type !== "exited") return;
    this.lastEnd = this.phase.end;
    this.phase = { type: "new" };
  }

  view(): ContainerView {
    const { phase, name, backoff } = this;
    const remembered = backoff === undefined ? {} : { backoff };
    switch (phase.type) {
      case "new":
        return { name, state: { type: "new" } };
      case "starting":
        return { name, state: { type: "running", started: false }, ...remembered };
      case "running":
        return { name, state: { type: "running", started: this.isStarted }, ...remembered };
      case "exited": {
        const { exitCode, finishedAtMs } = phase.end;
        return { name, state: { type: "exited", exitCode, finishedAtMs }, ...remembered };
      }
    }
  }

  /** For the status; `idle` is why a container waits that nothing else is known of. */
  record(idle: string): ContainerRecord {
    const base = {
      name: this.name,
      image: this.spec.image ?? "",
      imageId: this.imageId,
      containerId: this.containerId,
      restartCount: this.restartCount,
      ready: this.isReady,
      started: this.isStarted,
    };
    const { phase, waiting } = this;
    const before = this.lastEnd === undefined ? {} : { lastEnd: this.lastEnd };
    if (phase.type === "running") {
      const { startedAtMs } = phase.life;
      return { ...base, ...before, phase: { type: "running", startedAtMs } };
    }
    if (phase.type === "exited") {
      if (waiting === undefined) {
        return { ...base, ...before, phase: { type: "terminated", end: phase.end } };
      }
      return { ...base, lastEnd: phase.end, phase: { type: "waiting", ...waiting } };
    }
    return { ...base, ...before, phase: { type: "waiting", ...(waiting ?? { reason: idle }) } };
  }
}

type TerminatedStatus = NonNullable<NonNullable<ContainerStatus["state"]>["terminated"]>;

function terminationOf(status: TerminatedStatus, nowMs: number): Termination {
  const startedAtMs = Date.parse(status.startedAt ?? "");
  return {
    exitCode: status.exitCode,
    ...(status.signal === undefined ? {} : { signal: status.signal }),
    reason: status.reason ?? "",
    ...(status.message === undefined ? {} : { message: status.message }),
    ...(Number.isNaN(startedAtMs) ? {} : { startedAtMs }),
    finishedAtMs: Date.parse(status.finishedAt ?? "") || nowMs,
    containerId: status.containerID ?? "",
  };
}
