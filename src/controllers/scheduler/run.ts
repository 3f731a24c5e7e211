import { nodes, pods } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Node, Pod } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import { formatTime } from "../../lib/clock.ts";
import type { ControllerContext } from "../controller.ts";
import { recorderOf, runLoop } from "../controller.ts";
import { controllerOf } from "../owners.ts";
import { conditionOf, isFinished, isTerminating } from "../pods.ts";
import { pickNode } from "./pick-node.ts";

const SCHEDULER_NAME = "default-scheduler";
/** A pod that fits nowhere is tried again after this at the latest, should an event be missed. */
const RETRY_MS = 60_000;

/** Gives each waiting pod a node. */
export async function runScheduler(context: ControllerContext): Promise<void> {
  const { api, informers, clock, random } = context;
  const podCache = informers.informer(pods);
  const nodeCache = informers.informer(nodes);
  const podsByNode = indexBy(podCache, (pod) => (isFinished(pod) ? [] : nodeOf(pod)));
  /** Where pods were put that the cache still shows without a node, by uid. */
  const assumed = new Map<string, { readonly pod: Pod; readonly nodeName: string }>();
  const unschedulable = new Set<string>();
  const recorder = recorderOf(context, SCHEDULER_NAME);

  async function work(key: string): Promise<WorkResult> {
    unschedulable.delete(key);
    const pod = podCache.get(key);
    if (pod === undefined || !isWaiting(pod) || assumed.has(uidOf(pod))) return undefined;
    const pick = pickNode({ pod, nodes: nodeCache.list(), random, loadOf: loadFor(pod) });
    if (pick.type === "none") {
      unschedulable.add(key);
      await tellUnschedulable(pod, pick.message);
      return { againAfterMs: RETRY_MS };
    }
    await bind(pod, pick.name);
    return undefined;
  }

  function loadFor(pod: Pod) {
    const owner = controllerOf(pod)?.uid;
    return (nodeName: string) => {
      const bound = podsByNode.get(nodeName);
      const justBound = [...assumed.values()]
        .filter((binding) => binding.nodeName === nodeName)
        .map((binding) => binding.pod);
      const all = [...bound, ...justBound];
      const siblings = all.filter(
        (other) =>
          owner !== undefined && !isTerminating(other) && controllerOf(other)?.uid === owner,
      );
      return { pods: all.length, siblings: siblings.length };
    };
  }

  async function bind(pod: Pod, nodeName: string): Promise<void> {
    const name = nameOfKey(keyOf(pod));
    const uid = uidOf(pod);
    assumed.set(uid, { pod, nodeName });
    try {
      await api.createSubresource(pods, name, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { ...name, uid },
        target: { apiVersion: "v1", kind: "Node", name: nodeName },
      });
    } catch (error) {
      assumed.delete(uid);
      if (isNotFound(error)) return; // Deleted meanwhile.
      throw error;
    }
    // The cache may have been faster than the answer.
    if (nodeOf(podCache.get(keyOf(pod)) ?? pod).length > 0) assumed.delete(uid);
    const message = `Successfully assigned ${keyOf(pod)} to ${nodeName}`;
    recorder.record(pod, { type: "Normal", reason: "Scheduled", message });
  }

  async function tellUnschedulable(pod: Pod, message: string): Promise<void> {
    recorder.record(pod, { type: "Warning", reason: "FailedScheduling", message });
    const known = conditionOf(pod, "PodScheduled");
    if (known?.status === "False" && known.message === message) return;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: known?.lastTransitionTime ?? formatTime(clock.now()),
    };
    await api.patch(pods, nameOfKey(keyOf(pod)), {
      type: "strategic",
      body: { metadata: { uid: uidOf(pod) }, status: { conditions: [condition] } },
      subresource: "status",
    });
  }

  await runLoop(context, {
    name: SCHEDULER_NAME,
    caches: [podCache, nodeCache],
    queue: { workers: 16 },
    work,
    wake: (queue) => {
      podCache.subscribe((change) => {
        const { type, object } = change;
        if (type === "DELETED" || nodeOf(object).length > 0) assumed.delete(uidOf(object));
        if (type === "DELETED") {
          unschedulable.delete(keyOf(object));
          if (nodeOf(object).length > 0) retryAll(); // There is room again.
          return;
        }
        const isOurStatus = type === "MODIFIED" && semanticEqual(change.previous.spec, object.spec);
        if (isWaiting(object) && !isOurStatus) queue.add(keyOf(object));
      });
      nodeCache.subscribe((change) => {
        if (change.type === "ADDED") retryAll();
        if (change.type === "MODIFIED" && !isSameToScheduler(change.previous, change.object)) {
          retryAll();
        }
      });
      function retryAll(): void {
        for (const key of unschedulable) queue.add(key);
      }
    },
  });
}

function isWaiting(pod: Pod): boolean {
  const { nodeName = "", schedulerName = SCHEDULER_NAME, schedulingGates = [] } = pod.spec ?? {};
  const isOurs = schedulerName === SCHEDULER_NAME && schedulingGates.length === 0;
  return nodeName === "" && isOurs && !isFinished(pod) && !isTerminating(pod);
}

function nodeOf(pod: Pod): readonly string[] {
  const { nodeName = "" } = pod.spec ?? {};
  return nodeName === "" ? [] : [nodeName];
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}

/** Whether a node means the same to pods that wait for one; its heartbeats do not count. */
function isSameToScheduler(before: Node, after: Node): boolean {
  const view = (node: Node) => [
    node.metadata.labels,
    node.spec,
    node.status?.allocatable,
    node.status?.conditions?.find(({ type }) => type === "Ready")?.status,
  ];
  return semanticEqual(view(before), view(after));
}
