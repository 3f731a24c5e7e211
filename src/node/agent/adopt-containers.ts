import type { Pod } from "../../api/types.ts";
import { planContainers } from "../lifecycle/container-plan.ts";
import type { ContainerSlot } from "./container-slot.ts";

/**
 * Takes the containers of a pod over from an agent that is gone: their processes ended with it, so they start again.
 * Nothing happens to a pod that no agent has run yet.
 */
export function adoptContainers(pod: Pod, slots: readonly ContainerSlot[], nowMs: number): void {
  const { status, spec = { containers: [] } } = pod;
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const slot of slots) {
    const found = all.find(({ name }) => name === slot.name);
    if (found !== undefined) slot.adopt(found, nowMs);
  }
  // New namespaces need their init containers again, unless nothing is left to be started in them.
  const views = new Map(slots.map((slot) => [slot.name, slot.view()]));
  if (planContainers({ spec, views, nowMs }).isFinished) return;
  for (const slot of slots) if (slot.isInit || mustRunAgain(pod, slot)) slot.renew();
}

function mustRunAgain({ spec }: Pod, { phase }: ContainerSlot): boolean {
  const policy = spec?.restartPolicy ?? "Always";
  if (phase.type !== "exited") return false;
  return policy === "Always" || (policy === "OnFailure" && phase.end.exitCode !== 0);
}
