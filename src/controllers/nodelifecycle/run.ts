import { leases, nodes, pods } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Lease, Node, Pod, PodCondition } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import type { Index } from "../../client/index-by.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatTime } from "../../lib/clock.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { recorderOf, runLoop } from "../controller.ts";
import { deleteExactly } from "../delete-exactly.ts";
import { isFinished, isReady, isTerminating } from "../pods.ts";
import { patienceMs } from "../taints.ts";
import {
  evictionIntervalMs,
  expelsPods,
  readiness,
  silentConditions,
  wantedTaints,
  wentSilent,
  zoneOf,
} from "./plan.ts";

export interface NodeLifecycleOptions {
  /** How long a node may be silent before its pods are taken out of service; 50 s unless told. */
  readonly graceMs?: number;
  /** The same for a node whose agent never spoke; 60 s unless told. */
  readonly startupGraceMs?: number;
  /** How often silence is looked for; 5 s unless told. */
  readonly periodMs?: number;
}

/** Kubernetes' node-monitor-grace-period since 1.32. */
const GRACE_MS = 50_000;
/** Kubernetes' node-startup-grace-period. */
const STARTUP_GRACE_MS = 60_000;
const PERIOD_MS = 5_000;
const LEASE_NAMESPACE = "kube-node-lease";

/** Takes nodes that went silent out of service: their conditions, their taints, their pods. */
export function runNodeLifecycle(
  context: ControllerContext,
  options: NodeLifecycleOptions = {},
): Promise<void> {
  return runLoop(context, new NodeLifecycleLoop(context, options));
}

/** The last sign of life of a node and when we saw it: clocks of machines are never compared. */
interface Sign {
  readonly text: string;
  readonly seenMs: number;
}

class NodeLifecycleLoop implements Loop {
  readonly name = "node-lifecycle-controller";
  readonly caches;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #evictions: EventRecorder;
  readonly #graceMs: number;
  readonly #startupGraceMs: number;
  readonly #periodMs: number;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #podsByNode: Index<Pod>;
  readonly #signs = new Map<string, Sign>();
  /** Nodes whose pods are to leave service once nobody hears of the node; assumed of those silent before our time. */
  readonly #inService = new Map<string, "seen" | "assumed">();
  /** Since when pods bear with their node's taints for a while, by node and uid. */
  readonly #patience = new Map<string, ReadonlyMap<string, number>>();
  /** By zone. */
  readonly #lastEvictionMs = new Map<string, number>();

