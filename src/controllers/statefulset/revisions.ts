import { statefulSets } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import type { ControllerRevision, PodTemplateSpec, StatefulSet } from "../../api/types.ts";
import { isJsonObject } from "../../client/decode.ts";
import { controlledBy } from "../owners.ts";
import { templateHash } from "../template-hash.ts";

/** The label by which a revision bears its hash. */
const HASH_LABEL = "controller.kubernetes.io/hash";

/** What has to be written so that the present template has a revision, the newest of all. */
export type RevisionStep =
  | { readonly type: "present"; readonly revision: ControllerRevision }
  /** An earlier template is back: its revision gets the newest number. */
  | { readonly type: "renumber"; readonly revision: ControllerRevision }
  | { readonly type: "create"; readonly revision: ControllerRevision };

/** Finds or makes the revision of the set's template among those it owns. */
export function updateRevisionOf(
  set: StatefulSet,
  owned: readonly ControllerRevision[],
): RevisionStep {
  const sorted = owned.toSorted((a, b) => a.revision - b.revision);
  const newest = sorted.at(-1);
  const next = (newest?.revision ?? 0) + 1;
  const wanted = newRevision(set, next);
  const equal = sorted.filter(({ data }) => semanticEqual(data, wanted.data)).at(-1);
  if (equal === undefined) return { type: "create", revision: wanted };
  if (equal === newest) return { type: "present", revision: equal };
  return { type: "renumber", revision: { ...equal, revision: next } };
}

/** The template of a revision; the set's own while the revision cannot be read. */
export function templateOf(revision: ControllerRevision, set: StatefulSet): PodTemplateSpec {
  const spec = isJsonObject(revision.data) ? revision.data["spec"] : undefined;
  const template = isJsonObject(spec) ? spec["template"] : undefined;
  if (!isJsonObject(template)) return set.spec?.template ?? {};
  const { $patch: _, ...fields } = template;
  return fields;
}

/** Revisions beyond the history limit that no pod and no status needs, oldest first. Below zero there is no limit. */
export function expiredRevisions(
  set: StatefulSet,
  owned: readonly ControllerRevision[],
  inUse: ReadonlySet<string>,
): ControllerRevision[] {
  const limit = set.spec?.revisionHistoryLimit ?? 10;
  if (limit < 0) return [];
  const history = owned.filter(({ metadata }) => !inUse.has(metadata.name ?? ""));
  return history
    .toSorted((a, b) => a.revision - b.revision)
    .slice(0, Math.max(0, history.length - limit));
}

/** `data` is a strategic merge patch of the set: what `kubectl rollout undo` sends back. */
function newRevision(set: StatefulSet, revision: number): ControllerRevision {
  const { name = "", namespace = "", annotations } = set.metadata;
  const template = set.spec?.template ?? {};
  // A status without a count is one not written yet: the name must be that of a moment later.
  const hash = templateHash(template, set.status?.collisionCount ?? 0);
  return {
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [HASH_LABEL]: hash },
      // Among them the cause of the change, for `kubectl rollout history`.
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controlledBy(statefulSets, set)],
    },
    data: JSON.parse(JSON.stringify({ spec: { template: { ...template, $patch: "replace" } } })),
    revision,
  };
}
