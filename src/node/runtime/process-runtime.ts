import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { createSharedNamespaces, type SharedNamespaces } from "../../kernel/processes.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Cidr } from "../../lib/ip.ts";
import { AddressPool } from "./address-pool.ts";
import { CableRemover, connectPod, disconnectPod, prepareNode } from "./pod-network.ts";
import { type ContainerContext, startProcessContainer } from "./process-container.ts";
import {
  type ContainerOptions,
  type PodOptions,
  type RunningContainer,
  type RunningPod,
  type Runtime,
  RuntimeError,
} from "./runtime.ts";
import { findTools, type Tools } from "./tools.ts";

/** The node whose pods are run. */
export interface ProcessRuntimeOptions {
  /** The node's network namespace: pods are connected to it. */
  readonly node: NetworkNamespace;
  readonly nodeIps: readonly string[];
  readonly podCidrs: readonly Cidr[];
  /** A folder of this node alone; made if missing. */
  readonly dir: string;
  /** Paths of the host that no pod may see; `dir` is always one of them. */
  readonly hiddenPaths: readonly string[];
  readonly clock: Clock;
}

/** Opens the runtime whose pods are processes in namespaces. Throws a `RuntimeError` if a tool is missing. */
export function openProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  return new ProcessRuntime(options, findTools());
}

class ProcessRuntime implements Runtime {
  readonly #options: ProcessRuntimeOptions;
  readonly #tools: Tools;
  readonly #pools: readonly AddressPool[];
  readonly #cables: CableRemover;
  readonly #pods = new Map<string, ProcessPod>();

  constructor(options: ProcessRuntimeOptions, tools: Tools) {
    this.#options = options;
    this.#tools = tools;
    this.#pools = options.podCidrs.map((range) => new AddressPool(range));
    mkdirSync(join(options.dir, "root"), { recursive: true });
    prepareNode(options.node);
    this.#cables = new CableRemover(options.node);
  }

  async openPod(pod: PodOptions): Promise<RunningPod> {
    const { dir, node, nodeIps, clock } = this.#options;
    const ips = pod.isHostNetwork ? nodeIps : this.#takeAddresses(pod.wantedIps);
    const release = () => {
      if (!pod.isHostNetwork) this.#releaseAddresses(ips);
      this.#pods.delete(pod.uid);
    };
    let network: NetworkNamespace | undefined;
    try {
      network = pod.isHostNetwork ? undefined : connectPod({ uid: pod.uid, node, ips });
      const context = {
        tools: this.#tools,
        staging: join(dir, "root"),
        hiddenPaths: [...this.#options.hiddenPaths, dir],
        network: network ?? node,
        clock,
      };
      const running = new ProcessPod({
        pod,
        ips,
        network,
        node,
        context,
        cables: this.#cables,
        release,
      });
      this.#pods.set(pod.uid, running);
      return running;
    } catch (error) {
      release();
      await network?.[Symbol.asyncDispose]();
      disconnectPod(pod.uid, node);
      if (error instanceof RuntimeError) throw error;
      throw new RuntimeError(
        "SANDBOX_FAILED",
        `Cannot make the namespaces of pod ${pod.uid}: ${describeError(error)}`,
        { cause: error },
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => pod[Symbol.asyncDispose]()));
  }

  #takeAddresses(wanted: readonly string[]): readonly string[] {
    const taken = this.#pools.map((pool, index) => pool.take(wanted[index]));
    const ips = taken.filter((ip) => ip !== undefined);
    if (ips.length === this.#pools.length) return ips;
    this.#releaseAddresses(ips);
    throw new RuntimeError(
      "SANDBOX_FAILED",
      "Cannot give the pod an address: all of the node's pod range are taken",
    );
  }

  #releaseAddresses(ips: readonly string[]): void {
    for (const pool of this.#pools) for (const ip of ips) pool.release(ip);
  }
}

interface ProcessPodOptions {
  readonly pod: PodOptions;
  readonly ips: readonly string[];
  /** The pod's own network; undefined in the host network. */
  readonly network: NetworkNamespace | undefined;
  readonly node: NetworkNamespace;
  readonly context: Omit<ContainerContext, "shared" | "dir">;
  readonly cables: CableRemover;
  readonly release: () => void;
}

class ProcessPod implements RunningPod {
  readonly ips: readonly string[];
  readonly namespace: NetworkNamespace;
  readonly #options: ProcessPodOptions;
  readonly #shared: SharedNamespaces;
  readonly #running = new Set<RunningContainer>();
  #closing: Promise<void> | undefined;

  constructor(options: ProcessPodOptions) {
    this.#options = options;
    this.ips = options.ips;
    this.namespace = options.network ?? options.node;
    this.#shared = createSharedNamespaces(options.pod.hostname);
  }

  start(options: ContainerOptions): RunningContainer {
    const context = { ...this.#options.context, shared: this.#shared, dir: this.#options.pod.dir };
    const container = startProcessContainer(context, options);
    this.#running.add(container);
    void container.exited.then(() => this.#running.delete(container));
    return container;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const running = [...this.#running];
    for (const container of running) container.signal("SIGKILL");
    await Promise.all(running.map((container) => container.exited));
    this.#shared[Symbol.dispose]();
    const { network, cables, pod, release } = this.#options;
    if (network !== undefined) {
      await cables.remove(pod.uid);
      await network[Symbol.asyncDispose]();
    }
    release();
    rmSync(join(pod.dir, "scratch"), { recursive: true, force: true });
  }
}
