import type { KubeObject, Namespace, NamespaceCondition } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";

/** What is left of a kind in a namespace that is being emptied. */
export interface Remains {
  /** `pods.` or `deployments.apps`, as the conditions name it. */
  readonly resource: string;
  readonly objects: readonly KubeObject[];
}

/** The outcome of one round of emptying a namespace. */
export interface RoundOutcome {
  readonly remains: readonly Remains[];
  readonly failedGroupVersions: readonly string[];
  /** What deletes were refused, a sentence each. */
  readonly failures: readonly string[];
}

interface Row {
  readonly type: string;
  readonly whenTrue: string;
  readonly whenFalse: string;
  readonly falseMessage: string;
  /** The message when it is true; empty when it is not. */
  readonly trouble: (outcome: RoundOutcome) => string;
}

/** The conditions of a namespace in deletion, with Kubernetes' words. */
const rows: readonly Row[] = [
  {
    type: "NamespaceDeletionDiscoveryFailure",
    whenTrue: "DiscoveryFailed",
    whenFalse: "ResourcesDiscovered",
    falseMessage: "All resources successfully discovered",
    trouble: ({ failedGroupVersions }) =>
      failedGroupVersions.length === 0
        ? ""
        : `Discovery failed for some groups, ${failedGroupVersions.length} failing: unable to retrieve the complete list of server APIs: ${failedGroupVersions.join(", ")}`,
  },
  {
    type: "NamespaceDeletionGroupVersionParsingFailure",
    whenTrue: "GroupVersionParsingFailed",
    whenFalse: "ParsedGroupVersions",
    falseMessage: "All legacy kube types successfully parsed",
    trouble: () => "",
  },
  {
    type: "NamespaceDeletionContentFailure",
    whenTrue: "ContentDeletionFailed",
    whenFalse: "ContentDeleted",
    falseMessage: "All content successfully deleted, may be waiting on finalization",
    trouble: ({ failures }) =>
      failures.length === 0
        ? ""
        : `Failed to delete all resource types, ${failures.length} remaining: ${failures.toSorted().join(", ")}`,
  },
  {
    type: "NamespaceContentRemaining",
    whenTrue: "SomeResourcesRemain",
    whenFalse: "ContentRemoved",
    falseMessage: "All content successfully removed",
    trouble: ({ remains }) => {
      const parts = remains.map(
        ({ resource, objects }) => `${resource} has ${objects.length} resource instances`,
      );
      return parts.length === 0 ? "" : `Some resources are remaining: ${parts.sort().join(", ")}`;
    },
  },
  {
    type: "NamespaceFinalizersRemaining",
    whenTrue: "SomeFinalizersRemain",
    whenFalse: "ContentHasNoFinalizers",
    falseMessage: "All content-preserving finalizers finished",
    trouble: ({ remains }) => {
      const finalizers = remains.flatMap(({ objects }) =>
        objects.flatMap(({ metadata }) => metadata.finalizers ?? []),
      );
      const counts = Map.groupBy(finalizers, (finalizer) => finalizer);
      const parts = [...counts].map(
        ([finalizer, uses]) => `${finalizer} in ${uses.length} resource instances`,
      );
      return parts.length === 0
        ? ""
        : `Some content in the namespace has finalizers remaining: ${parts.sort().join(", ")}`;
    },
  },
];

/** The conditions after a round. Their times change with their status only. */
export function namespaceConditions(
  namespace: Namespace,
  outcome: RoundOutcome,
  nowMs: number,
): NamespaceCondition[] {
  const before = namespace.status?.conditions ?? [];
  const ours = rows.map(({ type, whenTrue, whenFalse, falseMessage, trouble }) => {
    const message = trouble(outcome);
    const status = message === "" ? "False" : "True";
    const known = before.find((condition) => condition.type === type);
    const since = known?.status === status ? known.lastTransitionTime : undefined;
    return {
      type,
      status,
      lastTransitionTime: since ?? formatTime(nowMs),
      reason: message === "" ? whenFalse : whenTrue,
      message: message === "" ? falseMessage : message,
    };
  });
  const others = before.filter(({ type }) => !rows.some((row) => row.type === type));
  return [...others, ...ours];
}
