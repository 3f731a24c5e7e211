import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pods } from "../../api/resource.ts";
import { isConflict, isNotFound } from "../../api/status-error.ts";
import type { Pod } from "../../api/types.ts";
import { describeError, errorCode } from "../../lib/errors.ts";
import type { DownwardFacts } from "../environment/downward.ts";
import { kernelHostname } from "../files/hosts.ts";
import { canonicalImage, findImage, type ImageEntry } from "../images/image-table.ts";
import { type ContainerStart, planContainers } from "../lifecycle/container-plan.ts";
import { Deadline } from "../lifecycle/deadline.ts";
import { ImagePulls } from "../lifecycle/image-pulls.ts";
import type { BackoffEntry } from "../lifecycle/restart-backoff.ts";
import { WakeUp } from "../lifecycle/wake-up.ts";
import { type Container, describePod, isSidecar } from "../pod-types.ts";
import { ContainerLog, removeLogFiles } from "../runtime/container-log.ts";
import {
  type ContainerExit,
  type ContainerMount,
  type RunningContainer,
  type RunningPod,
  RuntimeError,
} from "../runtime/runtime.ts";
import { type PodStatusJson, podStatus } from "../status/pod-status.ts";
import { loadSources, setUpContainer } from "./container-setup.ts";
import { ContainerSlot, type Waiting } from "./container-slot.ts";
import { type NodeContext, recordContainerEvent } from "./node-context.ts";
import { writePodFiles } from "./pod-files.ts";
import { type PreparedVolume, prepareVolumes } from "./pod-volumes.ts";
import { ProbeRunner } from "./probe-runner.ts";
import { StatusWriter } from "./status-writer.ts";
import { runPostStart, stopContainer } from "./stop-container.ts";
import { terminationMessage } from "./termination-message.ts";

/** Longest time without a look at the pod, in milliseconds. */
const RESYNC_MS = 60_000;

/** Pause after a failure that has nothing to do with the pod, such as the API being away, in milliseconds. */
const RETRY_MS = 1_000;

/** Pause before another try to make namespaces or volumes, in milliseconds. */
const SET_UP_RETRY_MS = 2_000;

/** Grace of a pod whose object is gone already, in milliseconds. */
const REMOVED_GRACE_MS = 1_000;

