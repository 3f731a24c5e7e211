import type { Deployment, ReplicaSet } from "../../api/types.ts";
import { intOrPercent } from "../int-or-percent.ts";

/** How far a rollout may stray from the number of replicas. */
export interface Limits {
  readonly replicas: number;
  /** Pods above `replicas`. */
  readonly surge: number;
  /** Pods that may be missing. */
  readonly unavailable: number;
}

/** What the API sets by default for a rolling update. */
const DEFAULT_SHARE = "25%";

export function isRolling(deployment: Deployment): boolean {
  return (deployment.spec?.strategy?.type ?? "RollingUpdate") === "RollingUpdate";
}

/** Surge rounds up and unavailability down; should both be 0, nothing could move, so one pod may be missing. */
export function limitsOf(deployment: Deployment): Limits {
  const { replicas = 1, strategy } = deployment.spec ?? {};
  if (!isRolling(deployment)) return { replicas, surge: 0, unavailable: 0 };
  const { maxSurge = DEFAULT_SHARE, maxUnavailable = DEFAULT_SHARE } =
    strategy?.rollingUpdate ?? {};
  const surge = intOrPercent(maxSurge, replicas, "up");
  const missing = intOrPercent(maxUnavailable, replicas, "down");
  return {
    replicas,
    surge,
    unavailable: Math.min(replicas, surge === 0 && missing === 0 ? 1 : missing),
  };
}

export function replicasOf(replicaSet: ReplicaSet | undefined): number {
  return replicaSet === undefined ? 0 : (replicaSet.spec?.replicas ?? 1);
}

export function availableOf(replicaSet: ReplicaSet | undefined): number {
  return replicaSet?.status?.availableReplicas ?? 0;
}

export function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
