import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { isTerminating } from "../pods.ts";
import { availableOf, limitsOf, replicasOf, sum } from "./limits.ts";
import type { Generations } from "./scale.ts";

/** What a condition says; its times follow from what it said before. */
type Said = Omit<DeploymentCondition, "lastUpdateTime" | "lastTransitionTime">;

export interface StatusInput {
  readonly deployment: Deployment;
  readonly generations: Generations;
  /** What happened to the new ReplicaSet in this sync, if anything. */
  readonly event?: Said;
  /** Whether the progress of a rollout is judged now: not while paused or merely scaled. */
  readonly judgesProgress: boolean;
  readonly nowMs: number;
}

/** The status that follows from the ReplicaSets. */
export function deploymentStatus(input: StatusInput): DeploymentStatus {
  const { deployment, generations, nowMs } = input;
  const { current, old } = generations;
  const all = current === undefined ? old : [...old, current];
  const count = (of: (status: NonNullable<ReplicaSet["status"]>) => number | undefined) =>
    sum(all, ({ status }) => (status === undefined ? 0 : (of(status) ?? 0)));
  const available = sum(all, availableOf);
  const unavailable = Math.max(0, sum(all, replicasOf) - available);
  const { replicas, unavailable: unavailableMax } = limitsOf(deployment);
  const before = deployment.status ?? {};
  const { collisionCount } = before;
  const replicasNow = count((status) => status.replicas);
  const updated = current?.status?.replicas ?? 0;
  const ready = count((status) => status.readyReplicas);
  // Counts of 0 are left out, as Kubernetes does.
  const counts: Counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...(replicasNow === 0 ? {} : { replicas: replicasNow }),
    ...(updated === 0 ? {} : { updatedReplicas: updated }),
    ...(ready === 0 ? {} : { readyReplicas: ready }),
    ...(available === 0 ? {} : { availableReplicas: available }),
    ...(unavailable === 0 ? {} : { unavailableReplicas: unavailable }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
  };

  let conditions = before.conditions ?? [];
  const isEnough = available >= replicas - unavailableMax;
  conditions = withCondition(conditions, availability(isEnough), nowMs);
  conditions = withFailures(conditions, all, nowMs);
  conditions = withProgress(conditions, input, counts);
  return { ...counts, conditions };
}

/** The status of a Deployment whose new ReplicaSet could not be made. */
export function statusAfterFailure(
  deployment: Deployment,
  message: string,
  nowMs: number,
): DeploymentStatus {
  const { status = {} } = deployment;
  if (progressDeadlineSeconds(deployment) === undefined) return status;
  const said = { type: "Progressing", status: "False", reason: "ReplicaSetCreateError", message };
  return { ...status, conditions: withCondition(status.conditions ?? [], said, nowMs) };
}

/** When the deadline for progress runs out, for a sync at that time; undefined when none is running. */
export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const progressing = conditionIn(deployment.status?.conditions, "Progressing");
  const deadlineSeconds = progressDeadlineSeconds(deployment);
  if (deadlineSeconds === undefined || progressing === undefined) return undefined;
  if (isTerminating(deployment)) return undefined; // Its progress is not judged any more.
  if (isComplete(deployment, deployment.status ?? {})) return undefined;
  const { reason = "" } = progressing;
  if (deployment.spec?.paused === true || settledReasons.has(reason)) return undefined;
  return Date.parse(progressing.lastUpdateTime ?? "") + deadlineSeconds * 1000;
}

/** A rollout with one of these has been judged already. */
const settledReasons: ReadonlySet<string> = new Set([
  "NewReplicaSetAvailable",
  "ProgressDeadlineExceeded",
]);

/** The largest int32 says "none", which the API could not say before the field became optional. */
function progressDeadlineSeconds({ spec }: Deployment): number | undefined {
  const seconds = spec?.progressDeadlineSeconds;
  return seconds === 2 ** 31 - 1 ? undefined : seconds;
}

