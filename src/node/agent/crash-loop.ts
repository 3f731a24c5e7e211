import type { Pod } from "../../api/types.ts";
import { describePod } from "../pod-types.ts";
import type { ContainerSlot } from "./container-slot.ts";
import { type NodeContext, recordContainerEvent } from "./node-context.ts";

/** Says, once for each end of a container, that it waits before it starts again. */
export function tellCrashLoop(
  slot: ContainerSlot,
  pauseMs: number,
  { node, pod: object }: { readonly node: NodeContext; readonly pod: Pod },
): void {
  if (slot.waiting?.reason === "CrashLoopBackOff") return;
  const { name } = slot;
  const pod = describePod(object);
  const message = `back-off ${formatPause(pauseMs)} restarting failed container=${name} pod=${pod}`;
  slot.waiting = { reason: "CrashLoopBackOff", message };
  recordContainerEvent(node, object, slot.spec, {
    type: "Warning",
    reason: "BackOff",
    message: `Back-off restarting failed container ${name} in pod ${pod}`,
  });
}

/** As Go writes durations: `10s`, `1m20s`, `5m0s`. */
function formatPause(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
