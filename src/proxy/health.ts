import type { Node } from "../api/types.ts";

/** What a health port says of a proxy; kube-proxy's `/healthz` has the same fields. */
export interface ProxyHealth {
  /** False when a change has been waiting for longer than `CHANGE_AGE_MAX_MS`. An idle proxy stays healthy. */
  readonly isHealthy: boolean;
  /** False when the node is about to go: balancers should send no new connections to it. */
  readonly isNodeEligible: boolean;
  /** When the data plane was last brought up to date, in milliseconds since the epoch; absent before. */
  readonly lastUpdatedMs: number | undefined;
}

/** Twice kube-proxy's sync period of 30 s. */
export const CHANGE_AGE_MAX_MS = 60_000;

/** The cluster autoscaler puts this taint on a node that it is going to remove. */
const TO_BE_DELETED_TAINT = "ToBeDeletedByClusterAutoscaler";

/** Whether balancers may still send connections to a node; a node that is not there yet counts as fit. */
export function isNodeEligible(node: Node | undefined): boolean {
  if (node === undefined) return true;
  const isTainted = (node.spec?.taints ?? []).some(({ key }) => key === TO_BE_DELETED_TAINT);
  return node.metadata.deletionTimestamp === undefined && !isTainted;
}
