import { labelSelectorOf } from "../../api/selectors.ts";
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { conditionOf, isActive, isAvailable, isReady, isTerminating } from "../pods.ts";

/** Pods made or removed in one sync at most (kube-controller-manager's figure). */
const BURST_MAX = 500;

export interface ReplicaPlan {
  readonly create: number;
  readonly remove: readonly Pod[];
}

export interface ReplicaInput {
  readonly replicaSet: ReplicaSet;
  /** The pods it owns, in any state. */
  readonly pods: readonly Pod[];
  /** How many pods of the same family (such as all of one Deployment) a node has. */
  readonly siblingsOn: (nodeName: string) => number;
  readonly nowMs: number;
}

/** How many pods to make, or which to remove. Those that ended or are on their way out do not count. */
export function planReplicas({ replicaSet, pods, siblingsOn, nowMs }: ReplicaInput): ReplicaPlan {
  const active = pods.filter(isActive);
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length;
  if (missing >= 0) return { create: Math.min(missing, BURST_MAX), remove: [] };
  const count = Math.min(-missing, BURST_MAX);
  const ranks = new Map(active.map((pod) => [pod, deletionRank(pod, siblingsOn, nowMs)]));
  const byRank = active.toSorted((a, b) => compareRanks(ranks.get(a) ?? [], ranks.get(b) ?? []));
  return { create: 0, remove: byRank.slice(0, count) };
}

/** What goes first when pods are too many; smaller goes first, earlier entries weigh more. */
function deletionRank(
  pod: Pod,
  siblingsOn: (nodeName: string) => number,
  nowMs: number,
): readonly number[] {
  const { nodeName = "" } = pod.spec ?? {};
  const phases: readonly string[] = ["Pending", "Unknown", "Running"];
  const ready = isReady(pod);
  const readySince = Date.parse(conditionOf(pod, "Ready")?.lastTransitionTime ?? "");
  const created = Date.parse(pod.metadata.creationTimestamp ?? "");
  const restarts = (pod.status?.containerStatuses ?? []).map((status) => status.restartCount ?? 0);
  return [
    nodeName === "" ? 0 : 1,
    phases.indexOf(pod.status?.phase ?? "Pending"),
    ready ? 1 : 0,
    deletionCost(pod),
    nodeName === "" ? 0 : -siblingsOn(nodeName),
    ready ? logBucket(nowMs - readySince) : 0,
    -Math.max(0, ...restarts),
    logBucket(nowMs - created),
  ];
}

/** Ages of one order of magnitude count as equal, so that not always the youngest, on one node, go (KEP-2185). */
function logBucket(ageMs: number): number {
  return Number.isFinite(ageMs) && ageMs > 0 ? Math.floor(Math.log2(ageMs / 1000 + 1)) : 0;
}

/** The user's own order (KEP-2255). */
function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? "0";
  return /^-?\d{1,10}$/.test(text) ? Number(text) : 0;
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  for (const [index, rank] of a.entries()) {
    const difference = rank - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The status that follows from the pods (without the counts that are 0, as Kubernetes writes it); `failure` says why some could not be made or removed. */
export function replicaSetStatus(
  { replicaSet, pods, nowMs }: Omit<ReplicaInput, "siblingsOn">,
  failure: { readonly reason: string; readonly message: string } | undefined,
): ReplicaSetStatus {
  const { template, minReadySeconds = 0 } = replicaSet.spec ?? {};
  const active = pods.filter(isActive);
  const templateLabels = labelSelectorOf({ matchLabels: template?.metadata?.labels ?? {} });
  const labelled = active.filter((pod) => templateLabels.matches(pod.metadata.labels));
  const ready = active.filter(isReady).length;
  const available = active.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length;
  const terminating = pods.filter(isTerminating).length;
  const { generation } = replicaSet.metadata;
  const conditions = conditionsOf(replicaSet, failure, nowMs);
  return {
    replicas: active.length,
    ...(labelled.length === 0 ? {} : { fullyLabeledReplicas: labelled.length }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(terminating === 0 ? {} : { terminatingReplicas: terminating }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function conditionsOf(
  replicaSet: ReplicaSet,
  failure: { readonly reason: string; readonly message: string } | undefined,
  nowMs: number,
): ReplicaSetCondition[] {
  const conditions = replicaSet.status?.conditions ?? [];
  const others = conditions.filter(({ type }) => type !== "ReplicaFailure");
  if (failure === undefined) return others;
  const known = conditions.find(({ type }) => type === "ReplicaFailure");
  if (known?.reason === failure.reason) return [...conditions];
  return [
    ...others,
    { type: "ReplicaFailure", status: "True", lastTransitionTime: formatTime(nowMs), ...failure },
  ];
}
