import type { Pod, PodCondition } from "../../api/types.ts";
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
  /** The conditions as they were written last, where that is newer than what the pod shows. */
  readonly previous?: readonly PodCondition[];
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
  const { pod, initContainers, containers, podIps, hostIps, failure } = input;
  const phase =
    failure === undefined
      ? podPhase({
          spec: pod.spec ?? { containers: [] },
          initContainers,
          containers,
          isStopping: input.isStopping,
        })
      : "Failed";
  return {
    phase,
    ...failure,
    conditions: podConditions({ ...input, phase }),
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
