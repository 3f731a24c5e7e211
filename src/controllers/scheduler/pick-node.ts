import type {
  Node,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  Taint,
} from "../../api/types.ts";
import { tolerates } from "../taints.ts";

export interface PickInput {
  readonly pod: Pod;
  readonly nodes: readonly Node[];
  /** How full a node is, counting pods that were only just bound to it. */
  readonly loadOf: (nodeName: string) => NodeLoad;
  /** In [0, 1); decides between equals. */
  readonly random: () => number;
}

export interface NodeLoad {
  readonly pods: number;
  /** Pods with the same controller as the pod to place. */
  readonly siblings: number;
}

/** A node, or why there is none, in the words of Kubernetes' scheduler. */
export type Pick =
  | { readonly type: "node"; readonly name: string }
  | { readonly type: "none"; readonly message: string };

/** Pods a node takes unless it says otherwise (the kubelet's figure). */
const PODS_MAX = 110;

/**
 * The node for a pod: of those that may take it the one with the fewest pods of the same owner, then with the fewest
 * pods at all. So replicas spread over nodes as evenly as they can.
 */
export function pickNode({ pod, nodes, loadOf, random }: PickInput): Pick {
  const reasons = new Map<string, number>();
  let best: { readonly name: string; readonly rank: readonly number[] } | undefined;
  for (const node of nodes) {
    const name = node.metadata.name ?? "";
    const load = loadOf(name);
    const obstacle = obstacleOn(node, pod, load);
    if (obstacle !== undefined) {
      reasons.set(obstacle, (reasons.get(obstacle) ?? 0) + 1);
      continue;
    }
    const soft = softTaints(node, pod);
    const rank = [load.siblings, soft, load.pods, random()];
    if (best === undefined || isBefore(rank, best.rank)) best = { name, rank };
  }
  if (best !== undefined) return { type: "node", name: best.name };
  const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const why = counts.length === 0 ? "no nodes available to schedule pods" : `${counts.join(", ")}.`;
  if (nodes.length === 0) return { type: "none", message: why };
  return { type: "none", message: `0/${nodes.length} nodes are available: ${why}` };
}

/** Why this node cannot take the pod; undefined when it can. */
function obstacleOn(node: Node, pod: Pod, load: NodeLoad): string | undefined {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  if (node.spec?.unschedulable === true && !tolerates(pod, unschedulableTaint)) {
    return "node(s) were unschedulable";
  }
  const taint = blockingTaints(node).find((candidate) => !tolerates(pod, candidate));
  if (taint !== undefined) {
    return `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ""}}`;
  }
  if (ready?.status !== "True" && !tolerates(pod, notReadyTaint)) return "node(s) were not ready";
  if (!matchesNodeSelection(node, pod)) {
    return "node(s) didn't match Pod's node affinity/selector";
  }
  if (load.pods >= Number(node.status?.allocatable?.["pods"] ?? PODS_MAX)) return "Too many pods";
  return undefined;
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

/** `nodeSelector` and required node affinity; of the affinity's terms one must hold. */
function matchesNodeSelection(node: Node, pod: Pod): boolean {
  const labels = node.metadata.labels ?? {};
  const selector = Object.entries(pod.spec?.nodeSelector ?? {});
  if (!selector.every(([key, value]) => labels[key] === value)) return false;
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return (required.nodeSelectorTerms ?? []).some((term) => matchesTerm(node, term));
}

function matchesTerm(node: Node, { matchExpressions = [], matchFields = [] }: NodeSelectorTerm) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  const labels = node.metadata.labels ?? {};
  const fields = { "metadata.name": node.metadata.name ?? "" };
  return (
    matchExpressions.every((requirement) => holds(requirement, labels)) &&
    matchFields.every((requirement) => holds(requirement, fields))
  );
}

function holds(
  { key, operator, values = [] }: NodeSelectorRequirement,
  of: Readonly<Record<string, string>>,
): boolean {
  const value = of[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function isBefore(a: readonly number[], b: readonly number[]): boolean {
  for (const [index, rank] of a.entries()) {
    const other = b[index] ?? 0;
    if (rank !== other) return rank < other;
  }
  return false;
}
