import { namespaces, nodes, pods } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Namespace, Node, Pod } from "../../api/types.ts";
import type { Api, Change, Informer } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import type { Index } from "../../client/index-by.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { formatTime } from "../../lib/clock.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { recorderOf, runLoop } from "../controller.ts";
import { conditionOf, isFinished, isTerminating } from "../pods.ts";
import { asksForNeighbours } from "./neighbours.ts";
import { pickNode } from "./pick-node.ts";

const SCHEDULER_NAME = "default-scheduler";
/** A pod that fits nowhere is tried again after this at the latest, should an event be missed (as Kubernetes). */
const RETRY_MS = 5 * 60_000;

/** Gives each waiting pod a node. */
export function runScheduler(context: ControllerContext): Promise<void> {
  return runLoop(context, new SchedulerLoop(context));
}

/** A pod that was put on a node while the cache still shows it without one. */
interface Assumed {
  readonly pod: Pod;
  readonly nodeName: string;
}

class SchedulerLoop implements Loop {
  readonly name = SCHEDULER_NAME;
  readonly queue = { workers: 16 };
  readonly caches;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #recorder: EventRecorder;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #namespaces: Informer<Namespace>;
  readonly #podsByNode: Index<Pod>;
  /** By uid. */
  readonly #assumed = new Map<string, Assumed>();
  readonly #unschedulable = new Set<string>();

  constructor(context: ControllerContext) {
    const { api, informers, clock, random } = context;
    this.#api = api;
    this.#clock = clock;
    this.#random = random;
    this.#recorder = recorderOf(context, this.name);
    this.#pods = informers.informer(pods);
    this.#nodes = informers.informer(nodes);
    this.#namespaces = informers.informer(namespaces);
    this.#podsByNode = indexBy(this.#pods, (pod) => (isFinished(pod) ? [] : nodeOf(pod)));
    this.caches = [this.#pods, this.#nodes, this.#namespaces];
  }

  wake(queue: WorkQueue): void {
    const retryAll = () => {
      for (const key of this.#unschedulable) queue.add(key);
    };
    const retryThoseWithNeighbours = () => {
      for (const key of this.#unschedulable) {
        const pod = this.#pods.get(key);
        if (pod !== undefined && asksForNeighbours(pod)) queue.add(key);
      }
    };
    this.#pods.subscribe((change) => {
      const { type, object } = change;
      const isBound = nodeOf(object).length > 0;
      if (type === "DELETED" || isBound) this.#assumed.delete(uidOf(object));
      if (type === "DELETED") this.#unschedulable.delete(keyOf(object));
      else if (isWaiting(object) && !isStatusOnly(change)) queue.add(keyOf(object));
      if (isBound && makesRoom(change)) retryAll();
      else if (isBound && !isStatusOnly(change)) retryThoseWithNeighbours();
    });
    this.#nodes.subscribe((change) => {
      // One that goes helps too: pods need not be spread over it any more.
      if (change.type === "MODIFIED" && isSameToScheduler(change.previous, change.object)) return;
      retryAll();
    });
  }

  async work(key: string): Promise<WorkResult> {
    this.#unschedulable.delete(key);
    const pod = this.#pods.get(key);
    if (pod === undefined || !isWaiting(pod) || this.#assumed.has(uidOf(pod))) return undefined;
    const all = this.#nodes.list();
    const podsOn = new Map(
      all.map(({ metadata: { name = "" } }) => [name, this.#podsOn(name)] as const),
    );
    const pick = pickNode({
      pod,
      nodes: all,
      random: this.#random,
      podsOn: (nodeName) => podsOn.get(nodeName) ?? [],
      namespaceLabels: (name) => this.#namespaces.get(name)?.metadata.labels,
    });
    if (pick.type === "none") {
      this.#unschedulable.add(key);
      await this.#tellUnschedulable(pod, pick.message);
      return { againAfterMs: RETRY_MS };
    }
    await this.#bind(pod, pick.name);
    return undefined;
  }

  /** Those in the cache and those that were only just bound. */
  #podsOn(nodeName: string): readonly Pod[] {
    const assumed = [...this.#assumed.values()].filter((one) => one.nodeName === nodeName);
    return [...this.#podsByNode.get(nodeName), ...assumed.map((one) => one.pod)];
  }

  async #bind(pod: Pod, nodeName: string): Promise<void> {
    const name = nameOfKey(keyOf(pod));
    const uid = uidOf(pod);
    this.#assumed.set(uid, { pod, nodeName });
    // Before the node hears of it, so that what it does to the pod comes later in the list of events.
    const atMs = this.#clock.now();
    try {
      await this.#api.createSubresource(pods, name, "binding", {
        apiVersion: "v1",
        kind: "Binding",
        metadata: { ...name, uid },
        target: { apiVersion: "v1", kind: "Node", name: nodeName },
      });
    } catch (error) {
      this.#assumed.delete(uid);
      if (isNotFound(error)) return; // Deleted meanwhile.
      throw error;
    }
    // The cache may have been faster than the answer.
    const cached = this.#pods.get(keyOf(pod));
    if (cached === undefined || nodeOf(cached).length > 0) this.#assumed.delete(uid);
    const message = `Successfully assigned ${keyOf(pod)} to ${nodeName}`;
    this.#recorder.record(pod, { type: "Normal", reason: "Scheduled", message, atMs });
  }

  async #tellUnschedulable(pod: Pod, message: string): Promise<void> {
    this.#recorder.record(pod, { type: "Warning", reason: "FailedScheduling", message });
    const known = conditionOf(pod, "PodScheduled");
    if (known?.status === "False" && known.message === message) return;
    const condition = {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: known?.lastTransitionTime ?? formatTime(this.#clock.now()),
    };
    const body = { metadata: { uid: uidOf(pod) }, status: { conditions: [condition] } };
    const patch = { type: "strategic", body, subresource: "status" } as const;
    await this.#api.patch(pods, nameOfKey(keyOf(pod)), patch);
  }
}

function isWaiting(pod: Pod): boolean {
  const { nodeName = "", schedulerName = SCHEDULER_NAME, schedulingGates = [] } = pod.spec ?? {};
  const isOurs = schedulerName === SCHEDULER_NAME && schedulingGates.length === 0;
  return nodeName === "" && isOurs && !isFinished(pod) && !isTerminating(pod);
}

/** Whether the pod takes no place on its node any more, or may be none that others keep away from. */
function makesRoom(change: Change<Pod>): boolean {
  if (change.type !== "MODIFIED") return change.type === "DELETED";
  const { previous, object } = change;
  if (!semanticEqual(previous.metadata.labels, object.metadata.labels)) return true;
  return isFinished(object) && !isFinished(previous);
}

/** Such as our own word that the pod fits nowhere: no reason to try again. */
function isStatusOnly(change: Change<Pod>): boolean {
  return change.type === "MODIFIED" && semanticEqual(change.previous.spec, change.object.spec);
}

function nodeOf(pod: Pod): readonly string[] {
  const { nodeName = "" } = pod.spec ?? {};
  return nodeName === "" ? [] : [nodeName];
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? "";
}

/** Whether a node means the same to pods that wait for one; its heartbeats do not count. */
function isSameToScheduler(before: Node, after: Node): boolean {
  const view = (node: Node) => [
    node.metadata.labels,
    node.spec,
    node.status?.allocatable,
    node.status?.conditions?.find(({ type }) => type === "Ready")?.status,
  ];
  return semanticEqual(view(before), view(after));
}
