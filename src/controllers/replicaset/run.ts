import { pods, replicaSets } from "../../api/resource.ts";
import { labelSelectorOf } from "../../api/selectors.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Pod, ReplicaSet } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { Index } from "../../client/index-by.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import { applyClaims, ownersConcerned, planClaims } from "../claims.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import { controlledBy, controllerOf, controllerUids } from "../owners.ts";
import type { PodControl, PodEventWords } from "../pod-control.ts";
import { createPodControl, podFrom } from "../pod-control.ts";
import { isActive, isFinished, isTerminating, untilAvailable } from "../pods.ts";
import type { ReplicaPlan } from "./plan.ts";
import { planReplicas, replicaSetStatus } from "./plan.ts";

/** Keeps as many pods of each ReplicaSet as it asks for. */
export function runReplicaSets(context: ControllerContext): Promise<void> {
  return runLoop(context, new ReplicaSetLoop(context));
}

const podEventWords: PodEventWords = {
  done: (verb, pod) => `${verb === "create" ? "Created" : "Deleted"} pod: ${pod}`,
  failed: (verb, _pod, _owner, error) =>
    `Error ${verb === "create" ? "creating" : "deleting"}: ${error}`,
};

/** What went wrong with the pods in a sync, as the ReplicaFailure condition tells it. */
interface Failure {
  readonly reason: "FailedCreate" | "FailedDelete";
  readonly error: unknown;
}

class ReplicaSetLoop implements Loop {
  readonly name = "replicaset-controller";
  readonly caches;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #podsByOwner: Index<Pod>;
  readonly #setsByOwner: Index<ReplicaSet>;
  readonly #podControl: PodControl;
  readonly #expectations = new Expectations();
  readonly #ownWrites = new OwnWrites();

  constructor(context: ControllerContext) {
    const { api, informers, clock } = context;
    this.#api = api;
    this.#clock = clock;
    this.#sets = informers.informer(replicaSets);
    this.#pods = informers.informer(pods);
    this.#podsByOwner = indexBy(this.#pods, controllerUids);
    this.#setsByOwner = indexBy(this.#sets, controllerUids);
    this.#podControl = createPodControl(api, recorderOf(context, this.name), podEventWords);
    this.caches = [this.#sets, this.#pods];
  }

  wake(queue: WorkQueue): void {
    this.#sets.subscribe(({ object }) => queue.add(keyOf(object)));
    this.#pods.subscribe((change) => {
      for (const key of ownersConcerned(change, "ReplicaSet", this.#sets)) {
        this.#expectations.observe(key, change);
        queue.add(key);
      }
    });
  }

  async work(key: string): Promise<WorkResult> {
    const replicaSet = this.#sets.get(key);
    if (replicaSet === undefined) {
      this.#expectations.forget(key);
      this.#ownWrites.forget(key);
      return undefined;
    }
    if (this.#ownWrites.isBehind(key, replicaSet)) return { againAfterMs: CATCH_UP_MS };
    const isSettled = this.#expectations.waitMs(key, this.#clock.monotonicMs()) === 0;
    const owned = await this.#claim(replicaSet);
    const mayAct = isSettled && !isTerminating(replicaSet);
    const failure = mayAct ? await this.#replicate(replicaSet, owned) : undefined;
    await this.#writeStatus(replicaSet, owned, failure);
    if (failure !== undefined) throw failure.error;
    return this.#nextLook(replicaSet, owned);
  }

  /** When no event needs to come: pods become available, or the event of what was done here is lost with its watch. */
  #nextLook(replicaSet: ReplicaSet, owned: readonly Pod[]): WorkResult {
    const { minReadySeconds = 0 } = replicaSet.spec ?? {};
    const available = untilAvailable(owned, minReadySeconds, this.#clock.now());
    if (available !== undefined) return available;
    const waitMs = this.#expectations.waitMs(keyOf(replicaSet), this.#clock.monotonicMs());
    return waitMs === 0 ? undefined : { againAfterMs: waitMs };
  }

  async #claim(replicaSet: ReplicaSet): Promise<readonly Pod[]> {
    const { namespace = "" } = replicaSet.metadata;
    const selector = labelSelectorOf(replicaSet.spec?.selector);
    // One that has ended is left to whom it belongs: it counts for nobody.
    const candidates = this.#pods.listNamespace(namespace).filter((pod) => !isFinished(pod));
    const claims = planClaims(replicaSet, selector, candidates);
    const owner = { resource: replicaSets, object: replicaSet };
    return await applyClaims(this.#api, owner, pods, claims);
  }

  async #replicate(replicaSet: ReplicaSet, owned: readonly Pod[]): Promise<Failure | undefined> {
    const siblings = this.#siblingPods(replicaSet).filter(isActive);
    const siblingsByNode = Map.groupBy(siblings, (pod) => pod.spec?.nodeName ?? "");
    const plan = planReplicas({
      replicaSet,
      pods: owned,
      siblingsOn: (nodeName) => siblingsByNode.get(nodeName)?.length ?? 0,
      nowMs: this.#clock.now(),
    });
    if (plan.create > 0) return await this.#createPods(replicaSet, plan.create);
    return await this.#removePods(replicaSet, plan.remove);
  }

