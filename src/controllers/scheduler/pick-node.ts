import type { Node, Pod, Taint } from "../../api/types.ts";
import { controllerOf } from "../owners.ts";
import { isTerminating } from "../pods.ts";
import { tolerates } from "../taints.ts";
import type { NeighbourRules, Surroundings } from "./neighbours.ts";
import { neighbourRules } from "./neighbours.ts";
import { matchesNodeSelection, nodePreference } from "./node-affinity.ts";
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
  let best: { readonly name: string; readonly rank: readonly number[] } | undefined;
  for (const node of nodes) {
    const name = node.metadata.name ?? "";
    const present = podsOn(name);
    const obstacles = obstaclesOn(node, pod, present, neighbours);
    for (const obstacle of obstacles) reasons.set(obstacle, (reasons.get(obstacle) ?? 0) + 1);
    if (obstacles.length > 0) continue;
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
  const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const why = counts.length === 0 ? "no nodes available to schedule pods" : `${counts.join(", ")}.`;
  if (nodes.length === 0) return { type: "none", message: why };
  return { type: "none", message: `0/${nodes.length} nodes are available: ${why}` };
}

/** Why this node cannot take the pod: the first kind of obstacle, as Kubernetes tells it; none when it can. */
function obstaclesOn(
  node: Node,
  pod: Pod,
  present: readonly Pod[],
  neighbours: NeighbourRules,
): readonly string[] {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (node.spec?.unschedulable === true && !tolerates(pod, unschedulableTaint)) {
    return ["node(s) were unschedulable"];
  }
  const taint = blockingTaints(node).find((candidate) => !tolerates(pod, candidate));
  if (taint !== undefined) {
    return [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`];
  }
  if (ready?.status !== "True" && !tolerates(pod, notReadyTaint)) return ["node(s) were not ready"];
  if (!matchesNodeSelection(node, pod)) {
    return ["node(s) didn't match Pod's node affinity/selector"];
  }
  const lacking = lackingRoom(node, pod, present);
  if (lacking.length > 0) return lacking;
  const obstacle = neighbours.obstacleOn(node);
  return obstacle === undefined ? [] : [obstacle];
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
