import { rmSync } from "node:fs";
import { join } from "node:path";
import { pods } from "../../api/resource.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import type { Pod } from "../../api/types.ts";
import type { EventNote } from "../../client/events.ts";
import { describeError } from "../../lib/errors.ts";
import { planContainers } from "../lifecycle/container-plan.ts";
import { Deadline } from "../lifecycle/deadline.ts";
import { WakeUp } from "../lifecycle/wake-up.ts";
import { type Container, describePod } from "../pod-types.ts";
import { type PodStatusJson, podStatus } from "../status/pod-status.ts";
import { adoptContainers } from "./adopt-containers.ts";
import { ContainerSlot } from "./container-slot.ts";
import { ContainerStarter } from "./container-starter.ts";
import { tellCrashLoop } from "./crash-loop.ts";
import { GroundKeeper } from "./ground-keeper.ts";
import type { NodeContext } from "./node-context.ts";
import { PodEnding } from "./pod-ending.ts";
import { PodProbes } from "./pod-probes.ts";
import { StatusWriter } from "./status-writer.ts";
import { stopContainer } from "./stop-container.ts";
import { limitedVolumes, MEASURE_MS, overfullVolume } from "./volume-limits.ts";

/** Longest time without a look at the pod, in milliseconds. */
const RESYNC_MS = 60_000;

/** Pause after a failure that has nothing to do with the pod, such as the API being away, in milliseconds. */
const RETRY_MS = 1_000;

/** Grace of a pod whose object is gone already, in milliseconds. */
const REMOVED_GRACE_MS = 1_000;

/** Grace of a pod that takes up more than it may, in milliseconds (the kubelet's). */
const EVICTION_GRACE_MS = 1_000;

/**
 * Drives one pod of this node from its object to its end: namespaces, containers, probes, status.
 *
 * ```
 *  object ─► #sync ─► no namespaces? make them ─► plan ─► start containers ─► status
 *              ▲                                             │
 *              └── woken by: object, exit, probe, time ◄─────┘
 *  finished or deleted ─► ending: hooks, SIGTERM, SIGKILL ─► network given back ─► last status
 *  deleted ─► … ─► DELETE with grace 0
 * ```
 */
export class PodWorker {
  readonly #node: NodeContext;
  readonly #wakeUp: WakeUp;
  readonly #writer: StatusWriter;
  readonly #slots: readonly ContainerSlot[];
  readonly #probes: PodProbes;
  readonly #dir: string;
  readonly #startedAtMs: number;
  readonly #starter: ContainerStarter;
  readonly #ending: PodEnding;
  readonly #keeper: GroundKeeper;
  /** Aborts when the worker's work is done. */
  readonly #done = new AbortController();
  readonly #signal: AbortSignal;
  #pod: Pod;
  #isRemoved = false;
  /** Nothing will be started again: all has run, or the pod's time is over. */
  #isFinished = false;
  #failure: { readonly reason: string; readonly message: string } | undefined;
  #nextMs = RESYNC_MS;