  /** In batches of 1, 2, 4 …: when the server refuses all of them (a quota, say), one try tells. */
  async #createPods(replicaSet: ReplicaSet, count: number): Promise<Failure | undefined> {
    const { name = "", namespace = "" } = replicaSet.metadata;
    const owner = controlledBy(replicaSets, replicaSet);
    const pod = podFrom(replicaSet.spec?.template, namespace, owner, { generateName: `${name}-` });
    for (let left = count, batch = 1; left > 0; left -= batch, batch = Math.min(2 * batch, left)) {
      const creating = Array.from({ length: batch }, () => this.#createPod(replicaSet, pod));
      const error = firstRejection(await Promise.allSettled(creating));
      if (error === undefined) continue;
      return isNamespaceTerminating(error) ? undefined : { reason: "FailedCreate", error };
    }
    return undefined;
  }

  async #createPod(replicaSet: ReplicaSet, pod: Pod): Promise<void> {
    const created = await this.#podControl.create(replicaSet, pod);
    const { uid = "" } = created.metadata;
    const isCached = this.#pods.get(keyOf(created))?.metadata.uid === uid;
    this.#expectations.created(keyOf(replicaSet), uid, isCached, this.#clock.monotonicMs());
  }

  async #removePods(
    replicaSet: ReplicaSet,
    remove: ReplicaPlan["remove"],
  ): Promise<Failure | undefined> {
    const removing = remove.map((pod) => this.#removePod(replicaSet, pod));
    const error = firstRejection(await Promise.allSettled(removing));
    return error === undefined ? undefined : { reason: "FailedDelete", error };
  }

  async #removePod(replicaSet: ReplicaSet, pod: Pod): Promise<void> {
    const key = keyOf(replicaSet);
    const { uid = "" } = pod.metadata;
    this.#expectations.deleting(key, uid, this.#clock.monotonicMs());
    try {
      await this.#podControl.remove(replicaSet, pod);
    } catch (error) {
      this.#expectations.undone(key, uid);
      throw error;
    }
  }

  /** Pods of all ReplicaSets with the same controller: what "the same family" means for spreading removals. */
  #siblingPods(replicaSet: ReplicaSet): readonly Pod[] {
    const owner = controllerOf(replicaSet)?.uid;
    const sets = owner === undefined ? [replicaSet] : this.#setsByOwner.get(owner);
    return sets.flatMap((set) => this.#podsByOwner.get(set.metadata.uid ?? ""));
  }

  async #writeStatus(
    replicaSet: ReplicaSet,
    owned: readonly Pod[],
    failure: Failure | undefined,
  ): Promise<void> {
    const told = failure && { reason: failure.reason, message: describeError(failure.error) };
    const input = { replicaSet, pods: owned, nowMs: this.#clock.now() };
    const status = replicaSetStatus(input, told);
    if (semanticEqual(status, replicaSet.status)) return;
    const key = keyOf(replicaSet);
    const answer = await this.#api.update(replicaSets, { ...replicaSet, status }, "status");
    this.#ownWrites.wrote(key, replicaSet, answer, this.#sets.get(key));
  }
}

function firstRejection(results: readonly PromiseSettledResult<unknown>[]): unknown {
  return results.find((result) => result.status === "rejected")?.reason;
}
