import { ageOf } from "../human-duration.ts";
import type { Container, ContainerStatus, Pod } from "../types.ts";
import {
  ageColumn,
  column,
  type KindTable,
  nameColumn,
  none,
  orNone,
  type TableRowCondition,
  wideColumn,
} from "./table-shape.ts";

/** How `kubectl get` shows Pods. */
export const podTable: KindTable<Pod> = {
  columns: [
    nameColumn,
    column("Ready", "Containers of the pod that are ready, of all."),
    column("Status", "What the pod's containers are doing, in one word."),
    column("Restarts", "How often the containers were restarted, and when last."),
    ageColumn,
    wideColumn("IP", "The pod's first address."),
    wideColumn("Node", "The node that the pod runs on."),
    wideColumn("Nominated Node", "The node on which room is being made for the pod."),
    wideColumn("Readiness Gates", "Extra readiness conditions that are met, of all."),
  ],
  row(pod, nowMs) {
    const { reason, readyCount, restarts } = podSummary(pod, nowMs);
    const { metadata, spec, status } = pod;
    const sidecars = (spec?.initContainers ?? []).filter(isSidecar).length;
    const condition = completion.get(status?.phase ?? "");
    return {
      cells: [
        metadata.name ?? "",
        `${readyCount}/${(spec?.containers ?? []).length + sidecars}`,
        reason,
        restarts,
        ageOf(metadata.creationTimestamp, nowMs),
        orNone(status?.podIPs?.[0]?.ip ?? status?.podIP),
        orNone(spec?.nodeName),
        orNone(status?.nominatedNodeName),
        readinessGates(pod),
      ],
      ...(condition === undefined ? {} : { conditions: [condition] }),
    };
  },
};

const completion: ReadonlyMap<string, TableRowCondition> = new Map([
  [
    "Succeeded",
    {
      type: "Completed",
      status: "True",
      reason: "Succeeded",
      message: "The pod has completed successfully.",
    },
  ],
  ["Failed", { type: "Completed", status: "True", reason: "Failed", message: "The pod failed." }],
]);

interface PodSummary {
  readonly reason: string;
  readonly readyCount: number;
  readonly restarts: string;
}

/** The STATUS, READY and RESTARTS columns: the first thing that keeps the pod from running wins. */
function podSummary({ metadata, spec, status = {} }: Pod, nowMs: number): PodSummary {
  const sidecars = new Set((spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name));
  const initStatuses = status.initContainerStatuses ?? [];
  const isGated = (status.conditions ?? []).some(
    ({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated",
  );
  let reason = isGated ? "SchedulingGated" : status.reason || status.phase || "";

  const blocking = initStatuses.findIndex(
    (one) => !isPast(one) && !(sidecars.has(one.name) && one.started === true),
  );
  const passed = blocking < 0 ? initStatuses : initStatuses.slice(0, blocking);
  let readyCount = passed.filter(
    (one) => sidecars.has(one.name) && !isPast(one) && one.started === true && one.ready,
  ).length;
  const blocker = blocking < 0 ? undefined : initStatuses[blocking];
  if (blocker !== undefined) {
    const count = (spec?.initContainers ?? []).length;
    reason = `Init:${stoppedReason(blocker, ["", "PodInitializing"]) ?? `${blocking}/${count}`}`;
  }

  let counted = blocker === undefined ? initStatuses : initStatuses.slice(0, blocking + 1);
  if (blocker === undefined || hasCondition(status.conditions, "Initialized")) {
    const statuses = status.containerStatuses ?? [];
    counted = [...counted.filter(({ name }) => sidecars.has(name)), ...statuses];
    const running = statuses.filter(
      (one) =>
        stoppedReason(one, [""]) === undefined && one.ready && one.state?.running !== undefined,
    );
    readyCount += running.length;
    // The reason of the first container that has one.
    reason =
      statuses.map((one) => stoppedReason(one, [""])).find((one) => one !== undefined) ?? reason;
    if (reason === "Completed" && running.length > 0) {
      reason = hasCondition(status.conditions, "Ready") ? "Running" : "NotReady";
    }
  }

  if (metadata.deletionTimestamp !== undefined) {
    if (status.reason === "NodeLost") reason = "Unknown";
    else if (status.phase !== "Succeeded" && status.phase !== "Failed") reason = "Terminating";
  }
  return { reason, readyCount, restarts: restartsText(counted, nowMs) };
}

/** Whether an init container has done its work. */
function isPast({ state }: ContainerStatus): boolean {
  return state?.terminated !== undefined && state.terminated.exitCode === 0;
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

/** Why a container does not run; undefined if it may. `ignored` are the waiting reasons that say nothing. */
function stoppedReason({ state }: ContainerStatus, ignored: readonly string[]): string | undefined {
  const waiting = state?.waiting?.reason ?? "";
  if (!ignored.includes(waiting)) return waiting;
  const { terminated } = state ?? {};
  if (terminated === undefined) return undefined;
  if (terminated.reason) return terminated.reason;
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
}

/** `3 (5m ago)`: the count, and when the last of these restarts was. */
function restartsText(statuses: readonly ContainerStatus[], nowMs: number): string {
  const count = statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0);
  const lastMs = Math.max(
    ...statuses.map((one) => Date.parse(one.lastState?.terminated?.finishedAt ?? "") || 0),
    0,
  );
  if (count === 0 || lastMs === 0) return String(count);
  return `${count} (${ageOf(new Date(lastMs).toISOString(), nowMs)} ago)`;
}

function hasCondition(
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
  type: string,
): boolean {
  return (conditions ?? []).some((one) => one.type === type && one.status === "True");
}

function readinessGates({ spec, status }: Pod): string {
  const gates = spec?.readinessGates ?? [];
  if (gates.length === 0) return none;
  const met = gates.filter(({ conditionType }) => hasCondition(status?.conditions, conditionType));
  return `${met.length}/${gates.length}`;
}
