import type { Pod, PodCondition } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import type { Container } from "../pod-types.ts";
import { isSidecar } from "../pod-types.ts";
import type { ContainerRecord } from "./container-status.ts";
import type { PodPhase } from "./pod-phase.ts";

/** `status.conditions[]` as it goes over the wire. */
export interface ConditionJson {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime: string;
}

/** All that the conditions are computed from. */
export interface ConditionsInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly initContainers: readonly ContainerRecord[];
  readonly containers: readonly ContainerRecord[];
  /** The pod's namespaces and network are up. */
  readonly hasNetwork: boolean;
  /** The newest conditions that are known. */
  readonly previous: readonly PodCondition[];
  readonly nowMs: number;
}

type Verdict = {
  readonly status: "True" | "False";
  readonly reason?: string;
  readonly message?: string;
};

const yes: Verdict = { status: "True" };

/** The conditions that the node agent owns; the time of the last transition is kept while the status stays. */
export function podConditions(input: ConditionsInput): readonly ConditionJson[] {
  const containersReady = containersReadyVerdict(input);
  const verdicts: Readonly<Record<string, Verdict>> = {
    PodReadyToStartContainers: { status: input.hasNetwork ? "True" : "False" },
    Initialized: initializedVerdict(input),
    Ready: readyVerdict(input, containersReady),
    ContainersReady: containersReady,
    PodScheduled: yes,
  };
  const old = new Map(input.previous.map((condition) => [condition.type, condition]));
  return Object.entries(verdicts).map(([type, verdict]) => {
    const before = old.get(type);
    const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
    return {
      type,
      lastTransitionTime: since ?? formatTime(input.nowMs),
      ...verdict,
    };
  });
}

function containersReadyVerdict({
  pod,
  phase,
  initContainers,
  containers,
}: ConditionsInput): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const sidecars: readonly Container[] = (pod.spec?.initContainers ?? []).filter(isSidecar);
  const all: readonly Container[] = [...sidecars, ...(pod.spec?.containers ?? [])];
  const records = [...initContainers, ...containers];
  const unknown: string[] = [];
  const unready: string[] = [];
  for (const { name } of all) {
    const record = records.find((candidate) => candidate.name === name);
    if (record === undefined) unknown.push(name);
    else if (!record.ready) unready.push(name);
  }
  const messages = [
    ...(unknown.length > 0 ? [`containers with unknown status: [${unknown.join(" ")}]`] : []),
    ...(unready.length > 0 ? [`containers with unready status: [${unready.join(" ")}]`] : []),
  ];
  if (messages.length === 0) return yes;
  return { status: "False", reason: "ContainersNotReady", message: messages.join(", ") };
}

function readyVerdict({ pod }: ConditionsInput, containersReady: Verdict): Verdict {
  if (containersReady.status === "False") return containersReady;
  const gates: readonly { readonly conditionType: string }[] = pod.spec?.readinessGates ?? [];
  const conditions: readonly { readonly type: string; readonly status: string }[] =
    pod.status?.conditions ?? [];
  const messages = gates.flatMap(({ conditionType }) => {
    const found = conditions.find((condition) => condition.type === conditionType);
    if (found === undefined) {
      return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    }
    if (found.status === "True") return [];
    return [
      `the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`,
    ];
  });
  if (messages.length === 0) return yes;
  return { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function initializedVerdict({ pod, phase, initContainers, containers }: ConditionsInput): Verdict {
  if (phase === "Succeeded") return { status: "True", reason: "PodCompleted" };
  // Once an ordinary container was started, initialization lies behind, whatever a sidecar does now.
  if (containers.some((record) => record.containerId !== "")) return yes;
  const incomplete = (pod.spec?.initContainers ?? [])
    .filter((container: Container) => {
      const record = initContainers.find((candidate) => candidate.name === container.name);
      if (isSidecar(container)) return record?.started !== true;
      return record?.phase.type !== "terminated" || record.phase.end.exitCode !== 0;
    })
    .map((container: Container) => container.name);
  if (incomplete.length === 0) return yes;
  return {
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
}
