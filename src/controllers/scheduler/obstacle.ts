/** Why a node cannot take a pod. */
export interface Obstacle {
  /** In the words of Kubernetes' scheduler. */
  readonly reasons: readonly string[];
  /** Whether it would be no better without some of the pods that are there. */
  readonly isForGood: boolean;
}

export function forGood(reason: string): Obstacle {
  return { reasons: [reason], isForGood: true };
}

export function forNow(reason: string): Obstacle {
  return { reasons: [reason], isForGood: false };
}
