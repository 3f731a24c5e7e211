import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Deployment, PodTemplateSpec, ReplicaSet } from "../../api/types.ts";

/** The label that tells the pods of one revision from those of another. */
export const HASH_LABEL = "pod-template-hash";

/** No vowels and no digits that look like them, so that no hash is a word (Kubernetes' alphabet). */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A short name for a template. `collisionCount` gives another one when two templates happen to share it. */
export function templateHash(
  template: PodTemplateSpec,
  collisionCount: number | undefined,
): string {
  const text = canonicalJson(template) + (collisionCount === undefined ? "" : `#${collisionCount}`);
  return [...String(fnv1a(text))].map((digit) => ALPHABET[digit.charCodeAt(0) % 27]).join("");
}

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

/** 32-bit FNV-1a over UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

/** JSON with sorted keys, so that equal values have equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}