  constructor(context: ControllerContext, options: NodeLifecycleOptions) {
    const { api, informers, clock } = context;
    this.#api = api;
    this.#clock = clock;
    this.#recorder = recorderOf(context, "node-controller");
    this.#evictions = recorderOf(context, "taint-eviction-controller");
    this.#graceMs = options.graceMs ?? GRACE_MS;
    this.#startupGraceMs = options.startupGraceMs ?? STARTUP_GRACE_MS;
    this.#periodMs = options.periodMs ?? PERIOD_MS;
    this.#nodes = informers.informer(nodes);
    this.#leases = informers.informer(leases, { namespace: LEASE_NAMESPACE });
    const podCache = informers.informer(pods);
    this.#podsByNode = indexBy(podCache, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
    this.caches = [this.#nodes, this.#leases, podCache];
  }

  wake(queue: WorkQueue): void {
    this.#nodes.subscribe(({ object }) => queue.add(keyOf(object)));
  }

  async work(name: string): Promise<WorkResult> {
    const node = this.#nodes.get(name);
    if (node === undefined) {
      this.#signs.delete(name);
      this.#patience.delete(name);
      this.#inService.delete(name);
      return undefined;
    }
    // A controller before this one may have ended between the node's mark and those of its pods.
    if (!this.#signs.has(name) && wentSilent(node)) this.#inService.set(name, "assumed");
    const judged = await this.#judge(node);
    await this.#taint(judged);
    if (wentSilent(judged)) await this.#takeOutOfService(judged);
    else if (readiness(judged) !== "Unknown") this.#inService.set(name, "seen");
    const nextMs = await this.#evict(judged);
    return { againAfterMs: Math.min(this.#periodMs, nextMs) };
  }

  /** The node as it is known now: marked as unknown if it has been silent for too long. */
  async #judge(node: Node): Promise<Node> {
    const { name = "" } = node.metadata;
    const lease = this.#leases.get(`${LEASE_NAMESPACE}/${name}`);
    const heartbeats = (node.status?.conditions ?? []).map((known) => known.lastHeartbeatTime);
    const text = JSON.stringify([lease?.spec?.renewTime, heartbeats]);
    const nowMs = this.#clock.monotonicMs();
    const known = this.#signs.get(name);
    const sign = known?.text === text ? known : { text, seenMs: nowMs };
    this.#signs.set(name, sign);
    const graceMs = readiness(node) === undefined ? this.#startupGraceMs : this.#graceMs;
    if (nowMs - sign.seenMs < graceMs) return node;
    const conditions = silentConditions(node, this.#clock.now());
    if (semanticEqual(conditions, node.status?.conditions)) return node;
    const silent = { ...node, status: { ...node.status, conditions } };
    return await this.#api.update(nodes, silent, "status");
  }

  async #taint(node: Node): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const zone = zoneOf(node);
    const lastMs = this.#lastEvictionMs.get(zone) ?? Number.NEGATIVE_INFINITY;
    const mayEvict = nowMs - lastMs >= evictionIntervalMs(this.#nodes.list(), zone);
    const taints = wantedTaints(node, mayEvict, this.#clock.now());
    if (taints === undefined) return;
    const begins = expelsPods(taints) && !expelsPods(node.spec?.taints ?? []);
    if (begins) this.#lastEvictionMs.set(zone, nowMs);
    const { name = "", resourceVersion } = node.metadata;
    // The version makes the list, which a merge patch replaces as a whole, safe against other writers.
    const body = { metadata: { resourceVersion }, spec: { taints } };
    await this.#api.patch(nodes, { name }, { type: "merge", body });
  }

  /** An agent that says itself that its node is not ready still answers for its pods; for one that is silent we do. */
  async #takeOutOfService(node: Node): Promise<void> {
    const { name = "" } = node.metadata;
    const service = this.#inService.get(name);
    if (service === undefined) return;
    await this.#markPodsUnready(name);
    this.#inService.delete(name);
    if (service === "seen") this.#tellNotReady(node);
  }

  #tellNotReady(node: Node): void {
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
    this.#recorder.record(node, { type: "Normal", reason: "NodeNotReady", message });
  }

  /**
   * Takes the node's pods out of all Services; its agent, should it live, says otherwise in due time. One after
   * the other: a large node's pods at one time would take all the writes that the API server has room for.
   */
  async #markPodsUnready(nodeName: string): Promise<void> {
    for (const pod of this.#podsByNode.get(nodeName).filter(isReady)) await this.#markUnready(pod);
  }

  async #markUnready(pod: Pod): Promise<void> {
    const message = "Node is not ready";
    const facts = { type: "Ready", status: "False", reason: "NodeNotReady", message };
    await this.#setCondition(pod, facts);
    this.#recorder.record(pod, { type: "Warning", reason: "NodeNotReady", message });
  }

  /** Deletes pods whose patience with the node's taints has run out; the wait until the next one's does. */
  async #evict(node: Node): Promise<number> {
    const { name = "" } = node.metadata;
    const nowMs = this.#clock.monotonicMs();
    const before = this.#patience.get(name);
    const patience = new Map<string, number>();
    this.#patience.set(name, patience);
    let nextMs = Number.POSITIVE_INFINITY;
    for (const pod of this.#podsByNode.get(name)) {
      const ownMs = patienceMs(pod, node.spec?.taints ?? []);
      if (ownMs === undefined || isTerminating(pod) || isFinished(pod)) continue;
      const { uid = "" } = pod.metadata;
      const sinceMs = before?.get(uid) ?? nowMs;
      patience.set(uid, sinceMs);
      const leftMs = sinceMs + ownMs - nowMs;
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs);
      else await this.#evictPod(pod);
    }
    return nextMs;
  }

  async #evictPod(pod: Pod): Promise<void> {
    const message = `Marking for deletion Pod ${keyOf(pod)}`;
    this.#evictions.record(pod, { type: "Normal", reason: "TaintManagerEviction", message });
    await this.#setCondition(pod, {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
    });
    await deleteExactly(this.#api, pods, pod);
  }

  /** Of a pod that is gone nothing is left to be said. */
  async #setCondition(pod: Pod, facts: Omit<PodCondition, "lastTransitionTime">): Promise<void> {
    const condition = { ...facts, lastTransitionTime: formatTime(this.#clock.now()) };
    const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
    try {
      const patch = { type: "strategic", body, subresource: "status" } as const;
      await this.#api.patch(pods, nameOfKey(keyOf(pod)), patch);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
