import type { Node, Pod, Taint } from "../../api/types.ts";
import { controllerOf } from "../owners.ts";
import { isTerminating } from "../pods.ts";
import { tolerates } from "../taints.ts";
import type { NeighbourRules, Surroundings } from "./neighbours.ts";
import { neighbourRules } from "./neighbours.ts";
import { matchesNodeSelection, nodePreference } from "./node-affinity.ts";
import type { Obstacle } from "./obstacle.ts";
import { forGood } from "./obstacle.ts";
import { lackingRoom } from "./room.ts";

export interface PickInput extends Surroundings {
  readonly pod: Pod;
  /** In [0, 1); decides between equals. */
  readonly random: () => number;
}

/** A node, or why there is none, in the words of Kubernetes' scheduler. */
export type Pick =
  | { readonly type: "node"; readonly name: string }
  | { readonly type: "none"; readonly message: string };

/**
 * The node for a pod: of those that may take it the one that it and the pods around it like best, then the one with the
 * fewest pods to be spread from, with the fewest of the same owner, with the fewest pods at all. So replicas spread over
 * nodes as evenly as they can.
 */
export function pickNode(input: PickInput): Pick {
  const { pod, nodes, podsOn, random } = input;
  const neighbours = neighbourRules(pod, input);
  const reasons = new Map<string, number>();
  const evictions = new Map<string, number>();
  let best: { readonly name: string; readonly rank: readonly number[] } | undefined;
  for (const node of nodes) {
    const name = node.metadata.name ?? "";
    const present = podsOn(name);
    const obstacle = obstacleOn(node, pod, present, neighbours);
    if (obstacle !== undefined) {
      for (const reason of obstacle.reasons) count(reasons, reason);
      count(evictions, obstacle.isForGood ? EVICTION_IS_NO_HELP : NOBODY_TO_EVICT);
      continue;
    }
    const rank = [
      -nodePreference(node, pod) - neighbours.preference(node),
      neighbours.crowd(node),
      siblingsAmong(present, pod),
      softTaints(node, pod),
      present.length,
      random(),
    ];
    if (best === undefined || isBefore(rank, best.rank)) best = { name, rank };
  }
  if (best !== undefined) return { type: "node", name: best.name };
  if (nodes.length === 0) return { type: "none", message: "no nodes available to schedule pods" };
  const told = (counts: Counts) => `0/${nodes.length} nodes are available: ${listOf(counts)}.`;
  return { type: "none", message: `${told(reasons)} preemption: ${told(evictions)}` };
}

/** What Kubernetes adds to its reasons. Pods have no priorities here, so there never is one to give way to another. */
const EVICTION_IS_NO_HELP = "Preemption is not helpful for scheduling";
const NOBODY_TO_EVICT = "No preemption victims found for incoming pod";

type Counts = Map<string, number>;

function count(counts: Counts, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function listOf(counts: Counts): string {
  return [...counts]
    .map(([what, times]) => `${times} ${what}`)
    .sort()
    .join(", ");
}

/** Why this node cannot take the pod: the first kind of obstacle, as Kubernetes tells it; undefined when it can. */
function obstacleOn(
  node: Node,
  pod: Pod,
  present: readonly Pod[],
  neighbours: NeighbourRules,
): Obstacle | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (node.spec?.unschedulable === true && !tolerates(pod, unschedulableTaint)) {
    return forGood("node(s) were unschedulable");
  }
  const taint = blockingTaints(node).find((candidate) => !tolerates(pod, candidate));
  if (taint !== undefined) {
    return forGood(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`);
  }
  if (ready?.status !== "True" && !tolerates(pod, notReadyTaint)) {
    return forGood("node(s) were not ready");
  }
  if (!matchesNodeSelection(node, pod)) {
    return forGood("node(s) didn't match Pod's node affinity/selector");
  }
  return lackingRoom(node, pod, present) ?? neighbours.obstacleOn(node);
}

function siblingsAmong(present: readonly Pod[], pod: Pod): number {
  const owner = controllerOf(pod)?.uid;
  if (owner === undefined) return 0;
  return present.filter((other) => !isTerminating(other) && controllerOf(other)?.uid === owner)
    .length;
}

const unschedulableTaint: Taint = {
  key: "node.kubernetes.io/unschedulable",
  effect: "NoSchedule",
};
const notReadyTaint: Taint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" };

function blockingTaints(node: Node): readonly Taint[] {
  return (node.spec?.taints ?? []).filter(
    ({ effect }) => effect === "NoSchedule" || effect === "NoExecute",
  );
}

/** How many taints ask, without insisting, to go elsewhere. */
function softTaints(node: Node, pod: Pod): number {
  const soft = (node.spec?.taints ?? []).filter(({ effect }) => effect === "PreferNoSchedule");
  return soft.filter((taint) => !tolerates(pod, taint)).length;
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, rank] of a.entries()) {
    const other = b[index] ?? 0;
    if (rank !== other) return rank < other;
  }
  return false;
}
