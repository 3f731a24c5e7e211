import type { Container, PodSpec } from "../pod-types.ts";
import { isSidecar } from "../pod-types.ts";
import type { ContainerRecord } from "./container-status.ts";

/** `status.phase`, as far as an agent sets it. */
export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

/** A pod and its containers. */
export interface PhaseInput {
  readonly spec: PodSpec;
  readonly initContainers: readonly ContainerRecord[];
  readonly containers: readonly ContainerRecord[];
  /** The pod is being deleted, or was stopped for good: nothing will be restarted. */
  readonly isStopping: boolean;
}

/** The phase that the containers add up to, by the kubelet's rules. */
export function podPhase({ spec, initContainers, containers, isStopping }: PhaseInput): PodPhase {
  const policy: string = spec.restartPolicy ?? "Always";
  const init = (spec.initContainers ?? []).map((container: Container) =>
    initProgress(
      container,
      initContainers.find((record) => record.name === container.name),
    ),
  );
  const tally = { waiting: 0, running: 0, succeeded: 0, failed: 0, restarting: 0 };
  for (const record of containers) tally[progressOf(record)]++;
  const stopped = tally.succeeded + tally.failed + tally.restarting;

  if (init.includes("failed") && policy === "Never") return "Failed";
  if (stopped === 0 || tally.waiting > 0 || tally.running > 0) {
    if (init.includes("pending") || init.includes("failed")) {
      if (!isStopping || tally.running > 0) return "Pending";
    }
  }
  if (tally.waiting > 0) return isStopping && tally.running === 0 ? "Failed" : "Pending";
  if (tally.running > 0) return "Running";
  if (stopped === 0) return isStopping ? "Failed" : "Pending";
  const allSucceeded = tally.succeeded === stopped;
  if (isStopping) return allSucceeded ? "Succeeded" : "Failed";
  if (policy === "Always") return "Running";
  if (allSucceeded) return "Succeeded";
  return policy === "Never" ? "Failed" : "Running";
}

type Progress = "waiting" | "running" | "succeeded" | "failed" | "restarting";

function progressOf(record: ContainerRecord): Progress {
  switch (record.phase.type) {
    case "running":
      return "running";
    case "terminated":
      return record.phase.end.exitCode === 0 ? "succeeded" : "failed";
    case "waiting":
      // Between two lives a container counts as stopped, not as never started.
      return record.lastEnd === undefined ? "waiting" : "restarting";
  }
}

function initProgress(
  container: Container,
  record: ContainerRecord | undefined,
): "done" | "pending" | "failed" {
  if (record === undefined) return "pending";
  if (isSidecar(container)) {
    if (record.phase.type === "running") return record.started ? "done" : "pending";
    return record.phase.type === "terminated" || record.lastEnd !== undefined ? "done" : "pending";
  }
  const end = record.phase.type === "terminated" ? record.phase.end : record.lastEnd;
  if (record.phase.type === "running" || end === undefined) return "pending";
  if (end.exitCode !== 0) return "failed";
  return record.phase.type === "terminated" ? "done" : "pending";
}
