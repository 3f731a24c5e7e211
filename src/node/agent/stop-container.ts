import type { Pod } from "../../api/types.ts";
import { describeError } from "../../lib/errors.ts";
import { Deadline } from "../lifecycle/deadline.ts";
import { describePod, type LifecycleHandler } from "../pod-types.ts";
import { askProbe, type ProbeAnswer } from "../probes/probe-request.ts";
import type { RunningContainer } from "../runtime/runtime.ts";
import type { ContainerSlot } from "./container-slot.ts";
import { type NodeContext, recordContainerEvent } from "./node-context.ts";

/** What a container still gets when its preStop hook has eaten the whole grace period, in milliseconds. */
const LAST_GRACE_MS = 2_000;

/** A postStart hook has no time limit in Kubernetes; here it has one, in milliseconds. */
const POST_START_MAX_MS = 10 * 60_000;

/** A container to end, and by when. */
export interface StopOptions {
  readonly pod: Pod;
  readonly podIp: string;
  readonly node: NodeContext;
  readonly slot: ContainerSlot;
  readonly deadline: Deadline;
  /** For the Killing event. */
  readonly message: string;
}

/** Ends a container: preStop hook, SIGTERM, and SIGKILL when the deadline has passed. Resolves after its end. */
export async function stopContainer(options: StopOptions): Promise<void> {
  const { pod, node, slot, deadline, message } = options;
  const { life } = slot;
  if (life === undefined) return;
  const ended = new AbortController();
  const exited = life.exited.then(() => ended.abort());
  // When the agent itself stops there is no grace: its pods go with it.
  const waiting = AbortSignal.any([ended.signal, node.signal]);
  let term = deadline;
  // Whoever stops it in earnest already may have given it more time than this caller does.
  if (!slot.isStopping) {
    slot.isStopping = true;
    recordContainerEvent(node, pod, slot.spec, { type: "Normal", reason: "Killing", message });
    term = await runPreStop({ ...options, life, exited, waiting });
    life.signal("SIGTERM");
  }
  await Promise.race([exited, term.passed(waiting)]);
  life.signal("SIGKILL");
  await exited;
}

interface PreStopOptions extends StopOptions {
  readonly life: RunningContainer;
  readonly exited: Promise<void>;
  /** Aborts when there is nothing to wait for any more. */
  readonly waiting: AbortSignal;
}

/** Runs the preStop hook, if there is one. Returns the deadline of what follows. */
async function runPreStop(options: PreStopOptions): Promise<Deadline> {
  const { pod, podIp, node, slot, deadline, life, exited, waiting } = options;
  const hook = slot.spec.lifecycle?.preStop;
  if (hook === undefined || deadline.remainingMs === 0 || slot.phase.type !== "running") {
    return deadline;
  }
  const outcome = runHook({ hook, life, slot, node, podIp, timeoutMs: deadline.remainingMs });
  await Promise.race([outcome, exited, deadline.passed(waiting)]);
  const isLate = deadline.remainingMs === 0;
  const answer = isLate ? { isSuccess: false, output: "grace period is over" } : await outcome;
  if (!answer.isSuccess && !waiting.aborted) {
    tellFailedHook({ node, pod, slot, kind: "PreStop", output: answer.output });
  }
  return isLate ? new Deadline(node.clock, LAST_GRACE_MS) : deadline;
}

/** Runs a postStart hook. Undefined if there is none or it succeeded, else why it failed. */
export async function runPostStart(
  slot: ContainerSlot,
  life: RunningContainer,
  { node, podIp }: { readonly node: NodeContext; readonly podIp: string },
): Promise<string | undefined> {
  const hook = slot.spec.lifecycle?.postStart;
  if (hook === undefined) return undefined;
  const running = runHook({ hook, life, slot, node, podIp, timeoutMs: POST_START_MAX_MS });
  const gone = life.exited.then(() => ({ isSuccess: false, output: "the container has ended" }));
  const answer = await Promise.race([running, gone]);
  return answer.isSuccess ? undefined : answer.output;
}

/** A hook that has failed, and whose it is. */
export interface FailedHook extends Pick<StopOptions, "node" | "pod" | "slot"> {
  readonly kind: "PostStart" | "PreStop";
  readonly output: string;
}

/** Tells that a hook has failed. Why is for the log alone, as in the kubelet: what it printed may hold secrets. */
export function tellFailedHook({ node, pod, slot, kind, output }: FailedHook): void {
  const reason = `Failed${kind}Hook`;
  node.log.debug("A lifecycle hook failed", {
    pod: describePod(pod),
    container: slot.name,
    output,
  });
  recordContainerEvent(node, pod, slot.spec, {
    type: "Warning",
    reason,
    message: `${kind}Hook failed`,
  });
}

interface HookOptions {
  readonly hook: LifecycleHandler;
  readonly life: RunningContainer;
  readonly slot: ContainerSlot;
  readonly node: NodeContext;
  readonly podIp: string;
  readonly timeoutMs: number;
}

async function runHook(options: HookOptions): Promise<ProbeAnswer> {
  const { hook, life, slot, node, podIp, timeoutMs } = options;
  if (hook.sleep !== undefined) {
    await node.clock.sleep(Math.min(hook.sleep.seconds * 1000, timeoutMs), node.signal);
    return { isSuccess: true, output: "" };
  }
  try {
    const target = { container: slot.spec, running: life, podIp, sockets: node.sockets };
    return await askProbe(hook, target, timeoutMs);
  } catch (error) {
    return { isSuccess: false, output: describeError(error) };
  }
}
