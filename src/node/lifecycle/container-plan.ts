import { type Container, isSidecar, type PodSpec } from "../pod-types.ts";
import { type BackoffEntry, decideRestart } from "./restart-backoff.ts";

/** Where one container is, as far as the plan depends on it. */
export interface ContainerView {
  readonly name: string;
  readonly state:
    | { readonly type: "new" }
    | { readonly type: "running"; readonly started: boolean }
    | { readonly type: "exited"; readonly exitCode: number; readonly finishedAtMs: number };
  readonly backoff?: BackoffEntry;
}

/** A container that starts now. */
export interface ContainerStart {
  readonly name: string;
  /** What to remember of its restarts; absent for a first start. */
  readonly backoff?: BackoffEntry;
}

/** A container that waits, and for how long of which pause. */
export interface ContainerWait {
  readonly name: string;
  readonly remainingMs: number;
  readonly pauseMs: number;
}

/** What to do with the containers of a pod now. */
export interface ContainerPlan {
  readonly start: readonly ContainerStart[];
  /** Containers that wait out their back-off. */
  readonly wait: readonly ContainerWait[];
  /** Nothing will run again, but for the sidecars, which are to be stopped. */
  readonly isFinished: boolean;
}

/** A pod and its containers at a moment. */
export interface ContainerPlanInput {
  readonly spec: PodSpec;
  readonly views: ReadonlyMap<string, ContainerView>;
  readonly nowMs: number;
}

/**
 * Decides which containers start now. Init containers run one after the other, each to success; one with
 * `restartPolicy: Always` (a sidecar, KEP-753) only has to have started. Then all ordinary ones run at once.
 */
export function planContainers(input: ContainerPlanInput): ContainerPlan {
  const { spec } = input;
  const init = planInit(input);
  if (init.verdict === "failed") return { start: [], wait: [], isFinished: true };
  if (init.verdict === "busy") return { start: init.start, wait: init.wait, isFinished: false };

  const start = [...init.start];
  const wait = [...init.wait];
  let unfinished = 0;
  for (const container of spec.containers) {
    const step = stepOf(container, policyOf(spec), input);
    if (step.type !== "over") unfinished++;
    if (step.type === "start") start.push(step.start);
    if (step.type === "wait") wait.push(step.wait);
  }
  if (unfinished === 0) return { start: [], wait: [], isFinished: true };
  return { start, wait, isFinished: false };
}

type RestartPolicy = "Always" | "OnFailure" | "Never";

function policyOf(spec: PodSpec): RestartPolicy {
  const policy = spec.restartPolicy;
  return policy === "Never" || policy === "OnFailure" ? policy : "Always";
}

interface InitPlan {
  readonly verdict: "done" | "busy" | "failed";
  readonly start: readonly ContainerStart[];
  readonly wait: readonly ContainerWait[];
}

function planInit(input: ContainerPlanInput): InitPlan {
  const { spec, views } = input;
  const start: ContainerStart[] = [];
  const wait: ContainerWait[] = [];
  // Once an ordinary container was started, initialization is over: only sidecars come back.
  const isPast = spec.containers.some(
    ({ name }) => (views.get(name)?.state.type ?? "new") !== "new",
  );
  for (const container of spec.initContainers ?? []) {
    const isResident = isSidecar(container);
    if (isPast && !isResident) continue;
    // A failed init container is tried again unless the pod says Never; a successful one is not.
    const policy = isResident ? "Always" : policyOf(spec) === "Never" ? "Never" : "OnFailure";
    const state = views.get(container.name)?.state;
    const step = stepOf(container, policy, input);
    if (step.type === "start") start.push(step.start);
    if (step.type === "wait") wait.push(step.wait);
    if (isPast) continue;
    if (step.type === "over") {
      if (state?.type === "exited" && state.exitCode !== 0)
        return { verdict: "failed", start, wait };
      continue;
    }
    const isUp = isResident && state?.type === "running" && state.started;
    if (!isUp) return { verdict: "busy", start, wait };
  }
  return { verdict: "done", start, wait };
}

type Step =
  | { readonly type: "start"; readonly start: ContainerStart }
  | { readonly type: "wait"; readonly wait: ContainerWait }
  | { readonly type: "running" }
  | { readonly type: "over" };

function stepOf({ name }: Container, policy: RestartPolicy, input: ContainerPlanInput): Step {
  const view = input.views.get(name);
  const state = view?.state ?? { type: "new" };
  switch (state.type) {
    case "new":
      return { type: "start", start: { name } };
    case "running":
      return { type: "running" };
    case "exited": {
      const isWanted = policy === "Always" || (policy === "OnFailure" && state.exitCode !== 0);
      if (!isWanted) return { type: "over" };
      const decision = decideRestart(view?.backoff, state.finishedAtMs, input.nowMs);
      if (decision.type === "restart")
        return { type: "start", start: { name, backoff: decision.entry } };
      const { remainingMs, pauseMs } = decision;
      return { type: "wait", wait: { name, remainingMs, pauseMs } };
    }
  }
}