/** What a pod has on this node while it runs. */
interface Ground {
  readonly network: RunningPod;
  readonly files: readonly ContainerMount[];
  readonly volumes: ReadonlyMap<string, PreparedVolume>;
}

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
  readonly #pulls = new ImagePulls();
  /** Containers whose start is under way. */
  readonly #starting = new Set<string>();
  /** Aborts when the worker's work is done. */
  readonly #done = new AbortController();
  readonly #signal: AbortSignal;
  #pod: Pod;
  #ground: Ground | undefined;
  #isRemoved = false;
  #ending: { readonly deadline: Deadline; readonly finished: Promise<void> } | undefined;
  #isEnded = false;
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
    const slot = (isInit: boolean) => (spec: Container) => new ContainerSlot(spec, isInit);
    this.#slots = [
      ...(pod.spec?.initContainers ?? []).map(slot(true)),
      ...(pod.spec?.containers ?? []).map(slot(false)),
    ];
    this.#adopt();
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

  /** The log file of a life of a container: the current or last one, or the one before. */
  logPath(slot: ContainerSlot, which: "current" | "previous"): string | undefined {
    const attempt = which === "current" ? slot.restartCount : slot.restartCount - 1;
    return attempt < 0 ? undefined : this.#logFile(slot, attempt);
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
    for (const start of plan.start) this.#startWhenDue(start, ground);
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

  /** Namespaces, network, files and volumes; undefined when they can not be had yet. */
  async #prepare(): Promise<Ground | undefined> {
    if (this.#ground !== undefined) return this.#ground;
    let network: RunningPod | undefined;
    try {
      mkdirSync(this.#dir, { recursive: true });
      network = await this.#node.runtime.openPod({
        uid: this.#pod.metadata.uid ?? "",
        dir: this.#dir,
        hostname: kernelHostname(this.#pod, this.#node.resolver.clusterDomain),
        isHostNetwork: this.#pod.spec?.hostNetwork ?? false,
        wantedIps: (this.#pod.status?.podIPs ?? []).map(({ ip }) => ip),
      });
      const { mounts, warnings } = writePodFiles(
        this.#pod,
        { dir: this.#dir, ips: network.ips },
        this.#node,
      );
      for (const warning of warnings) {
        this.#node.events.record(this.#pod, { type: "Warning", ...warning });
      }
      const sources = await loadSources(this.#node.api, this.#pod, "volumes");
      const facts = this.#facts(network);
      const volumes = prepareVolumes({ pod: this.#pod, dir: this.#dir, facts, sources });
      this.#ground = { network, files: mounts, volumes };
      return this.#ground;
    } catch (error) {
      await network?.[Symbol.asyncDispose]();
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

  #startWhenDue(start: ContainerStart, ground: Ground): void {
    const slot = this.container(start.name);
    if (slot === undefined || this.#starting.has(slot.name)) return;
    const leftMs = slot.notBeforeMs - this.#node.clock.now();
    if (leftMs > 0) {
      this.#sleepAtMost(leftMs);
      return;
    }
    const image = this.#image(slot);
    if (image === undefined) return;
    this.#starting.add(slot.name);
    void this.#start(slot, image, { ground, backoff: start.backoff }).finally(() => {
      this.#starting.delete(slot.name);
      this.#wakeUp.wake();
    });
  }

  async #start(
    slot: ContainerSlot,
    image: ImageEntry,
    { ground, backoff }: { readonly ground: Ground; readonly backoff: BackoffEntry | undefined },
  ): Promise<void> {
    const { name } = slot;
    try {
      const sources = await loadSources(this.#node.api, this.#pod, { container: slot.spec });
      if (this.#ending !== undefined || this.#signal.aborted) return;
      const terminationFile = this.#terminationFile(slot);
      const setup = setUpContainer({
        pod: this.#pod,
        container: slot.spec,
        image,
        node: this.#node,
        facts: this.#facts(ground.network),
        sources,
        podFiles: ground.files,
        volumes: ground.volumes,
        terminationFile,
      });
      if (setup.type === "error") {
        this.#fail(slot, { reason: "CreateContainerConfigError", message: setup.message });
        return;
      }
      if (backoff !== undefined) slot.backoff = backoff;
      const attempt = slot.containerId === "" ? 0 : slot.restartCount + 1;
      removeLogFiles(this.#logFile(slot, attempt - 2));
      const log = new ContainerLog(this.#logFile(slot, attempt), () => this.#node.clock.now());
      const id = randomUUID().replaceAll("-", "");
      let life: RunningContainer;
      try {
        life = ground.network.start({ ...setup.options, id, log });
      } catch (error) {
        log.close();
        this.#failStart(slot, id, error);
        return;
      }
      slot.begin(life, log, canonicalImage(slot.spec.image ?? ""));
      this.#tell(slot, "Normal", "Created", `Created container: ${name}`);
      this.#tell(slot, "Normal", "Started", `Started container ${name}`);
      void life.exited.then((exit) => this.#exited(slot, life, exit));
      await this.#postStart(slot, life, ground);
    } catch (error) {
      this.#fail(slot, { reason: "CreateContainerConfigError", message: describeError(error) });
    }
  }

  async #postStart(slot: ContainerSlot, life: RunningContainer, ground: Ground): Promise<void> {
    const podIp = ground.network.ips[0] ?? "";
    const problem = await runPostStart(slot, life, { node: this.#node, podIp });
    if (problem === undefined) {
      slot.confirm(life);
      for (const probe of this.#probes) if (probe.slot === slot) probe.look();
      return;
    }
    this.#tell(slot, "Warning", "FailedPostStartHook", `PostStartHook failed: ${problem}`);
    await this.#stop(slot, this.#graceSeconds * 1000, "FailedPostStartHook");
  }

  /** What the image stands for; undefined (and told) when it is in no table, or not yet to be tried again. */
  #image(slot: ContainerSlot): ImageEntry | undefined {
    const image = slot.spec.image ?? "";
    const nowMs = this.#node.clock.now();
    const entry = findImage(image, this.#node.images);
    if (entry !== undefined) {
      if (this.#pulls.succeed(slot.name)) {
        const message = `Container image "${image}" already present on machine`;
        this.#tell(slot, "Normal", "Pulled", message);
      }
      return entry;
    }
    const step = this.#pulls.fail({ container: slot.name, image, nowMs });
    for (const { type, reason, message } of step.notes) this.#tell(slot, type, reason, message);
    slot.waiting = step.waiting;
    slot.notBeforeMs = nowMs + step.nextMs;
    this.#sleepAtMost(step.nextMs);
    return undefined;
  }

  /** A start that the runtime refused. A program that is not there counts as a life that ended at once, as in runc. */
  #failStart(slot: ContainerSlot, id: string, error: unknown): void {
    const message = describeError(error);
    if (error instanceof RuntimeError && error.code === "START_FAILED") {
      const finishedAtMs = this.#node.clock.now();
      const end = { exitCode: 128, reason: "StartError", message, finishedAtMs };
      const containerId = `portolan://${id}`;
      slot.failStart({ ...end, containerId }, { reason: "RunContainerError", message });
      this.#tell(slot, "Warning", "Failed", `Error: ${message}`);
      return;
    }
    this.#fail(slot, { reason: "CreateContainerError", message });
  }

  #fail(slot: ContainerSlot, waiting: Waiting): void {
    slot.waiting = waiting;
    slot.notBeforeMs = this.#node.clock.now() + SET_UP_RETRY_MS;
    this.#tell(slot, "Warning", "Failed", `Error: ${waiting.message ?? waiting.reason}`);
  }

  #exited(slot: ContainerSlot, life: RunningContainer, exit: ContainerExit): void {
    if (slot.life !== life) return;
    const { exitCode, signal, atMs } = exit;
    const message = terminationMessage({
      file: this.#terminationFile(slot, "read"),
      logFile: this.#logFile(slot, slot.restartCount),
      policy: slot.spec.terminationMessagePolicy ?? "File",
      exitCode,
    });
    slot.end({
      exitCode,
      ...(signal === undefined ? {} : { signal }),
      reason: exitCode === 0 ? "Completed" : "Error",
      ...(message === "" ? {} : { message }),
      startedAtMs: life.startedAtMs,
      finishedAtMs: atMs,
      containerId: slot.containerId,
    });
    this.#wakeUp.wake();
  }

  #beginEnd(graceMs: number): void {
    if (this.#ending !== undefined) {
      this.#ending.deadline.shorten(graceMs);
      return;
    }
    const deadline = new Deadline(this.#node.clock, graceMs);
    const finished = this.#stopAll(deadline).then(() => {
      this.#isEnded = true;
      this.#wakeUp.wake();
    });
    this.#ending = { deadline, finished };
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
        for (const probe of this.#probes) if (probe.slot === slot) probe.look();
      }
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

  #facts(network: RunningPod): DownwardFacts {
    const { nodeIps, allocatable } = this.#node;
    return { pod: this.#pod, podIps: network.ips, hostIps: nodeIps, allocatable };
  }

  get #graceSeconds(): number {
    return this.#pod.spec?.terminationGracePeriodSeconds ?? 30;
  }

  #logFile(slot: ContainerSlot, attempt: number): string {
    return join(this.#dir, "logs", slot.name, `${attempt}.log`);
  }

  /** A fresh, empty file for each life. */
  #terminationFile(slot: ContainerSlot, purpose: "write" | "read" = "write"): string {
    const file = join(this.#dir, "termination", slot.name);
    if (purpose === "write") {
      mkdirSync(join(this.#dir, "termination"), { recursive: true });
      writeFileSync(file, "", { mode: 0o666 });
    }
    return file;
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