  constructor(pod: Pod, node: NodeContext) {
    this.#pod = pod;
    this.#node = node;
    this.#wakeUp = new WakeUp(node.clock);
    this.#writer = new StatusWriter(node.api);
    this.#dir = join(node.podsDir, pod.metadata.uid ?? "");
    this.#startedAtMs = node.clock.now();
    this.#signal = AbortSignal.any([node.signal, this.#done.signal]);
    this.#keeper = new GroundKeeper(node, this.#dir);
    const slot = (isInit: boolean) => (spec: Container) => new ContainerSlot(spec, isInit);
    this.#slots = [
      ...(pod.spec?.initContainers ?? []).map(slot(true)),
      ...(pod.spec?.containers ?? []).map(slot(false)),
    ];
    adoptContainers(pod, this.#slots, this.#startedAtMs);
    const { phase, reason, message = "" } = pod.status ?? {};
    // A pod that was ended as a whole stays so, whatever its containers say.
    if (phase === "Failed" && reason !== undefined) this.#failure = { reason, message };
    const wake = () => this.#wakeUp.wake();
    this.#ending = new PodEnding({
      clock: node.clock,
      slots: this.#slots,
      stop: (each, deadline) => this.#stop(each, deadline, `Stopping container ${each.name}`),
      onOver: wake,
    });
    this.#probes = new PodProbes({
      node,
      slots: this.#slots,
      pod: () => ({
        object: this.#pod,
        ip: this.#keeper.ip,
        isFinished: this.#isFinished,
        isTerminating: this.#isDeleted,
      }),
      signal: this.#signal,
      wake,
      kill: (each, graceMs, message) => void this.#stopWithin(each, graceMs, message),
    });
    this.#starter = new ContainerStarter({
      node,
      dir: this.#dir,
      pod: () => this.#pod,
      isEnding: () => this.#ending.hasBegun,
      wake,
      onRunning: (each) => this.#probes.lookAt(each),
      onHookFailed: (each) => this.#stopWithin(each, this.#specGraceMs, "FailedPostStartHook"),
    });
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
    const beside = Promise.all([this.#probes.run(), this.#watchVolumes()]);
    while (!this.#signal.aborted) {
      await this.#wakeUp.next(this.#nextMs, this.#signal);
      if (this.#signal.aborted) break;
      this.#nextMs = RESYNC_MS;
      try {
        await this.#sync();
      } catch (error) {
        if (this.#signal.aborted) break;
        this.#nextMs = RETRY_MS;
        this.#node.log.warn("Could not bring a pod up to date", {
          pod: describePod(this.#pod),
          error: describeError(error),
        });
      }
    }
    this.#done.abort();
    await beside;
    await this.#keeper.release();
    if (this.#isRemoved) rmSync(this.#dir, { recursive: true, force: true });
  }

  async #sync(): Promise<void> {
    if (this.#isDeleted) this.#ending.begin(this.#isRemoved ? REMOVED_GRACE_MS : this.#graceMs);
    else if (this.#isOver && this.#keeper.ground === undefined) return;
    else if (!this.#isFinished) await this.#runContainers();
    if (this.#ending.isOver) await this.#keeper.release();
    this.#probes.refresh();
    await this.#writeStatus();
    if (!this.#isDeleted || !this.#ending.isOver) return;
    if (this.#isRemoved) this.#done.abort();
    else await this.#deleteObject();
  }

  async #runContainers(): Promise<void> {
    const spec = this.#pod.spec ?? { containers: [] };
    if (this.#isPastDeadline()) return this.#finish(this.#specGraceMs);
    const ground = await this.#keeper.prepare(this.#pod);
    if (ground === undefined) return this.#sleepAtMost(this.#keeper.retryMs);
    this.#probes.refresh();
    const nowMs = this.#node.clock.now();
    const views = new Map(this.#slots.map((slot) => [slot.name, slot.view()]));
    const plan = planContainers({ spec, views, nowMs });
    for (const { name, remainingMs, pauseMs } of plan.wait) {
      this.#sleepAtMost(remainingMs);
      const slot = this.container(name);
      if (slot !== undefined) tellCrashLoop(slot, pauseMs, { node: this.#node, pod: this.#pod });
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
    if (plan.isFinished) this.#finish(this.#specGraceMs);
  }

  /** Nothing will run again: what is left (sidecars, or everything at a deadline) is ended. */
  #finish(graceMs: number): void {
    this.#isFinished = true;
    this.#ending.begin(graceMs);
  }

  /** The pod has failed as a whole, whatever its containers say. */
  #fail(note: EventNote): void {
    const { reason, message } = note;
    this.#failure = { reason, message };
    this.#node.events.record(this.#pod, note);
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
    this.#fail({ type: "Normal", reason: "DeadlineExceeded", message });
    return true;
  }

  /** Ends the pod when a volume of it holds more than it may. */
  async #watchVolumes(): Promise<void> {
    const volumes = limitedVolumes(this.#pod);
    const folder = join(this.#dir, "volumes");
    while (volumes.length > 0) {
      await this.#node.clock.sleep(MEASURE_MS, this.#signal);
      if (this.#signal.aborted || this.#isFinished) return;
      const message = await overfullVolume(volumes, folder);
      if (message === undefined || this.#ending.hasBegun) continue;
      this.#fail({ type: "Warning", reason: "Evicted", message });
      this.#finish(EVICTION_GRACE_MS);
      this.#wakeUp.wake();
    }
  }

  #stopWithin(slot: ContainerSlot, graceMs: number, message: string): Promise<void> {
    return this.#stop(slot, new Deadline(this.#node.clock, graceMs), message);
  }

  #stop(slot: ContainerSlot, deadline: Deadline, message: string): Promise<void> {
    const podIp = this.#keeper.ip;
    return stopContainer({ pod: this.#pod, podIp, node: this.#node, slot, deadline, message });
  }

  /** All containers of a deleted pod have ended, and its last status is written. */
  async #deleteObject(): Promise<void> {
    const { name = "", namespace = "default", uid = "" } = this.#pod.metadata;
    const options = { gracePeriodSeconds: 0, preconditions: { uid } };
    try {
      await this.#node.api.delete(pods, { namespace, name }, options);
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
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
    const { ground } = this.#keeper;
    const known = (this.#pod.status?.podIPs ?? []).map(({ ip }) => ip);
    return podStatus({
      pod: this.#pod,
      initContainers: records(true),
      containers: records(false),
      podIps: ground?.network.ips ?? written?.podIPs?.map(({ ip }) => ip) ?? known,
      hostIps: this.#node.nodeIps,
      hasNetwork: ground !== undefined,
      hasProcesses: this.#slots.some((slot) => slot.life !== undefined),
      isStopping: this.#isDeleted,
      startedAtMs: this.#startedAtMs,
      nowMs: this.#node.clock.now(),
      ...(written === undefined ? {} : { previous: written }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
  }

  get #isDeleted(): boolean {
    return this.#isRemoved || this.#pod.metadata.deletionTimestamp !== undefined;
  }

  /** The API says that the pod has succeeded or failed: it never runs again. */
  get #isOver(): boolean {
    const phase = this.#pod.status?.phase;
    return phase === "Succeeded" || phase === "Failed";
  }

  /** What a deletion allows, or the pod itself. */
  get #graceMs(): number {
    const seconds = this.#pod.metadata.deletionGracePeriodSeconds;
    return seconds === undefined ? this.#specGraceMs : seconds * 1000;
  }

  get #specGraceMs(): number {
    return (this.#pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  #sleepAtMost(ms: number): void {
    this.#nextMs = Math.min(this.#nextMs, Math.max(10, ms));
  }
}
