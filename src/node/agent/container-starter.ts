import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "../../api/types.ts";
import { describeError } from "../../lib/errors.ts";
import { canonicalImage, findImage, type ImageEntry } from "../images/image-table.ts";
import { refusedImage } from "../images/refused-image.ts";
import { ImagePulls } from "../lifecycle/image-pulls.ts";
import type { BackoffEntry } from "../lifecycle/restart-backoff.ts";
import { CONTAINER_RETRY, retryPauseMs } from "../lifecycle/retry-pause.ts";
import { isSidecar } from "../pod-types.ts";
import { ContainerLog, removeLogFiles } from "../runtime/container-log.ts";
import { type ContainerExit, type RunningContainer, RuntimeError } from "../runtime/runtime.ts";
import { loadSources, setUpContainer } from "./container-setup.ts";
import { CONTAINER_ID_SCHEME, type ContainerSlot, type Waiting } from "./container-slot.ts";
import { type NodeContext, recordContainerEvent } from "./node-context.ts";
import type { PodGround } from "./pod-ground.ts";
import { runPostStart, tellFailedHook } from "./stop-container.ts";
import { terminationMessage } from "./termination-message.ts";

/** The pod whose containers are started, and what its worker is told. */
export interface ContainerStarterOptions {
  readonly node: NodeContext;
  /** The pod's folder. */
  readonly dir: string;
  /** The pod as it is now. */
  readonly pod: () => Pod;
  /** Whether the pod is being ended, so that nothing may start any more. */
  readonly isEnding: () => boolean;
  /** Something has changed: a start, a failure, an end. */
  readonly wake: () => void;
  /** The container runs, and its postStart hook has ended. */
  readonly onRunning: (slot: ContainerSlot) => void;
  /** The postStart hook has failed: the container must go. */
  readonly onHookFailed: (slot: ContainerSlot) => Promise<void>;
}

/** One container to start. */
export interface StartRequest {
  readonly slot: ContainerSlot;
  readonly ground: PodGround;
  /** What to remember of its restarts; absent for a first start. */
  readonly backoff?: BackoffEntry;
}

/** Begins the lives of a pod's containers and notes their ends. */
export class ContainerStarter {
  readonly #options: ContainerStarterOptions;
  readonly #pulls = new ImagePulls();
  /** Containers whose start is under way. */
  readonly #starting = new Set<string>();

  constructor(options: ContainerStarterOptions) {
    this.#options = options;
  }

