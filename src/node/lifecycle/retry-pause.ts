/** Pauses between tries of something that may go on failing, in milliseconds. */
export interface RetryLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Making a pod's volumes and network: the kubelet's pauses for volumes, half a second to two minutes. */
export const GROUND_RETRY: RetryLimits = { firstMs: 500, maxMs: 122_000 };

/** Setting a container up: soon, since what is missing is often being made; the kubelet's pause is 10 s and more. */
export const CONTAINER_RETRY: RetryLimits = { firstMs: 1_000, maxMs: 15_000 };

/** The pause before the next try, after so many that have failed: each is twice as long as the one before. */
export function retryPauseMs(failures: number, { firstMs, maxMs }: RetryLimits): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}
