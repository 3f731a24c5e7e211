import { rmSync } from "node:fs";
import { join } from "node:path";
import { pods } from "../../api/resource.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import type { Pod } from "../../api/types.ts";
import { describeError, errorCode } from "../../lib/errors.ts";
import { planContainers } from "../lifecycle/container-plan.ts";
import { Deadline } from "../lifecycle/deadline.ts";
import { WakeUp } from "../lifecycle/wake-up.ts";
import { type Container, describePod, isSidecar } from "../pod-types.ts";
import { type PodStatusJson, podStatus } from "../status/pod-status.ts";
import { ContainerSlot } from "./container-slot.ts";
import { ContainerStarter } from "./container-starter.ts";
import { type NodeContext, recordContainerEvent } from "./node-context.ts";
import { type PodGround, prepareGround, refreshVolumes } from "./pod-ground.ts";
import { ProbeRunner } from "./probe-runner.ts";
import { StatusWriter } from "./status-writer.ts";
import { stopContainer } from "./stop-container.ts";

/** Longest time without a look at the pod, in milliseconds. */
const RESYNC_MS = 60_000;

/** Pause after a failure that has nothing to do with the pod, such as the API being away, in milliseconds. */
const RETRY_MS = 1_000;

/** Pause before another try to make namespaces or volumes, in milliseconds. */
const SET_UP_RETRY_MS = 2_000;

/** Grace of a pod whose object is gone already, in milliseconds. */
const REMOVED_GRACE_MS = 1_000;

/**
 * Drives one pod of this node from its object to its end: namespaces, containers, probes, status.
 *
 * ```
 *  object ─► #sync ─► no namespaces? make them ─► plan ─► start containers ─► status
 *              ▲                                             │
 *              └── woken by: object, exit, probe, time ◄─────┘
 *  deleted ─► #end: hooks, SIGTERM, SIGKILL ─► last status ─► DELETE with grace 0
 * ```
 */
export class PodWorker {
  readonly #node: NodeContext;
  readonly #wakeUp: WakeUp;
  readonly #writer: StatusWriter;
  readonly #slots: readonly ContainerSlot[];
  readonly #probes: readonly ProbeRunner[];
  readonly #dir: string;
  readonly #startedAtMs: number;
  readonly #starter: ContainerStarter;
  /** Aborts when the worker's work is done. */
  readonly #done = new AbortController();
  readonly #signal: AbortSignal;
  #pod: Pod;
  #ground: PodGround | undefined;
  #isRemoved = false;
  /** Set once the pod is being deleted. */
  #ending: Deadline | undefined;
  #isEnded = false;
  #isFinished = false;
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #nextMs = RESYNC_MS;
  #volumesAtMs = 0;

