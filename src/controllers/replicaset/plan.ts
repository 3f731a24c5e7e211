import { labelSelectorOf } from "../../api/selectors.ts";
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { conditionOf, isActive, isAvailable, isReady } from "../pods.ts";

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
  const standings = active.map((pod) => standingOf(pod, siblingsOn));
  const order = standings.toSorted((a, b) => compareForRemoval(a, b, nowMs));
  return { create: 0, remove: order.slice(0, count).map(({ pod }) => pod) };
}

/** What decides how soon a pod goes when there are too many. */
interface Standing {
  readonly pod: Pod;
  /** Smaller goes first, earlier entries weigh more. */
  readonly ranks: readonly number[];
  /** Since when it is ready, in epoch milliseconds; Infinity if that is not known. */
  readonly readySinceMs: number;
  readonly createdMs: number;
  /** Of ordinary containers, and of sidecars. */
  readonly restarts: readonly number[];
}

function standingOf(pod: Pod, siblingsOn: (nodeName: string) => number): Standing {
  const { nodeName = "" } = pod.spec ?? {};
  const phases: readonly string[] = ["Pending", "Unknown", "Running"];
  return {
    pod,
    ranks: [
      nodeName === "" ? 0 : 1,
      phases.indexOf(pod.status?.phase ?? "Pending"),
      isReady(pod) ? 1 : 0,
      deletionCost(pod),
      nodeName === "" ? 0 : -siblingsOn(nodeName),
    ],
    readySinceMs: timeOf(conditionOf(pod, "Ready")?.lastTransitionTime),
    createdMs: timeOf(pod.metadata.creationTimestamp),
    restarts: restartsOf(pod),
  };
}

function compareForRemoval(a: Standing, b: Standing, nowMs: number): number {
  const since = (aMs: number, bMs: number) => {
    if (aMs === bMs) return 0;
    const magnitudes = magnitudeOf(nowMs - aMs) - magnitudeOf(nowMs - bMs);
    return magnitudes === 0 ? compareUids(a.pod, b.pod) : magnitudes;
  };
  return (
    compareRanks(a.ranks, b.ranks) ||
    (isReady(a.pod) ? since(a.readySinceMs, b.readySinceMs) : 0) ||
    compareRanks(b.restarts, a.restarts) ||
    since(a.createdMs, b.createdMs)
  );
}

/** Ages of one power of two count as equal, so that not always the youngest, on one node, go (KEP-2185). */
function magnitudeOf(ageMs: number): number {
  return ageMs > 0 ? Math.floor(Math.log2(ageMs * NANOSECONDS_PER_MS)) : -1;
}

/** Kubernetes counts ages in nanoseconds; the unit moves the borders between its powers of two. */
const NANOSECONDS_PER_MS = 1e6;

function compareUids(a: Pod, b: Pod): number {
  return (a.metadata.uid ?? "") < (b.metadata.uid ?? "") ? -1 : 1;
}

function timeOf(text: string | undefined): number {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}

function restartsOf({ spec, status }: Pod): readonly number[] {
  const most = (statuses: readonly { readonly restartCount?: number }[] = []) =>
    Math.max(0, ...statuses.map(({ restartCount = 0 }) => restartCount));
  const sidecars = (spec?.initContainers ?? [])
    .filter(({ restartPolicy }) => restartPolicy === "Always")
    .map(({ name }) => name);
  return [
    most(status?.containerStatuses),
    most(status?.initContainerStatuses?.filter(({ name }) => sidecars.includes(name))),
  ];
}

/** The user's own order (KEP-2255); what is no int32 counts as 0. */
function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"] ?? "";
  const cost = /^(0|-\d+|[1-9]\d*)$/.test(text) ? Number(text) : 0;
  return cost === (cost | 0) ? cost : 0;
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
  const { generation } = replicaSet.metadata;
  const conditions = conditionsOf(replicaSet, failure, nowMs);
  return {
    replicas: active.length,
    ...(labelled.length === 0 ? {} : { fullyLabeledReplicas: labelled.length }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

function conditionsOf(
  replicaSet: ReplicaSet,
  failure: { readonly reason: string; readonly message: string } | undefined,
  nowMs: number,
): readonly ReplicaSetCondition[] {
  const conditions = replicaSet.status?.conditions ?? [];
  const others = conditions.filter(({ type }) => type !== "ReplicaFailure");
  if (failure === undefined) return others;
  // The first failure stays until a sync without any.
  if (others.length < conditions.length) return conditions;
  return [
    ...others,
    { type: "ReplicaFailure", status: "True", lastTransitionTime: formatTime(nowMs), ...failure },
  ];
}
