import { deployments } from "../../api/resource.ts";
import type { Deployment, LabelSelector, ReplicaSet } from "../../api/types.ts";
import { controlledBy } from "../owners.ts";
import { templateHash } from "../template-hash.ts";
import { limitsOf } from "./limits.ts";
import { HASH_LABEL } from "./template.ts";

export const REVISION_ANNOTATION = "deployment.kubernetes.io/revision";
export const DESIRED_ANNOTATION = "deployment.kubernetes.io/desired-replicas";
export const MAX_ANNOTATION = "deployment.kubernetes.io/max-replicas";
const HISTORY_ANNOTATION = "deployment.kubernetes.io/revision-history";
/** Longest list of earlier revisions on one ReplicaSet, in characters. */
const HISTORY_LENGTH_MAX = 2000;

/** Annotations of a Deployment that are not passed on to its ReplicaSets. */
const ownAnnotations: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION_ANNOTATION,
  HISTORY_ANNOTATION,
  DESIRED_ANNOTATION,
  MAX_ANNOTATION,
  "deprecated.deployment.rollback.to",
]);

export function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  const text = metadata.annotations?.[REVISION_ANNOTATION] ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : 0;
}

/** The revision that the present template is, or becomes by a rollback. */
export function nextRevision(old: readonly ReplicaSet[]): number {
  return Math.max(0, ...old.map(revisionOf)) + 1;
}

/** The ReplicaSet of a template that has none yet. */
export function newReplicaSet(
  deployment: Deployment,
  options: { readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const { name = "", namespace = "" } = deployment.metadata;
  const { template = {}, selector = {}, minReadySeconds } = deployment.spec ?? {};
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  const ownSelector: LabelSelector = {
    ...selector,
    matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash },
  };
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels,
      annotations: {
        ...inherited(deployment),
        [REVISION_ANNOTATION]: String(options.revision),
        ...sizeAnnotations(deployment),
      },
      ownerReferences: [controlledBy(deployments, deployment)],
    },
    spec: {
      replicas: options.replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: ownSelector,
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The annotations by which a later change of the number of replicas is recognised. */
export function sizeAnnotations(deployment: Deployment): Record<string, string> {
  const { replicas, surge } = limitsOf(deployment);
  return { [DESIRED_ANNOTATION]: String(replicas), [MAX_ANNOTATION]: String(replicas + surge) };
}

/**
 * Annotations the present ReplicaSet has to have, or undefined if it has them. One that was an earlier revision and
 * is used again (a rollback) moves up to a new revision and remembers the old.
 */
export function currentAnnotations(
  deployment: Deployment,
  current: ReplicaSet,
  revision: number,
): Record<string, string> | undefined {
  const before = current.metadata.annotations ?? {};
  const after: Record<string, string> = { ...before, ...inherited(deployment) };
  const oldRevision = revisionOf(current);
  if (oldRevision < revision) {
    after[REVISION_ANNOTATION] = String(revision);
    if (oldRevision > 0) {
      const history = [before[HISTORY_ANNOTATION], String(oldRevision)].filter(Boolean).join(",");
      after[HISTORY_ANNOTATION] = history.slice(-HISTORY_LENGTH_MAX);
    }
  }
  const isChanged = Object.entries(after).some(([key, value]) => before[key] !== value);
  return isChanged ? after : undefined;
}

/** Old ReplicaSets beyond the history limit, lowest revision first; those that still have or await pods stay. */
export function expiredReplicaSets(
  deployment: Deployment,
  old: readonly ReplicaSet[],
): ReplicaSet[] {
  const limit = deployment.spec?.revisionHistoryLimit ?? 10;
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return alive
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, Math.max(0, alive.length - limit))
    .filter(
      ({ spec, status, metadata }) =>
        spec?.replicas === 0 &&
        (status?.replicas ?? 0) === 0 &&
        (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    );
}

function inherited(deployment: Deployment): Record<string, string> {
  const annotations = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(annotations.filter(([key]) => !ownAnnotations.has(key)));
}