  constructor(pod: Pod, node: NodeContext) {
    this.#pod = pod;
    this.#node = node;
    this.#wakeUp = new WakeUp(node.clock);
    this.#writer = new StatusWriter(node.api);
    this.#dir = join(node.podsDir, pod.metadata.uid ?? "");
    this.#startedAtMs = node.clock.now();
    this.#signal = AbortSignal.any([node.signal, this.#done.signal]);
    const slot = (isInit: boolean) => (spec: Container) => new ContainerSlot(spec, isInit);
    this.#slots = [
      ...(pod.spec?.initContainers ?? []).map(slot(true)),
      ...(pod.spec?.containers ?? []).map(slot(false)),
    ];
    this.#adopt();
    this.#starter = new ContainerStarter({
      node,
      dir: this.#dir,
      pod: () => this.#pod,
      isEnding: () => this.#ending !== undefined || this.#isFinished,
      wake: () => this.#wakeUp.wake(),
      onRunning: (each) => this.#lookAt(each),
      onHookFailed: (each) => this.#stop(each, this.#graceSeconds * 1000, "FailedPostStartHook"),
    });
    this.#probes = this.#slots.flatMap((each) => this.#probesOf(each));
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** A container by name; the only one if no name is given. */
  container(name?: string): ContainerSlot | undefined {
    if (name !== undefined) return this.#slots.find((slot) => slot.name === name);
    return this.#slots.find((slot) => !slot.isInit);
  }

  /** The log file of the current or last life of a container, or of the last one that has ended before. */
  logPath(slot: ContainerSlot, which: "current" | "previous"): string | undefined {
    if (slot.containerId === "") return undefined;
    const { restartCount: attempt } = slot;
    // Between two lives the last one is the previous one, too.
    const isBetween = slot.phase.type === "new" || slot.waiting !== undefined;
    if (which === "current" || isBetween) return this.#starter.logFile(slot, attempt);
    return attempt === 0 ? undefined : this.#starter.logFile(slot, attempt - 1);
  }

  /** The API's object has changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    this.#writer.observe(pod);
    this.#wakeUp.wake();
  }

  /** The API's object is gone: what still runs has no right to. */
  remove(): void {
    this.#isRemoved = true;
    this.#wakeUp.wake();
  }

  /** Works until the pod is gone, or the agent stops. */
  async run(): Promise<void> {
    const probes = this.#probes.map((probe) => probe.run());
    while (!this.#signal.aborted) {
      await this.#wakeUp.next(this.#nextMs, this.#signal);
      if (this.#signal.aborted) break;
      this.#nextMs = RESYNC_MS;
      try {
        await this.#sync();
      } catch (error) {
        if (this.#signal.aborted) break;
        this.#nextMs = RETRY_MS;
        const pod = describePod(this.#pod);
        this.#node.log.warn("Could not bring a pod up to date", {
          pod,
          error: describeError(error),
        });
      }
    }
    this.#done.abort();
    await Promise.all(probes);
    await this.#ground?.network[Symbol.asyncDispose]();
    if (this.#isRemoved) rmSync(this.#dir, { recursive: true, force: true });
  }

  async #sync(): Promise<void> {
    const { metadata } = this.#pod;
    if (this.#isRemoved || metadata.deletionTimestamp !== undefined) {
      const seconds = metadata.deletionGracePeriodSeconds;
      this.#beginEnd(this.#isRemoved ? REMOVED_GRACE_MS : (seconds ?? this.#graceSeconds) * 1000);
      this.#refreshProbes();
      if (!this.#isEnded) await this.#writeStatus();
      else if (this.#isRemoved) this.#done.abort();
      else await this.#finalize();
      return;
    }
    const isOver = this.#pod.status?.phase === "Succeeded" || this.#pod.status?.phase === "Failed";
    if (isOver && this.#ground === undefined) return;
    if (!this.#isFinished) await this.#runContainers();
    this.#refreshProbes();
    await this.#writeStatus();
  }

  async #runContainers(): Promise<void> {
    const spec = this.#pod.spec ?? { containers: [] };
    if (this.#isPastDeadline()) return this.#finish();
    const ground = await this.#prepare();
    if (ground === undefined) return;
    this.#refreshProbes();
    const nowMs = this.#node.clock.now();
    const views = new Map(this.#slots.map((slot) => [slot.name, slot.view()]));
    const plan = planContainers({ spec, views, nowMs });
    for (const { name, remainingMs, pauseMs } of plan.wait) {
      this.#sleepAtMost(remainingMs);
      this.#tellBackoff(name, pauseMs);
    }
    for (const { name, backoff } of plan.start) {
      const slot = this.container(name);
      if (slot === undefined) continue;
      const waitMs = this.#starter.start({
        slot,
        ground,
        ...(backoff === undefined ? {} : { backoff }),
      });
      if (waitMs !== undefined) this.#sleepAtMost(waitMs);
    }
    if (plan.isFinished) await this.#finish();
  }

  /** Nothing will run again: what is left (sidecars, or everything at a deadline) is ended, the network given back. */
  async #finish(): Promise<void> {
    this.#isFinished = true;
    const deadline = new Deadline(this.#node.clock, this.#graceSeconds * 1000);
    await this.#stopAll(deadline);
    const ground = this.#ground;
    this.#ground = undefined;
    await ground?.network[Symbol.asyncDispose]();
    this.#refreshProbes();
  }

  #isPastDeadline(): boolean {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return false;
    const since = Date.parse(this.#pod.status?.startTime ?? "") || this.#startedAtMs;
    const leftMs = since + seconds * 1000 - this.#node.clock.now();
    if (leftMs > 0) {
      this.#sleepAtMost(leftMs);
      return false;
    }
    const message = "Pod was active on the node longer than the specified deadline";
    this.#failure = { reason: "DeadlineExceeded", message };
    const note = { type: "Normal", reason: "DeadlineExceeded", message } as const;
    this.#node.events.record(this.#pod, note);
    return true;
  }

  /** Undefined when it can not be had yet, which is told. */
  async #prepare(): Promise<PodGround | undefined> {
    if (this.#ground !== undefined) {
      await this.#refreshVolumes(this.#ground);
      return this.#ground;
    }
    this.#volumesAtMs = this.#node.clock.monotonicMs();
    try {
      this.#ground = await prepareGround(this.#pod, this.#dir, this.#node);
      return this.#ground;
    } catch (error) {
      this.#sleepAtMost(SET_UP_RETRY_MS);
      const isSandbox = errorCode(error) === "SANDBOX_FAILED";
      const message = describeError(error);
      this.#node.events.record(this.#pod, {
        type: "Warning",
        reason: isSandbox ? "FailedCreatePodSandBox" : "FailedMount",
        message: isSandbox ? `Failed to create pod sandbox: ${message}` : message,
      });
      return undefined;
    }
  }

  /** ConfigMaps and Secrets are looked at again as often as the kubelet does by default. */
  async #refreshVolumes(ground: PodGround): Promise<void> {
    const nowMs = this.#node.clock.monotonicMs();
    if (nowMs - this.#volumesAtMs < RESYNC_MS) return;
    this.#volumesAtMs = nowMs;
    try {
      await refreshVolumes(this.#pod, this.#dir, this.#node, ground);
    } catch (error) {
      const message = describeError(error);
      this.#node.events.record(this.#pod, { type: "Warning", reason: "FailedMount", message });
    }
  }

  #beginEnd(graceMs: number): void {
    if (this.#ending !== undefined) {
      this.#ending.shorten(graceMs);
      return;
    }
    this.#ending = new Deadline(this.#node.clock, graceMs);
    void this.#stopAll(this.#ending).then(() => {
      this.#isEnded = true;
      this.#wakeUp.wake();
    });
  }

  /** Ordinary containers all at once; then sidecars one by one, the last started first (KEP-753). */
  async #stopAll(deadline: Deadline): Promise<void> {
    const stop = (slot: ContainerSlot) =>
      this.#stopBy(slot, deadline, `Stopping container ${slot.name}`);
    const isLate = (slot: ContainerSlot) => slot.isInit && isSidecar(slot.spec);
    await Promise.all(this.#slots.filter((slot) => !isLate(slot)).map(stop));
    for (const slot of this.#slots.filter(isLate).toReversed()) await stop(slot);
  }

  #stop(slot: ContainerSlot, graceMs: number, message: string): Promise<void> {
    return this.#stopBy(slot, new Deadline(this.#node.clock, graceMs), message);
  }

  #stopBy(slot: ContainerSlot, deadline: Deadline, message: string): Promise<void> {
    const podIp = this.#ground?.network.ips[0] ?? "";
    return stopContainer({ pod: this.#pod, podIp, node: this.#node, slot, deadline, message });
  }

  /** All containers of a deleted pod have ended: the last status, then the object goes. */
  async #finalize(): Promise<void> {
    const ground = this.#ground;
    this.#ground = undefined;
    await ground?.network[Symbol.asyncDispose]();
    await this.#writeStatus();
    const { name = "", namespace = "default", uid = "" } = this.#pod.metadata;
    try {
      await this.#node.api.delete(
        pods,
        { namespace, name },
        { gracePeriodSeconds: 0, preconditions: { uid } },
      );
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  /** Sets what the probes have found; called before each plan and each status. */
  #refreshProbes(): void {
    for (const slot of this.#slots) {
      if (slot.phase.type !== "running") continue;
      const result = (kind: string) =>
        this.#probes.find((probe) => probe.slot === slot && probe.kind === kind)?.result ??
        "success";
      const wasStarted = slot.isStarted;
      slot.isStarted = result("startup") === "success";
      slot.isReady = slot.isStarted && result("readiness") === "success";
      if (slot.isStarted && !wasStarted) {
        this.#lookAt(slot);
      }
    }
  }

  #lookAt(slot: ContainerSlot): void {
    for (const probe of this.#probes) if (probe.slot === slot) probe.look();
  }

  async #writeStatus(): Promise<void> {
    if (this.#isRemoved) return;
    await this.#writer.write(this.#pod, this.#status());
  }

  #status(): PodStatusJson {
    const isInitializing = this.#slots.some((slot) => slot.isInit);
    const idle = isInitializing ? "PodInitializing" : "ContainerCreating";
    const records = (isInit: boolean) =>
      this.#slots.filter((slot) => slot.isInit === isInit).map((slot) => slot.record(idle));
    const { written } = this.#writer;
    const known = (this.#pod.status?.podIPs ?? []).map(({ ip }) => ip);
    const podIps = this.#ground?.network.ips ?? written?.podIPs?.map(({ ip }) => ip) ?? known;
    return podStatus({
      pod: this.#pod,
      initContainers: records(true),
      containers: records(false),
      podIps,
      hostIps: this.#node.nodeIps,
      hasNetwork: this.#ground !== undefined,
      isStopping: this.#ending !== undefined,
      startedAtMs: this.#startedAtMs,
      nowMs: this.#node.clock.now(),
      ...(written === undefined ? {} : { previous: written.conditions }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
  }

  #probesOf(slot: ContainerSlot): ProbeRunner[] {
    const { startupProbe, livenessProbe, readinessProbe } = slot.spec;
    if (slot.isInit && !isSidecar(slot.spec)) return [];
    const kinds = [
      { kind: "startup", probe: startupProbe },
      { kind: "liveness", probe: livenessProbe },
      { kind: "readiness", probe: readinessProbe },
    ] as const;
    return kinds.flatMap(({ kind, probe }) => {
      if (probe === undefined) return [];
      const onResult = (result: string) => {
        const kills = result === "failure" && kind !== "readiness" && slot.phase.type === "running";
        if (kills) {
          const graceMs = (probe.terminationGracePeriodSeconds ?? this.#graceSeconds) * 1000;
          const message = `Container ${slot.name} failed ${kind} probe, will be restarted`;
          void this.#stop(slot, graceMs, message);
        }
        this.#wakeUp.wake();
      };
      const pod = () => ({
        object: this.#pod,
        ip: this.#ground?.network.ips[0] ?? "",
        isFinished: this.#isFinished,
        isTerminating: this.#ending !== undefined,
        mayRestart: this.#pod.spec?.restartPolicy !== "Never",
      });
      return [
        new ProbeRunner({
          kind,
          probe,
          slot,
          node: this.#node,
          signal: this.#signal,
          pod,
          onResult,
        }),
      ];
    });
  }

  /** Pods that an agent ran before: their processes ended with it, their containers start again. */
  #adopt(): void {
    const { status } = this.#pod;
    const nowMs = this.#node.clock.now();
    const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    for (const slot of this.#slots) {
      const found = all.find(({ name }) => name === slot.name);
      if (found !== undefined) slot.adopt(found, nowMs);
    }
    // New namespaces need their init containers again, unless nothing is left to be started in them.
    const plan = planContainers({
      spec: this.#pod.spec ?? { containers: [] },
      views: new Map(this.#slots.map((slot) => [slot.name, slot.view()])),
      nowMs,
    });
    if (plan.isFinished) return;
    for (const slot of this.#slots) if (slot.isInit || this.#mustRunAgain(slot)) slot.renew();
  }

  #mustRunAgain(slot: ContainerSlot): boolean {
    const policy = this.#pod.spec?.restartPolicy ?? "Always";
    if (slot.phase.type !== "exited") return false;
    return policy === "Always" || (policy === "OnFailure" && slot.phase.end.exitCode !== 0);
  }

  #tellBackoff(name: string, pauseMs: number): void {
    const slot = this.container(name);
    if (slot === undefined || slot.waiting?.reason === "CrashLoopBackOff") return;
    const pod = describePod(this.#pod);
    const message = `back-off ${formatPause(pauseMs)} restarting failed container=${name} pod=${pod}`;
    slot.waiting = { reason: "CrashLoopBackOff", message };
    const told = `Back-off restarting failed container ${name} in pod ${pod}`;
    this.#tell(slot, "Warning", "BackOff", told);
  }

  #tell(slot: ContainerSlot, type: "Normal" | "Warning", reason: string, message: string): void {
    recordContainerEvent(this.#node, this.#pod, slot.spec, { type, reason, message });
  }

  get #graceSeconds(): number {
    return this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
  }

  #sleepAtMost(ms: number): void {
    this.#nextMs = Math.min(this.#nextMs, Math.max(10, ms));
  }
}

/** As Go writes durations: `10s`, `1m20s`, `5m0s`. */
function formatPause(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
