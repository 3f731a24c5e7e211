import { Server, type Socket } from "node:net";
import process from "node:process";
import type { Cluster, ClusterSettings } from "../daemon/cluster.ts";
import type { NodeSettings } from "../daemon/node.ts";
import { hostSockets } from "../kernel/host-sockets.ts";
import { systemClock } from "../lib/clock.ts";
import { describeError, errorCode, PortolanError } from "../lib/errors.ts";
import { createLogger, type Logger } from "../lib/log.ts";
import { type AddressPlan, planAddresses } from "./address-plan.ts";
import { dataDirPaths } from "./data-dir.ts";
import { createFabric, type Fabric } from "./fabric.ts";
import { GateSockets } from "./gate-sockets.ts";
import { parseOrder, type Report } from "./messages.ts";
import { mountPrivate } from "./private-mounts.ts";
import { SandboxError } from "./sandbox-error.ts";
import { readOptionArguments, type SandboxOptions } from "./sandbox-options.ts";
import { shedMemory } from "./shed-memory.ts";

/** What this room knows of a cluster. */
export type SandboxSettings = Omit<ClusterSettings, "credentials">;

/** Starts API, controllers and nodes in this process, on a network that is there. */
export type StartCluster = (settings: SandboxSettings) => Cluster;

/** Where pods reach the API, on the fabric's first address. */
const API_PORT_INSIDE = 6443;

/**
 * The program inside the sandbox's namespaces: builds the fabric, then starts the cluster on it. It lives as long
 * as its channel to the gate: an inside without a gate would be a sandbox that nobody can stop.
 */
export async function runInside(startCluster: StartCluster): Promise<void> {
  const options = readOptionArguments(process.argv);
  const log = createLogger({
    room: "sandbox",
    level: options.logLevel,
    now: systemClock.now,
    write: (line) => process.stderr.write(line),
  });
  const gate = openGate();
  const abort = new AbortController();
  process.once("disconnect", () => process.exit(1));
  // The gate may have died while the modules were loading.
  if (!process.connected) process.exit(1);
  process.once("uncaughtException", (error) => fail(gate, log, error));
  try {
    const cluster = await start({ options, log, gate, signal: abort.signal, startCluster });
    gate.onClose(() => void close({ cluster, log, abort }));
    await cluster.ready;
    gate.report({ type: "ready", apiPort: options.apiPort });
    await shedMemory(abort.signal, log);
  } catch (error) {
    fail(gate, log, error);
  }
}

interface Gate {
  readonly sockets: GateSockets;
  report(report: Report): void;
  /** The listener that the gate made for the API. */
  readonly apiListener: Promise<Server>;
  /** Calls back when the gate wants an end; at once if it has said so already. */
  onClose(callback: () => void): void;
}

function openGate(): Gate {
  const send = (message: object) => process.send?.(message);
  const sockets = new GateSockets(send);
  const api = Promise.withResolvers<Server>();
  // An end that is wanted before the cluster is there needs no care: nothing has been acknowledged yet.
  let close: () => void = () => process.exit(0);
  process.on("message", (message: unknown, handle: unknown) => {
    const order = parseOrder(message);
    if (order?.type === "api" && handle instanceof Server) api.resolve(refuseEarly(handle));
    else if (order?.type === "close") close();
    else if (order !== undefined) sockets.accept(order, handle);
  });
  return {
    sockets,
    report: send,
    apiListener: api.promise,
    onClose: (callback) => {
      close = callback;
    },
  };
}

/** A listener that came over the channel accepts at once; until somebody serves it, callers are sent away. */
function refuseEarly(listener: Server): Server {
  const refuse = (socket: Socket) => socket.resetAndDestroy();
  listener.on("connection", refuse);
  return listener.on("newListener", (event) => {
    if (event === "connection") listener.off("connection", refuse);
  });
}

async function start(given: {
  readonly options: SandboxOptions;
  readonly log: Logger;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  readonly startCluster: StartCluster;
}): Promise<Cluster> {
  const { options, log, gate, signal, startCluster } = given;
  const plan = planAddresses(options);
  const { runtime } = dataDirPaths(options.dataDir);
  mountPrivate(runtime);
  const fabric = createFabric(plan, runtime);
  log.info("Built the fabric", { nodes: fabric.nodes.length });
  const apiListener = await gate.apiListener;
  const settings: SandboxSettings = {
    ...options,
    images: new Map(options.images),
    runtimeDir: runtime,
    apiListener,
    apiEndpoint: { host: plan.fabric[0]?.ip ?? "", port: API_PORT_INSIDE },
    sockets: hostSockets,
    hostSockets: gate.sockets,
    clusterNodes: clusterNodes(plan, fabric),
    clock: systemClock,
    signal,
  };
  return startCluster(settings);
}

function clusterNodes(plan: AddressPlan, fabric: Fabric): NodeSettings[] {
  return plan.nodes.flatMap((node, index) => {
    const namespace = fabric.nodes[index];
    if (namespace === undefined) return [];
    const ips = node.addresses.map(({ ip }) => ip);
    return [{ name: node.name, ips, podCidrs: node.podCidrs, namespace }];
  });
}

async function close(given: {
  readonly cluster: Cluster;
  readonly log: Logger;
  readonly abort: AbortController;
}): Promise<void> {
  const { cluster, log, abort } = given;
  try {
    await cluster.close();
    abort.abort();
    process.exit(0);
  } catch (error) {
    log.error("Closing failed", { reason: describeError(error) });
    process.exit(1);
  }
}

/** Tells the gate why, so that the person at the terminal reads it, and ends once the message has gone. */
function fail(gate: Gate, log: Logger, error: unknown): void {
  log.error("The sandbox failed", {
    reason: describeError(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  gate.report({
    type: "failed",
    code: error instanceof PortolanError ? error.code : (errorCode(error) ?? "START_FAILED"),
    message: describeError(error),
    remedy: error instanceof SandboxError ? error.remedy : "",
  });
  setTimeout(() => process.exit(1), 50);
}
