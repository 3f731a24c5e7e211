import type { Pod, PodCondition } from "../api/types.ts";

export function conditionOf(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: Pod): boolean {
  return conditionOf(pod, "Ready")?.status === "True";
}

/** Whether all its containers ended for good. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === "Succeeded" || pod.status?.phase === "Failed";
}

export function isTerminating(object: {
  readonly metadata: { readonly deletionTimestamp?: string };
}): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Neither finished nor on its way out: the pods that a workload counts. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isTerminating(pod);
}

/** When a ready pod will have been so for long enough to be available, in epoch milliseconds; undefined if unready. */
function availableAtMs(pod: Pod, minReadySeconds: number): number | undefined {
  const ready = conditionOf(pod, "Ready");
  if (ready?.status !== "True") return undefined;
  if (minReadySeconds === 0) return 0;
  return Date.parse(ready.lastTransitionTime ?? "") + minReadySeconds * 1000;
}

export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  const atMs = availableAtMs(pod, minReadySeconds);
  return atMs !== undefined && atMs <= nowMs;
}

/** Ready pods become available by mere lapse of time, which no event tells: when to look again, if at all. */
export function untilAvailable(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): { readonly againAfterMs: number } | undefined {
  const waits = pods
    .map((pod) => (availableAtMs(pod, minReadySeconds) ?? 0) - nowMs)
    .filter((ms) => ms > 0);
  return waits.length === 0 ? undefined : { againAfterMs: Math.min(...waits) + 1 };
}
