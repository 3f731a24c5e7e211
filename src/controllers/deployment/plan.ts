import type { Deployment, DeploymentStatus, Pod, ReplicaSet } from "../../api/types.ts";
import { isFinished, isTerminating } from "../pods.ts";
import { isRolling, replicasOf, sum } from "./limits.ts";
import {
  currentAnnotations,
  expiredReplicaSets,
  newReplicaSet,
  nextRevision,
  revisionOf,
  sizeAnnotations,
} from "./revision.ts";
import type { Generations, Scaling } from "./scale.ts";
import {
  isScalingNeeded,
  newReplicas,
  proportionalScale,
  rollingStep,
  scaleOldToZero,
} from "./scale.ts";
import type { StatusInput } from "./status.ts";
import { deploymentStatus, isComplete } from "./status.ts";
import { findNewReplicaSet } from "./template.ts";

export interface DeploymentInput {
  readonly deployment: Deployment;
  /** The ReplicaSets it owns. */
  readonly replicaSets: readonly ReplicaSet[];
  /** The pods of one of them. */
  readonly podsOf: (replicaSet: ReplicaSet) => readonly Pod[];
  readonly nowMs: number;
}

/** A change of one ReplicaSet: its next form, and its sizes when those differ. */
export interface ReplicaSetChange {
  readonly next: ReplicaSet;
  readonly resized?: { readonly from: number; readonly to: number };
}

export interface DeploymentPlan {
  readonly create?: ReplicaSet;
  readonly changes: readonly ReplicaSetChange[];
  readonly deletes: readonly ReplicaSet[];
  /** The revision that the Deployment's annotation shall name; absent when it stays. */
  readonly revision?: number;
  readonly status: DeploymentStatus;
}

/** One step towards the Deployment's template and size. Each step waits for what the one before brought about. */
export function planDeployment(input: DeploymentInput): DeploymentPlan {
  const { deployment, replicaSets, nowMs } = input;
  const current = findNewReplicaSet(deployment, replicaSets);
  const old = replicaSets.filter((replicaSet) => replicaSet !== current);
  const generations: Generations = { current, old };
  const status = (more: Pick<StatusInput, "judgesProgress" | "event">) =>
    deploymentStatus({ deployment, generations, nowMs, ...more });

  if (isTerminating(deployment)) {
    return { changes: [], deletes: [], status: status({ judgesProgress: false }) };
  }
  if (deployment.spec?.paused === true || isScalingNeeded(deployment, generations)) {
    const changes = changesOf(deployment, generations, proportionalScale(deployment, generations));
    const isPaused = deployment.spec?.paused === true;
    return {
      changes,
      deletes: isPaused ? expiredReplicaSets(deployment, old) : [],
      ...revisionChange(deployment, current, nextRevision(old)),
      status: status({ judgesProgress: false }),
    };
  }

  const revision = nextRevision(old);
  if (current === undefined) {
    if (!isRolling(deployment) && haveOldPods(input, old)) {
      const changes = changesOf(deployment, generations, scaleOldToZero(generations));
      return { changes, deletes: [], status: status({ judgesProgress: true }) };
    }
    const create = newReplicaSet(deployment, {
      replicas: newReplicas(deployment, generations),
      revision,
    });
    const message = `Created new replica set "${create.metadata.name}"`;
    return {
      create,
      changes: [],
      deletes: [],
      ...(revisionOf(deployment) === revision ? {} : { revision }),
      status: status({
        judgesProgress: true,
        event: { type: "Progressing", status: "True", reason: "NewReplicaSetCreated", message },
      }),
    };
  }

  const scaling = isRolling(deployment)
    ? rollingStep(deployment, generations)
    : recreateStep(input, generations);
  const changes = changesOf(deployment, generations, scaling);
  const isKnown = deployment.status?.conditions?.some(({ type }) => type === "Progressing");
  const message = `Found new replica set "${current.metadata.name}"`;
  return {
    changes,
    deletes:
      scaling.size === 0 && isComplete(deployment, deployment.status ?? {})
        ? expiredReplicaSets(deployment, old)
        : [],
    ...revisionChange(deployment, current, revision),
    status: status({
      judgesProgress: true,
      ...(isKnown === true
        ? {}
        : {
            event: { type: "Progressing", status: "True", reason: "FoundNewReplicaSet", message },
          }),
    }),
  };
}

/** Old pods first all go, then the new ones come. */
function recreateStep(input: DeploymentInput, generations: Generations): Scaling {
  const { current, old } = generations;
  if (sum(old, replicasOf) > 0) return scaleOldToZero(generations);
  if (current === undefined || haveOldPods(input, old)) return new Map();
  const wanted = newReplicas(input.deployment, generations);
  return wanted === replicasOf(current) ? new Map() : new Map([[current, wanted]]);
}

function haveOldPods({ podsOf }: DeploymentInput, old: readonly ReplicaSet[]): boolean {
  return old.some(
    (replicaSet) =>
      replicasOf(replicaSet) > 0 ||
      (replicaSet.status?.replicas ?? 0) > 0 ||
      podsOf(replicaSet).some((pod) => !isFinished(pod)),
  );
}

/** The ReplicaSets to write: resized ones with what tells later changes of size, the current one with its revision. */
function changesOf(
  deployment: Deployment,
  { current, old }: Generations,
  scaling: Scaling,
): ReplicaSetChange[] {
  const revision = nextRevision(old);
  const { minReadySeconds = 0 } = deployment.spec ?? {};
  const all = current === undefined ? old : [...old, current];
  return all.flatMap((replicaSet) => {
    const from = replicasOf(replicaSet);
    const to = scaling.get(replicaSet) ?? from;
    const isCurrent = replicaSet === current;
    const sizes = scaling.has(replicaSet) || (from > 0 && scaling.size === 0);
    const before = replicaSet.metadata.annotations ?? {};
    const annotations = {
      ...((isCurrent ? currentAnnotations(deployment, replicaSet, revision) : undefined) ?? before),
      ...(sizes ? sizeAnnotations(deployment) : {}),
    };
    const readySeconds = isCurrent ? minReadySeconds : (replicaSet.spec?.minReadySeconds ?? 0);
    const isSame =
      from === to &&
      readySeconds === (replicaSet.spec?.minReadySeconds ?? 0) &&
      Object.entries(annotations).every(([key, value]) => before[key] === value);
    if (isSame || replicaSet.spec === undefined) return [];
    const next: ReplicaSet = {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      spec: { ...replicaSet.spec, replicas: to, minReadySeconds: readySeconds },
    };
    return [{ next, ...(from === to ? {} : { resized: { from, to } }) }];
  });
}

function revisionChange(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  next: number,
): { readonly revision?: number } {
  if (current === undefined) return {};
  const revision = Math.max(revisionOf(current), next);
  return revisionOf(deployment) === revision ? {} : { revision };
}
