import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Deployment, PodTemplateSpec, ReplicaSet } from "../../api/types.ts";

/** The label that tells the pods of one revision from those of another. */
export const HASH_LABEL = "pod-template-hash";

/** The ReplicaSet that has the Deployment's template; the oldest, should there be several. */
export function findNewReplicaSet(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  const wanted = withoutHash(deployment.spec?.template);
  return replicaSets
    .toSorted(byCreation)
    .find((replicaSet) => semanticEqual(withoutHash(replicaSet.spec?.template), wanted));
}

export function isSameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined) {
  return semanticEqual(withoutHash(a), withoutHash(b));
}

export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const text = ({ metadata }: ReplicaSet) => `${metadata.creationTimestamp} ${metadata.name}`;
  return text(a) < text(b) ? -1 : 1;
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return { ...template, metadata: { ...template?.metadata, labels } };
}
