import type { DeleteOptions, KubeObject, Namespace } from "../../api/types.ts";

const foreground = "foregroundDeletion";
const orphan = "orphan";

/** Finalizers of the spec, which only namespaces have. */
export function specFinalizers(object: KubeObject & Pick<Namespace, "spec">): readonly string[] {
  return object.kind === "Namespace" ? (object.spec?.finalizers ?? []) : [];
}

/** The finalizers after the caller has said what becomes of the dependents. */
export function finalizersFor({ metadata }: KubeObject, options: DeleteOptions): readonly string[] {
  const own = metadata.finalizers ?? [];
  const policy = policyOf(options);
  if (policy === undefined) return own;
  const others = own.filter((name) => name !== foreground && name !== orphan);
  switch (policy) {
    case "Foreground":
      return [...others, foreground];
    case "Orphan":
      return [...others, orphan];
    default:
      return others;
  }
}

/** `orphanDependents` is the older way to say it. */
function policyOf({ propagationPolicy, orphanDependents }: DeleteOptions): string | undefined {
  if (propagationPolicy !== undefined) return propagationPolicy;
  if (orphanDependents === undefined) return undefined;
  return orphanDependents ? "Orphan" : "Background";
}

/** True when an object that is being deleted is no longer kept by anything. */
export function isReleased(current: KubeObject, next: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = current.metadata;
  return (
    deletionTimestamp !== undefined &&
    (deletionGracePeriodSeconds ?? 0) === 0 &&
    (next.metadata.finalizers ?? []).length === 0 &&
    specFinalizers(next).length === 0
  );
}
