import type { Pod, Taint, Toleration } from "../api/types.ts";

export function tolerates(pod: Pod, taint: Taint): boolean {
  return tolerationFor(pod, taint) !== undefined;
}

/**
 * How long a pod stays on a node with these taints, from when it is there together with them: 0 when it has to leave
 * at once, undefined when it may stay for ever. Only taints with the effect NoExecute make pods leave.
 */
export function patienceMs(pod: Pod, taints: readonly Taint[]): number | undefined {
  const expelling = taints.filter(({ effect }) => effect === "NoExecute");
  const tolerations = expelling.map((taint) => tolerationFor(pod, taint));
  if (tolerations.includes(undefined)) return 0;
  const limits = tolerations.flatMap((toleration) => toleration?.tolerationSeconds ?? []);
  return limits.length === 0 ? undefined : 1000 * Math.max(0, Math.min(...limits));
}

/** The first of its tolerations that fits; later ones do not count. */
function tolerationFor({ spec }: Pod, taint: Taint): Toleration | undefined {
  return spec?.tolerations?.find((toleration) => isTolerated(taint, toleration));
}

function isTolerated(taint: Taint, toleration: Toleration): boolean {
  const { key = "", operator = "Equal", value = "", effect = "" } = toleration;
  if (effect !== "" && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return key !== "" && value === (taint.value ?? "");
}
