import type { Pod } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import {
  type ContainerRecord,
  type ContainerStatusJson,
  containerStatusJson,
} from "./container-status.ts";
import { type ConditionJson, podConditions } from "./pod-conditions.ts";
import { type PodPhase, podPhase } from "./pod-phase.ts";

/** All that a status is computed from. */
export interface PodStatusInput {
  readonly pod: Pod;
  readonly initContainers: readonly ContainerRecord[];
  readonly containers: readonly ContainerRecord[];
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  readonly hasNetwork: boolean;
  /** Whether a process of a container is there. */
  readonly hasProcesses: boolean;
  /** What was written last, where that is newer than what the pod shows. */
  readonly previous?: Pick<PodStatusJson, "phase" | "conditions">;
  readonly isStopping: boolean;
  /** When the agent first saw the pod, in epoch milliseconds. */
  readonly startedAtMs: number;
  readonly nowMs: number;
  /** Set when the pod was ended as a whole, such as DeadlineExceeded. */
  readonly failure?: { readonly reason: string; readonly message: string };
}

/** The part of `status` that the node agent writes. */
export interface PodStatusJson {
  readonly phase: PodPhase;
  readonly reason?: string;
  readonly message?: string;
  readonly conditions: readonly ConditionJson[];
  readonly hostIP?: string;
  readonly hostIPs?: readonly { readonly ip: string }[];
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip: string }[];
  readonly startTime: string;
  readonly initContainerStatuses?: readonly ContainerStatusJson[];
  readonly containerStatuses: readonly ContainerStatusJson[];
}

/** What the agent tells the API of a pod. */
export function podStatus(input: PodStatusInput): PodStatusJson {
  const { pod, initContainers, containers, podIps, hostIps, previous } = input;
  const { phase, failure } = verdictOf(input);
  return {
    phase,
    ...failure,
    conditions: podConditions({
      ...input,
      phase,
      previous: previous?.conditions ?? pod.status?.conditions ?? [],
    }),
    ...(hostIps[0] === undefined
      ? {}
      : { hostIP: hostIps[0], hostIPs: hostIps.map((ip) => ({ ip })) }),
    ...(podIps[0] === undefined ? {} : { podIP: podIps[0], podIPs: podIps.map((ip) => ({ ip })) }),
    startTime: pod.status?.startTime ?? formatTime(input.startedAtMs),
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initContainers.map(containerStatusJson) }),
    containerStatuses: containers.map(containerStatusJson),
  };
}

/** While anything of it runs a pod is not over: who sees the end may give its place and its name to another. */
function verdictOf(input: PodStatusInput): Pick<PodStatusInput, "failure"> & { phase: PodPhase } {
  const { pod, previous, failure, hasProcesses } = input;
  const reached =
    failure === undefined ? podPhase({ ...input, spec: pod.spec ?? { containers: [] } }) : "Failed";
  const isOver = reached === "Succeeded" || reached === "Failed";
  if (!isOver || !hasProcesses)
    return { phase: reached, ...(failure === undefined ? {} : { failure }) };
  const before = previous?.phase ?? pod.status?.phase;
  const hasRun =
    before === "Running" || input.containers.some(({ phase }) => phase.type === "terminated");
  return { phase: hasRun ? "Running" : "Pending" };
}
