import { nodes, pods } from "../../api/resource.ts";
import type { Pod } from "../../api/types.ts";
import type { ControllerContext } from "../controller.ts";
import { runLoop } from "../controller.ts";
import { deleteExactly } from "../delete-exactly.ts";
import { isFinished, isTerminating } from "../pods.ts";

export interface PodGcOptions {
  /** Finished pods kept; 12,500 unless told (kube-controller-manager's figure). */
  readonly finishedMax?: number;
}

const FINISHED_MAX = 12_500;
const PERIOD_MS = 20_000;
/** How long a node has to be gone before its pods are; it may only be registering again. */
const NODE_GONE_MS = 40_000;

export interface PodGcInput {
  readonly pods: readonly Pod[];
  readonly hasNode: (name: string) => boolean;
  /** Since when each missing node has been missed; epoch milliseconds. */
  readonly missedSinceMs: ReadonlyMap<string, number>;
  readonly finishedMax: number;
  readonly nowMs: number;
}

/** Pods nobody will end otherwise: on nodes that are gone, deleted before they had a node, or finished and too many. */
export function garbagePods(input: PodGcInput): Pod[] {
  const { hasNode, missedSinceMs, finishedMax, nowMs } = input;
  const orphaned = input.pods.filter(({ spec }) => {
    const { nodeName = "" } = spec ?? {};
    if (nodeName === "" || hasNode(nodeName)) return false;
    return nowMs - (missedSinceMs.get(nodeName) ?? nowMs) >= NODE_GONE_MS;
  });
  const neverBound = input.pods.filter(
    (pod) => isTerminating(pod) && (pod.spec?.nodeName ?? "") === "",
  );
  const finished = input.pods
    .filter((pod) => isFinished(pod) && !isTerminating(pod))
    .sort((a, b) => (createdAt(a) < createdAt(b) ? -1 : 1));
  const surplus = finished.slice(0, Math.max(0, finished.length - finishedMax));
  return [...new Set([...orphaned, ...neverBound, ...surplus])];
}

/** Removes pods that nobody else will. */
export async function runPodGc(
  context: ControllerContext,
  options: PodGcOptions = {},
): Promise<void> {
  const { api, informers, clock } = context;
  const podCache = informers.informer(pods);
  const nodeCache = informers.informer(nodes);
  const missedSinceMs = new Map<string, number>();

  async function work() {
    const nowMs = clock.now();
    const used = new Set(podCache.list().flatMap(({ spec }) => spec?.nodeName || []));
    const hasNode = (name: string) => nodeCache.get(name) !== undefined;
    for (const name of missedSinceMs.keys()) {
      if (hasNode(name) || !used.has(name)) missedSinceMs.delete(name);
    }
    for (const name of used) {
      if (!hasNode(name) && !missedSinceMs.has(name)) missedSinceMs.set(name, nowMs);
    }
    const garbage = garbagePods({
      pods: podCache.list(),
      hasNode,
      missedSinceMs,
      finishedMax: options.finishedMax ?? FINISHED_MAX,
      nowMs,
    });
    for (const pod of garbage) await deleteExactly(api, pods, pod, { gracePeriodSeconds: 0 });
    return { againAfterMs: PERIOD_MS };
  }

  await runLoop(context, {
    name: "pod-garbage-collector",
    caches: [podCache, nodeCache],
    work,
    wake: (queue) => queue.add("pods"),
  });
}

function createdAt({ metadata }: Pod): string {
  return metadata.creationTimestamp ?? "";
}
