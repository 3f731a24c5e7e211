import type { KubeObject, Pod } from "../../api/types.ts";

/** Kubernetes' default, for pods that say nothing. */
const DEFAULT_GRACE_SECONDS = 30;

/** Seconds that a pod gets to end. A pod that no node runs, or that has ended, gets none. */
export function podGraceSeconds(
  pod: KubeObject & Pick<Pod, "spec" | "status">,
  wanted: number | undefined,
): number {
  const { spec, status } = pod;
  if ((spec?.nodeName ?? "") === "") return 0;
  if (status?.phase === "Failed" || status?.phase === "Succeeded") return 0;
  const seconds = wanted ?? spec?.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
  return seconds < 0 ? 1 : seconds;
}