  /** Starts a container unless that is under way; if it must wait first, says how long, in milliseconds. */
  start(request: StartRequest): number | undefined {
    const { slot } = request;
    const { node, wake } = this.#options;
    if (this.#starting.has(slot.name)) return undefined;
    const leftMs = slot.notBeforeMs - node.clock.now();
    if (leftMs > 0) return leftMs;
    const image = this.#image(slot);
    if (image === undefined) return slot.notBeforeMs - node.clock.now();
    this.#starting.add(slot.name);
    void this.#start(request, image).finally(() => {
      this.#starting.delete(slot.name);
      wake();
    });
    return undefined;
  }

  /** The log file of a life of a container, the first being 0. */
  logFile(slot: ContainerSlot, attempt: number): string {
    return join(this.#options.dir, "logs", slot.name, `${attempt}.log`);
  }

  async #start(request: StartRequest, image: ImageEntry): Promise<void> {
    const { slot, backoff } = request;
    try {
      const life = await this.#begin(request, image);
      if (life === undefined) return;
      if (backoff !== undefined) slot.backoff = backoff;
      await this.#postStart(slot, life, request.ground);
    } catch (error) {
      this.#fail(slot, { reason: "CreateContainerConfigError", message: describeError(error) });
    }
  }

  /** The new life; undefined if it could not begin, which is then noted and told. */
  async #begin(
    { slot, ground, backoff }: StartRequest,
    image: ImageEntry,
  ): Promise<RunningContainer | undefined> {
    const { node, pod, isEnding } = this.#options;
    const container = slot.spec;
    const sources = await loadSources(node.api, pod(), { container });
    await node.turns.next();
    if (isEnding() || node.signal.aborted) return undefined;
    const setup = setUpContainer({
      pod: pod(),
      container,
      image,
      node,
      sources,
      facts: ground.facts,
      podFiles: ground.files,
      volumes: ground.volumes,
      terminationFile: this.#newTerminationFile(slot),
    });
    if (setup.type === "error") {
      this.#fail(slot, { reason: "CreateContainerConfigError", message: setup.message });
      return undefined;
    }
    const attempt = slot.containerId === "" ? 0 : slot.restartCount + 1;
    removeLogFiles(this.logFile(slot, attempt - 2));
    const log = new ContainerLog(this.logFile(slot, attempt), () => node.clock.now());
    const id = randomUUID().replaceAll("-", "");
    try {
      const life = ground.network.start({ ...setup.options, id, log });
      slot.begin(life, log, canonicalImage(container.image ?? ""));
      this.#tell(slot, "Normal", "Created", `Created container: ${slot.name}`);
      this.#tell(slot, "Normal", "Started", `Started container ${slot.name}`);
      void life.exited.then((exit) => this.#exited(slot, life, exit));
      return life;
    } catch (error) {
      log.close();
      if (backoff !== undefined) slot.backoff = backoff;
      this.#failStart(slot, id, error);
      return undefined;
    }
  }

  async #postStart(slot: ContainerSlot, life: RunningContainer, ground: PodGround): Promise<void> {
    const { node, onRunning, onHookFailed } = this.#options;
    const podIp = ground.network.ips[0] ?? "";
    const problem = await runPostStart(slot, life, { node, podIp });
    if (problem === undefined) {
      slot.confirm(life);
      onRunning(slot);
      return;
    }
    tellFailedHook({ node, pod: this.#options.pod(), slot, kind: "PostStart", output: problem });
    await onHookFailed(slot);
  }

  /** What the image stands for; undefined (noted and told) when it is in no table. */
  #image(slot: ContainerSlot): ImageEntry | undefined {
    const { node } = this.#options;
    const image = slot.spec.image ?? "";
    const entry = findImage(image, node.images);
    if (entry !== undefined) {
      this.#pulls.succeed(slot.name);
      const message = `Container image "${image}" already present on machine`;
      this.#tell(slot, "Normal", "Pulled", message);
      return entry;
    }
    const refusal = refusedImage(slot.spec);
    if (refusal !== undefined) {
      const { event, waiting } = refusal;
      this.#tell(slot, "Warning", event, waiting.message);
      this.#fail(slot, waiting, waiting.reason);
      return undefined;
    }
    const nowMs = node.clock.now();
    const step = this.#pulls.fail({ container: slot.name, image, nowMs });
    for (const { type, reason, message } of step.notes) this.#tell(slot, type, reason, message);
    slot.waiting = step.waiting;
    slot.notBeforeMs = nowMs + step.nextMs;
    return undefined;
  }

  /** A start that the runtime refused. A program that is not there counts as a life that ended at once, as in runc. */
  #failStart(slot: ContainerSlot, id: string, error: unknown): void {
    const message = describeError(error);
    if (!(error instanceof RuntimeError) || error.code !== "START_FAILED") {
      this.#fail(slot, { reason: "CreateContainerError", message });
      return;
    }
    const finishedAtMs = this.#options.node.clock.now();
    const containerId = `${CONTAINER_ID_SCHEME}${id}`;
    const end = { exitCode: 128, reason: "StartError", message, finishedAtMs, containerId };
    slot.failStart(end);
    if (mayRestart(this.#options.pod(), slot)) {
      slot.waiting = { reason: "RunContainerError", message };
    }
    this.#tell(slot, "Warning", "Failed", `Error: ${message}`);
  }

  #fail(slot: ContainerSlot, waiting: Waiting, told = waiting.message ?? waiting.reason): void {
    slot.waiting = waiting;
    slot.failures++;
    const pauseMs = retryPauseMs(slot.failures, CONTAINER_RETRY);
    slot.notBeforeMs = this.#options.node.clock.now() + pauseMs;
    this.#tell(slot, "Warning", "Failed", `Error: ${told}`);
  }

  #exited(slot: ContainerSlot, life: RunningContainer, exit: ContainerExit): void {
    if (slot.life !== life) return;
    const { exitCode, signal, atMs } = exit;
    const message = terminationMessage({
      file: this.#terminationFile(slot),
      logFile: this.logFile(slot, slot.restartCount),
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
    this.#options.wake();
  }

  /** A fresh, empty file for each life. */
  #newTerminationFile(slot: ContainerSlot): string {
    const file = this.#terminationFile(slot);
    mkdirSync(join(this.#options.dir, "termination"), { recursive: true });
    writeFileSync(file, "");
    // Whoever the container's programs are: a mode at the making would be cut by the agent's umask.
    chmodSync(file, 0o666);
    return file;
  }

  #terminationFile(slot: ContainerSlot): string {
    return join(this.#options.dir, "termination", slot.name);
  }

  #tell(slot: ContainerSlot, type: "Normal" | "Warning", reason: string, message: string): void {
    const { node, pod } = this.#options;
    recordContainerEvent(node, pod(), slot.spec, { type, reason, message });
  }
}

/** Whether the container gets another life after one that has failed. */
function mayRestart({ spec }: Pod, slot: ContainerSlot): boolean {
  return spec?.restartPolicy !== "Never" || isSidecar(slot.spec);
}
