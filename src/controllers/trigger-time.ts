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
  let earliest: Turn | undefined;
  const consider = (turn: Turn, seenMs: number) => {
    if (turn.ms > seenMs && turn.ms < (earliest?.ms ?? Number.POSITIVE_INFINITY)) earliest = turn;
  };
  for (const pod of pods) {
    const turn = turnOf(pod);
    if (turn === undefined) continue;
    const name = pod.metadata.name ?? "";
    podsMs.set(name, turn.ms);
    consider(turn, before?.podsMs.get(name) ?? 0);
  }
  if (created !== undefined) consider({ time: created, ms: serviceMs }, before?.serviceMs ?? 0);
  const time = before === undefined ? created : earliest?.time;
  return { ...(time === undefined ? {} : { time }), now: { serviceMs, podsMs } };
}

/** A time as it is written, and in epoch milliseconds. */
interface Turn {
  readonly time: string;
  readonly ms: number;
}

/** Objects of caches never change, and all pods of a Service are asked at each of its syncs. */
const turnsOfPods = new WeakMap<Pod, Turn>();

/** When the pod's readiness last turned; undefined when nobody said anything of it. */
function turnOf(pod: Pod): Turn | undefined {
  const known = turnsOfPods.get(pod);
  if (known !== undefined) return known;
  const time = conditionOf(pod, "Ready")?.lastTransitionTime;
  if (time === undefined) return undefined;
  const turn = { time, ms: msOf(time) };
  turnsOfPods.set(pod, turn);
  return turn;
}

function msOf(time: string | undefined): number {
  return time === undefined ? 0 : Date.parse(time);
}