/** Whether all pods are of the present template, available, and no other is left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = limitsOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

type Counts = Omit<DeploymentStatus, "conditions">;

function withProgress(
  conditions: readonly DeploymentCondition[],
  { deployment, generations, event, judgesProgress, nowMs }: StatusInput,
  counts: Counts,
): readonly DeploymentCondition[] {
  const { paused = false } = deployment.spec ?? {};
  const deadlineSeconds = progressDeadlineSeconds(deployment);
  if (deadlineSeconds === undefined) {
    return conditions.filter(({ type }) => type !== "Progressing");
  }
  const pausing = pauseCondition(conditionIn(conditions, "Progressing"), paused);
  const after = pausing === undefined ? conditions : withCondition(conditions, pausing, nowMs);
  if (event !== undefined) return withCondition(after, event, nowMs);
  const known = conditionIn(after, "Progressing");
  const isAtRest =
    (counts.replicas ?? 0) === (counts.updatedReplicas ?? 0) &&
    known?.reason === "NewReplicaSetAvailable";
  if (!judgesProgress || isAtRest) return after;

  const { current } = generations;
  const subject =
    current === undefined
      ? `Deployment "${deployment.metadata.name}"`
      : `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    const message = `${subject} has successfully progressed.`;
    return withCondition(
      after,
      { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message },
      nowMs,
    );
  }
  if (didProgress(deployment.status ?? {}, counts)) {
    const message = `${subject} is progressing.`;
    return withProgressAt(after, known, message, nowMs);
  }
  if (isTimedOut(known, deadlineSeconds, nowMs)) {
    const message = `${subject} has timed out progressing.`;
    return withCondition(
      after,
      { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message },
      nowMs,
    );
  }
  return after;
}

/** Unlike others this condition is touched by each bit of progress: its update time starts the deadline anew. */
function withProgressAt(
  conditions: readonly DeploymentCondition[],
  known: DeploymentCondition | undefined,
  message: string,
  nowMs: number,
): DeploymentCondition[] {
  const time = formatTime(nowMs);
  const since = known?.status === "True" ? known.lastTransitionTime : undefined;
  return [
    ...conditions.filter(({ type }) => type !== "Progressing"),
    {
      type: "Progressing",
      status: "True",
      reason: "ReplicaSetUpdated",
      message,
      lastUpdateTime: time,
      lastTransitionTime: since ?? time,
    },
  ];
}

function pauseCondition(known: DeploymentCondition | undefined, paused: boolean): Said | undefined {
  if (known?.reason === "ProgressDeadlineExceeded") return undefined;
  const wasPaused = known?.reason === "DeploymentPaused";
  if (paused === wasPaused) return undefined;
  return paused
    ? {
        type: "Progressing",
        status: "Unknown",
        reason: "DeploymentPaused",
        message: "Deployment is paused",
      }
    : {
        type: "Progressing",
        status: "Unknown",
        reason: "DeploymentResumed",
        message: "Deployment is resumed",
      };
}

function didProgress(before: DeploymentStatus, after: Counts): boolean {
  const oldPods = (status: Counts) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldPods(after) < oldPods(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function isTimedOut(
  known: DeploymentCondition | undefined,
  deadlineSeconds: number,
  nowMs: number,
): boolean {
  if (known === undefined || known.reason === "NewReplicaSetAvailable") return false;
  if (known.reason === "ProgressDeadlineExceeded") return true;
  return Date.parse(known.lastUpdateTime ?? "") + deadlineSeconds * 1000 < nowMs;
}

function availability(isEnough: boolean): Said {
  return isEnough
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

/** The failures of the ReplicaSets are the Deployment's; the newest one's comes first. */
function withFailures(
  conditions: readonly DeploymentCondition[],
  all: readonly ReplicaSet[],
  nowMs: number,
): readonly DeploymentCondition[] {
  const failures = all
    .toReversed()
    .flatMap((replicaSet) => replicaSet.status?.conditions ?? [])
    .filter(({ type, status }) => type === "ReplicaFailure" && status === "True");
  const [first] = failures;
  if (first === undefined) return conditions.filter(({ type }) => type !== "ReplicaFailure");
  const { status, reason = "", message = "" } = first;
  return withCondition(conditions, { type: "ReplicaFailure", status, reason, message }, nowMs);
}

/** Sets a condition. One with the same status and reason is left as it is; the same status keeps its time. */
function withCondition(
  conditions: readonly DeploymentCondition[],
  said: Said,
  nowMs: number,
): readonly DeploymentCondition[] {
  const known = conditionIn(conditions, said.type);
  if (known?.status === said.status && known.reason === said.reason) return conditions;
  const time = formatTime(nowMs);
  const since = known?.status === said.status ? known.lastTransitionTime : undefined;
  return [
    ...conditions.filter(({ type }) => type !== said.type),
    { ...said, lastUpdateTime: time, lastTransitionTime: since ?? time },
  ];
}

function conditionIn(
  conditions: readonly DeploymentCondition[] | undefined,
  type: string,
): DeploymentCondition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
