import type { Pod, PodTemplateSpec, StatefulSet, StatefulSetStatus } from "../../api/types.ts";
import { isAvailable, isFinished, isReady, isTerminating } from "../pods.ts";
import { lostIdentity, ordinalOf, revisionOfPod, statefulPod } from "./pod.ts";

/** A revision of the set: the name of its ControllerRevision and what pods of it look like. */
export interface Revision {
  readonly name: string;
  readonly template: PodTemplateSpec;
}

export interface StatefulSetInput {
  readonly set: StatefulSet;
  /** The pods it owns, in any state. */
  readonly pods: readonly Pod[];
  /** What pods below the partition, and all until an update is complete, are made from. */
  readonly current: Revision;
  /** The revision of the set's present template. */
  readonly update: Revision;
  readonly nowMs: number;
}

export interface StatefulSetPlan {
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
  /** Pods that lost labels by which Services find a single one. */
  readonly relabel: readonly Relabelling[];
  readonly status: StatefulSetStatus;
}

export interface Relabelling {
  readonly pod: Pod;
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * One step for a StatefulSet. There is never a second pod of one name: a pod that ended or is on its way out is
 * replaced only when it is gone. In order (OrderedReady) each step waits until all before it are available.
 */
export function planStatefulSet(input: StatefulSetInput): StatefulSetPlan {
  const { set } = input;
  const { start, replicas } = rangeOf(set);
  const byOrdinal = new Map(
    input.pods.flatMap((pod) => {
      const ordinal = ordinalOf(set, pod);
      return ordinal === undefined ? [] : [[ordinal, pod] as const];
    }),
  );
  const wanted = Array.from({ length: replicas }, (_, index) => start + index);
  const condemned = [...byOrdinal.keys()]
    .filter((ordinal) => ordinal < start || ordinal >= start + replicas)
    .sort((a, b) => b - a);
  const status = statusOf(input);
  const step = isTerminating(set) ? nothing : nextStep(input, byOrdinal, wanted, condemned);
  const relabel = isTerminating(set) ? [] : relabellings(byOrdinal, wanted);
  return { ...step, relabel, status };
}

function relabellings(
  byOrdinal: ReadonlyMap<number, Pod>,
  wanted: readonly number[],
): Relabelling[] {
  return wanted.flatMap((ordinal) => {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined || isTerminating(pod)) return [];
    const labels = lostIdentity(pod, ordinal);
    return labels === undefined ? [] : [{ pod, labels }];
  });
}

interface Step {
  readonly create: readonly Pod[];
  readonly remove: readonly Pod[];
}
const nothing: Step = { create: [], remove: [] };

function nextStep(
  input: StatefulSetInput,
  byOrdinal: ReadonlyMap<number, Pod>,
  wanted: readonly number[],
  condemned: readonly number[],
): Step {
  const { set } = input;
  const isOrdered = (set.spec?.podManagementPolicy ?? "OrderedReady") !== "Parallel";
  const isWell = (pod: Pod) => isHealthy(pod, set, input.nowMs);
  const create: Pod[] = [];
  const remove: Pod[] = [];

  for (const ordinal of wanted) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) create.push(newPod(input, ordinal));
    else if (isFinished(pod) && !isTerminating(pod)) remove.push(pod);
    const isDone = pod !== undefined && isWell(pod);
    if (isOrdered && !isDone) return { create, remove };
  }

  const unwell = [...byOrdinal].sort(([a], [b]) => a - b).find(([, pod]) => !isWell(pod))?.[1];
  for (const ordinal of condemned) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) continue;
    if (isTerminating(pod)) {
      if (isOrdered) return { create, remove };
      continue;
    }
    if (isOrdered && !isWell(pod) && pod !== unwell) return { create, remove };
    remove.push(pod);
    if (isOrdered) return { create, remove };
  }
  if (create.length + remove.length > 0) return { create, remove };
  return rollingStep(input, byOrdinal, wanted);
}

/** The highest pod that is not of the update revision goes, once all above it are well again. */
function rollingStep(
  { set, update, nowMs }: StatefulSetInput,
  byOrdinal: ReadonlyMap<number, Pod>,
  wanted: readonly number[],
): Step {
  const { type = "RollingUpdate", rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== "RollingUpdate") return nothing;
  const { start } = rangeOf(set);
  const lowest = start + (rollingUpdate?.partition ?? 0);
  for (const ordinal of wanted.toReversed()) {
    if (ordinal < lowest) return nothing;
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) return nothing;
    if (revisionOfPod(pod) !== update.name && !isTerminating(pod)) {
      return { create: [], remove: [pod] };
    }
    if (!isHealthy(pod, set, nowMs)) return nothing;
  }
  return nothing;
}

function newPod({ set, current, update }: StatefulSetInput, ordinal: number): Pod {
  const { type = "RollingUpdate", rollingUpdate } = set.spec?.updateStrategy ?? {};
  const { start } = rangeOf(set);
  const kept = rollingUpdate?.partition ?? set.status?.currentReplicas ?? 0;
  const isOld = type === "RollingUpdate" && ordinal < start + kept;
  const { name, template } = isOld ? current : update;
  return statefulPod({ set, ordinal, template, revision: name });
}

function rangeOf({ spec }: StatefulSet) {
  return { start: spec?.ordinals?.start ?? 0, replicas: spec?.replicas ?? 1 };
}

function isHealthy(pod: Pod, set: StatefulSet, nowMs: number): boolean {
  const isRunning = pod.status?.phase === "Running" && !isTerminating(pod);
  return isRunning && isAvailable(pod, set.spec?.minReadySeconds ?? 0, nowMs);
}

function statusOf({ set, pods, current, update, nowMs }: StatefulSetInput): StatefulSetStatus {
  const { replicas } = rangeOf(set);
  const { generation } = set.metadata;
  const { collisionCount, conditions } = set.status ?? {};
  const running = pods.filter((pod) => pod.status?.phase === "Running");
  const ready = running.filter(isReady).length;
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const available = running.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length;
  const ofRevision = (name: string) =>
    pods.filter((pod) => !isTerminating(pod) && revisionOfPod(pod) === name).length;
  const updated = ofRevision(update.name);
  const isRolling = (set.spec?.updateStrategy?.type ?? "RollingUpdate") === "RollingUpdate";
  const isComplete =
    isRolling && updated === replicas && ready === replicas && pods.length === replicas;
  const currentName = isComplete ? update.name : current.name;
  const currentCount = ofRevision(currentName);
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    replicas: pods.length,
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(currentCount === 0 ? {} : { currentReplicas: currentCount }),
    ...(updated === 0 ? {} : { updatedReplicas: updated }),
    currentRevision: currentName,
    updateRevision: update.name,
    collisionCount: collisionCount ?? 0,
    // Always written: clients of old releases take its absence for a server that cannot count it.
    availableReplicas: available,
    ...(conditions === undefined ? {} : { conditions }),
  };
}
