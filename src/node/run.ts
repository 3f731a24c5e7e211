import { readFileSync, statfsSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { pods, services } from "../api/resource.ts";
import type { Api, Informers } from "../client/api.ts";
import { createEventRecorder } from "../client/events.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import type { Clock } from "../lib/clock.ts";
import { PortolanError } from "../lib/errors.ts";
import { parseCidr } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import { Turns } from "../lib/turns.ts";
import type { NodeContext } from "./agent/node-context.ts";
import { keepNode, registerNode } from "./agent/node-heartbeat.ts";
import { type NodeFacts, resourcesOf } from "./agent/node-object.ts";
import { PodManager } from "./agent/pod-manager.ts";
import { parseResolverFile, type ResolverConfig } from "./files/resolver.ts";
import { builtInImages, type ImageTable } from "./images/image-table.ts";
import { lazyPrograms } from "./images/programs.ts";
import { openProcessRuntime } from "./runtime/process-runtime.ts";
import { type AgentCertificates, serveAgent } from "./server/serve.ts";

/** What a node is called, where it lies, and what it works with. */
export interface NodeAgentOptions {
  readonly nodeName: string;
  readonly nodeIps: readonly string[];
  /** The node's pod ranges, one a family, such as `10.244.1.0/24`. */
  readonly podCidrs: readonly string[];
  /** The node's network: pods are connected to it, and the agent's server listens in it. */
  readonly namespace: NetworkNamespace;
  readonly api: Api;
  readonly informers: Informers;
  /** A folder of this node alone, on a local file system. What lies there belongs to the agent. */
  readonly runtimeDir: string;
  /** Paths that no pod may see: the data directory with its keys. */
  readonly hiddenPaths?: readonly string[];
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly certs: AgentCertificates;
  /** Labels of the Node beyond the usual ones, such as `topology.kubernetes.io/zone`. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Images beside the built-in ones; they win. */
  readonly images?: ImageTable;
  /** What pods with `dnsPolicy: Default` get; the host's own file when absent. */
  readonly hostResolver?: ResolverConfig;
  /** Shared by all agents of the process: one container starts at a time. */
  readonly turns?: Turns;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A running agent. */
export interface NodeAgent extends AsyncDisposable {
  /** Resolves once the Node is registered and Ready, and the agent's server listens. */
  readonly ready: Promise<void>;
}

/**
 * Runs one node: registers it, keeps its lease, runs its pods, and serves logs and exec on port 10250 of its address.
 * Runs until the signal aborts or it is disposed of; its pods end with it, and start again with the next agent.
 */
export function runNodeAgent(options: NodeAgentOptions): NodeAgent {
  const { namespace, api, informers, clock, nodeName, nodeIps, runtimeDir } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const log = options.log.with({ node: nodeName });
  const facts = nodeFacts(options);
  const events = createEventRecorder({
    api,
    component: "kubelet",
    host: nodeName,
    clock,
    log,
    signal,
  });
  const runtime = openProcessRuntime({
    node: namespace,
    nodeIps,
    podCidrs: options.podCidrs.map(requireCidr),
    dir: runtimeDir,
    hiddenPaths: options.hiddenPaths ?? [],
    clock,
  });
  const context: NodeContext = {
    nodeName,
    nodeIps,
    podsDir: join(runtimeDir, "pods"),
    api,
    runtime,
    events,
    clock,
    random: options.random,
    turns: options.turns ?? new Turns(),
    log,
    signal,
    services: informers.informer(services),
    sockets: namespace.sockets,
    images: options.images === undefined ? [builtInImages] : [options.images, builtInImages],
    programs: lazyPrograms(join(runtimeDir, "programs")),
    resolver: {
      host: options.hostResolver ?? parseResolverFile(readIfThere("/etc/resolv.conf")),
      clusterDns: options.clusterDns,
      clusterDomain: options.clusterDomain,
    },
    hostsFile: readIfThere("/etc/hosts"),
    nameServiceSwitch: nameServiceSwitch(readIfThere("/etc/nsswitch.conf")),
    allocatable: resourcesOf(facts),
  };
  const manager = new PodManager(context);
  const heartbeat = { api, clock, log, events, signal };
  const ready = Promise.all([
    registerNode(facts, heartbeat),
    serveAgent({ namespace, nodeIps, certs: options.certs, manager, clock, log, signal }),
  ]).then(() => {});
  const work = Promise.allSettled([
    ready.then(() => keepNode(facts, heartbeat)),
    // The pods of an earlier sandbox start all at once: the node shall be Ready before.
    ready.then(() => runPods(context, manager, informers)),
  ]);
  return {
    ready,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await work;
      await runtime[Symbol.asyncDispose]();
    },
  };
}

async function runPods(
  node: NodeContext,
  manager: PodManager,
  informers: Informers,
): Promise<void> {
  // A container must not start before it can be told of all Services.
  await node.services.whenSynced(node.signal);
  await manager.run(informers.informer(pods, { fieldSelector: `spec.nodeName=${node.nodeName}` }));
}

function nodeFacts(options: NodeAgentOptions): NodeFacts {
  const { nodeName, nodeIps, podCidrs, labels = {} } = options;
  const disk = statfsSync("/");
  const osRelease = readIfThere("/etc/os-release");
  return {
    nodeName,
    nodeIps,
    podCidrs,
    labels,
    cpus: cpus().length,
    memoryBytes: totalmem(),
    diskBytes: disk.bsize * disk.blocks,
    architecture: arch(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? "Linux",
    machineId: readIfThere("/etc/machine-id").trim(),
    bootId: readIfThere("/proc/sys/kernel/random/boot_id").trim(),
  };
}

function requireCidr(text: string) {
  const range = parseCidr(text);
  if (range !== undefined) return range;
  throw new PortolanError("BAD_POD_CIDR", `Cannot run a node: its pod range "${text}" is no CIDR`);
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The host's file, but names of machines come from the hosts file and DNS alone, as in any container image. */
function nameServiceSwitch(hostFile: string): string {
  const others = hostFile.split("\n").filter((line) => !/^\s*hosts:/.test(line) && line !== "");
  return `${[...others, "hosts: files dns"].join("\n")}\n`;
}
