import type { Pod, Service } from "../api/types.ts";
import { conditionOf } from "./pods.ts";

/** Written on Endpoints and slices: when the change happened that made us write. */
export const TRIGGER_TIME_ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time";

/** What was seen of a Service at its last sync. */
export interface TriggerTimes {
  readonly serviceMs: number;
  readonly podsMs: ReadonlyMap<string, number>;
}

/**
 * When the earliest change since `before` happened (RFC 3339): a pod's turn of readiness or the Service's
 * creation. Absent when what changed carries no time, such as a pod's deletion or an edit of the Service. A
 * Service that this process sees first counts from its creation.
 */
export function triggerTime(
  service: Service,
  pods: readonly Pod[],
  before: TriggerTimes | undefined,
): { readonly time?: string; readonly now: TriggerTimes } {
  const created = service.metadata.creationTimestamp;
  const serviceMs = msOf(created);
  const podsMs = new Map<string, number>();
  let earliest: string | undefined;
  const consider = (time: string | undefined, seenMs: number) => {
    if (time === undefined || msOf(time) <= seenMs) return;
    if (earliest === undefined || msOf(time) < msOf(earliest)) earliest = time;
  };
  for (const pod of pods) {
    const time = conditionOf(pod, "Ready")?.lastTransitionTime;
    if (time === undefined) continue;
    const name = pod.metadata.name ?? "";
    podsMs.set(name, msOf(time));
    consider(time, before?.podsMs.get(name) ?? 0);
  }
  consider(created, before?.serviceMs ?? 0);
  const time = before === undefined ? created : earliest;
  return { ...(time === undefined ? {} : { time }), now: { serviceMs, podsMs } };
}

function msOf(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}
