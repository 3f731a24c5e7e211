import { leases, nodes, pods } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Node, Pod } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import { formatTime } from "../../lib/clock.ts";
import type { ControllerContext } from "../controller.ts";
import { recorderOf, runLoop } from "../controller.ts";
import { isFinished, isReady, isTerminating } from "../pods.ts";
import { evictionMs, healthTaint, readiness, silentConditions, wantedTaints } from "./plan.ts";

export interface NodeLifecycleOptions {
  /** How long a node may be silent before its pods are taken out of service; 40 s unless told. */
  readonly graceMs?: number;
  /** How often silence is looked for; 5 s unless told. */
  readonly periodMs?: number;
}

const GRACE_MS = 40_000;
const PERIOD_MS = 5_000;
const LEASE_NAMESPACE = "kube-node-lease";
/** Nodes that begin to lose their pods are at least this far apart (0.1 a second). */
const EVICTION_INTERVAL_MS = 10_000;
/** With more than this share of nodes unwell the fault is more likely ours or the network's: nobody is moved. */
const UNWELL_SHARE_MAX = 0.55;

/** Takes nodes that went silent out of service: their conditions, their taints, their pods. */
export async function runNodeLifecycle(
  context: ControllerContext,
  options: NodeLifecycleOptions = {},
): Promise<void> {
  const { api, informers, clock } = context;
  const { graceMs = GRACE_MS, periodMs = PERIOD_MS } = options;
  const nodeCache = informers.informer(nodes);
  const leaseCache = informers.informer(leases, { namespace: LEASE_NAMESPACE });
  const podCache = informers.informer(pods);
  const podsByNode = indexBy(podCache, ({ spec }) => (spec?.nodeName ? [spec.nodeName] : []));
  /** The last sign of life of each node and when we saw it: clocks of machines are never compared. */
  const signs = new Map<string, { readonly sign: string; readonly seenMs: number }>();
  const wasReady = new Set<string>();
  let lastEvictionMs = Number.NEGATIVE_INFINITY;
  const recorder = recorderOf(context, "node-controller");

  async function work(name: string): Promise<WorkResult> {
    const node = nodeCache.get(name);
    if (node === undefined) {
      signs.delete(name);
      wasReady.delete(name);
      return undefined;
    }
    const judged = await judge(node);
    await taint(judged);
    if (readiness(judged) === "True") wasReady.add(name);
    else {
      const isTransition = wasReady.delete(name);
      if (isTransition) tellNotReady(judged);
      if (isTransition || readiness(judged) === "Unknown") await markPodsUnready(judged);
    }
    await evict(judged);
    return { againAfterMs: periodMs };
  }

  /** The node as it is known now: marked as unknown if it has been silent for too long. */
  async function judge(node: Node): Promise<Node> {
    const name = node.metadata.name ?? "";
    const lease = leaseCache.get(`${LEASE_NAMESPACE}/${name}`);
    const heartbeats = (node.status?.conditions ?? []).map((known) => known.lastHeartbeatTime);
    const sign = JSON.stringify([lease?.spec?.renewTime, heartbeats]);
    const nowMs = clock.monotonicMs();
    if (signs.get(name)?.sign !== sign) signs.set(name, { sign, seenMs: nowMs });
    const seenMs = signs.get(name)?.seenMs ?? nowMs;
    if (nowMs - seenMs < graceMs) return node;
    const conditions = silentConditions(node, clock.now());
    if (semanticEqual(conditions, node.status?.conditions)) return node;
    const silent = { ...node, status: { ...node.status, conditions } };
    return await api.update(nodes, silent, "status");
  }

  async function taint(node: Node): Promise<void> {
    const nowMs = clock.monotonicMs();
    const mayEvict = nowMs - lastEvictionMs >= EVICTION_INTERVAL_MS && !isCommonTrouble();
    const taints = wantedTaints(node, mayEvict, clock.now());
    if (taints === undefined) return;
    const isEvicting = taints.some(
      ({ key, effect }) => effect === "NoExecute" && key === healthTaint(node),
    );
    if (isEvicting) lastEvictionMs = nowMs;
    const { name = "", resourceVersion } = node.metadata;
    // The version makes the list, which a merge patch replaces as a whole, safe against other writers.
    const body = { metadata: { resourceVersion }, spec: { taints } };
    await api.patch(nodes, { name }, { type: "merge", body });
  }

  function isCommonTrouble(): boolean {
    const all = nodeCache.list();
    const unwell = all.filter((node) => readiness(node) !== "True");
    return unwell.length / all.length > UNWELL_SHARE_MAX;
  }

  function tellNotReady(node: Node): void {
    const message = `Node ${node.metadata.name} status is now: NodeNotReady`;
    recorder.record(node, { type: "Normal", reason: "NodeNotReady", message });
  }

  /** Takes the node's pods out of all Services; its agent, should it live, says otherwise in due time. */
  async function markPodsUnready(node: Node): Promise<void> {
    const ready = podsByNode.get(node.metadata.name ?? "").filter(isReady);
    await Promise.all(
      ready.map(async (pod) => {
        const condition = {
          type: "Ready",
          status: "False",
          reason: "NodeNotReady",
          message: "Node is not ready",
          lastTransitionTime: formatTime(clock.now()),
        };
        const body = { metadata: { uid: pod.metadata.uid }, status: { conditions: [condition] } };
        await patchPodStatus(pod, body);
        const message = "Node is not ready";
        recorder.record(pod, { type: "Warning", reason: "NodeNotReady", message });
      }),
    );
  }

  async function patchPodStatus(pod: Pod, body: unknown): Promise<void> {
    try {
      const patch = { type: "strategic", body, subresource: "status" } as const;
      await api.patch(pods, nameOfKey(keyOf(pod)), patch);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async function evict(node: Node): Promise<void> {
    const taints = node.spec?.taints ?? [];
    for (const pod of podsByNode.get(node.metadata.name ?? "")) {
      const atMs = evictionMs(pod, taints);
      if (atMs === undefined || atMs > clock.now() || isTerminating(pod) || isFinished(pod))
        continue;
      const { name = "", namespace = "", uid } = pod.metadata;
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      const message = `Marking for deletion Pod ${keyOf(pod)}`;
      recorder.record(pod, { type: "Normal", reason: "TaintManagerEviction", message });
      try {
        await api.delete(pods, { namespace, name }, preconditions);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  await runLoop(context, {
    name: "node-lifecycle-controller",
    caches: [nodeCache, leaseCache, podCache],
    work,
    wake: (queue) => {
      nodeCache.subscribe(({ object }) => queue.add(keyOf(object)));
    },
  });
}
