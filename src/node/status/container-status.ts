import { formatTime } from "../../lib/clock.ts";

/** One life of a container that is over. */
export interface Termination {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  /** Epoch milliseconds; absent when it never ran. */
  readonly startedAtMs?: number;
  readonly finishedAtMs: number;
  readonly containerId: string;
}

/** Where a container is. */
export type ContainerPhase =
  | { readonly type: "waiting"; readonly reason: string; readonly message?: string }
  | { readonly type: "running"; readonly startedAtMs: number }
  | { readonly type: "terminated"; readonly end: Termination };

/** What the agent knows of one container of a pod. */
export interface ContainerRecord {
  readonly name: string;
  readonly image: string;
  /** What the image was resolved to; empty before that. */
  readonly imageId: string;
  /** The current or last life's id, `portolan://…`; empty before the first. */
  readonly containerId: string;
  readonly phase: ContainerPhase;
  readonly lastEnd?: Termination;
  readonly restartCount: number;
  readonly started: boolean;
  readonly ready: boolean;
}

interface StateJson {
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly running?: { readonly startedAt: string };
  readonly terminated?: TerminatedJson;
}

interface TerminatedJson {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt: string;
  readonly containerID: string;
}

/** `status.containerStatuses[]` as it goes over the wire. */
export interface ContainerStatusJson {
  readonly name: string;
  readonly image: string;
  readonly imageID: string;
  readonly containerID?: string;
  readonly ready: boolean;
  readonly started: boolean;
  readonly restartCount: number;
  readonly state: StateJson;
  readonly lastState: StateJson;
}

/** The status of a container in the API's form. */
export function containerStatusJson(record: ContainerRecord): ContainerStatusJson {
  return {
    name: record.name,
    image: record.image,
    imageID: record.imageId,
    ...(record.containerId === "" ? {} : { containerID: record.containerId }),
    ready: record.ready,
    started: record.started,
    restartCount: record.restartCount,
    state: stateJson(record.phase),
    lastState: record.lastEnd === undefined ? {} : { terminated: terminatedJson(record.lastEnd) },
  };
}

function stateJson(phase: ContainerPhase): StateJson {
  switch (phase.type) {
    case "waiting":
      return {
        waiting: {
          reason: phase.reason,
          ...(phase.message === undefined ? {} : { message: phase.message }),
        },
      };
    case "running":
      return { running: { startedAt: formatTime(phase.startedAtMs) } };
    case "terminated":
      return { terminated: terminatedJson(phase.end) };
  }
}

function terminatedJson(end: Termination): TerminatedJson {
  return {
    exitCode: end.exitCode,
    ...(end.signal === undefined ? {} : { signal: end.signal }),
    reason: end.reason,
    ...(end.message === undefined ? {} : { message: end.message }),
    ...(end.startedAtMs === undefined ? {} : { startedAt: formatTime(end.startedAtMs) }),
    finishedAt: formatTime(end.finishedAtMs),
    containerID: end.containerId,
  };
}
