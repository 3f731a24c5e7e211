import { pods, replicaSets } from "../../api/resource.ts";
import { labelSelectorOf } from "../../api/selectors.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Pod, ReplicaSet } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import { describeError } from "../../lib/errors.ts";
import { applyClaims, planClaims } from "../claims.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { Expectations } from "../expectations.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import { controlledBy, controllerOf, controllerUids } from "../owners.ts";
import { createPodControl, podFrom } from "../pod-control.ts";
import { availableAtMs, isActive, isTerminating } from "../pods.ts";
import { planReplicas, replicaSetStatus } from "./plan.ts";

/** What went wrong with the pods in a sync, as the ReplicaFailure condition tells it. */
interface Failure {
  readonly reason: string;
  readonly message: string;
  readonly error: unknown;
}

/** Keeps as many pods of each ReplicaSet as it asks for. */
export async function runReplicaSets(context: ControllerContext): Promise<void> {
  const { api, informers, clock } = context;
  const setCache = informers.informer(replicaSets);
  const podCache = informers.informer(pods);
  const podsByOwner = indexBy(podCache, controllerUids);
  const setsByOwner = indexBy(setCache, controllerUids);
  const expectations = new Expectations();
  const ownWrites = new OwnWrites();
  const recorder = recorderOf(context, "replicaset-controller");
  const podControl = createPodControl(api, recorder);

  async function work(key: string): Promise<WorkResult> {
    const replicaSet = setCache.get(key);
    if (replicaSet === undefined) {
      expectations.forget(key);
      ownWrites.forget(key);
      return undefined;
    }
    if (ownWrites.isBehind(key, replicaSet)) return { againAfterMs: CATCH_UP_MS };
    const isSettled = expectations.areMet(key, clock.now());
    const owned = await claim(replicaSet);
    let failure: Failure | undefined;
    if (isSettled && !isTerminating(replicaSet)) failure = await replicate(key, replicaSet, owned);
    await writeStatus(replicaSet, owned, failure);
    if (failure !== undefined) throw failure.error;
    return untilAvailable(replicaSet, owned);
  }

  async function claim(replicaSet: ReplicaSet): Promise<readonly Pod[]> {
    const { namespace = "" } = nameOfKey(keyOf(replicaSet));
    const selector = labelSelectorOf(replicaSet.spec?.selector);
    const claims = planClaims(replicaSet, selector, podCache.listNamespace(namespace));
    return await applyClaims(api, { resource: replicaSets, object: replicaSet }, pods, claims);
  }

  async function replicate(
    key: string,
    replicaSet: ReplicaSet,
    owned: readonly Pod[],
  ): Promise<Failure | undefined> {
    const siblings = siblingPods(replicaSet).filter(isActive);
    const siblingsByNode = Map.groupBy(siblings, (pod) => pod.spec?.nodeName ?? "");
    const { create, remove } = planReplicas({
      replicaSet,
      pods: owned,
      siblingsOn: (nodeName) => siblingsByNode.get(nodeName)?.length ?? 0,
      nowMs: clock.now(),
    });
    return create > 0
      ? await createPods(key, replicaSet, create)
      : await removePods(key, replicaSet, remove);
  }

  /** In batches of 1, 2, 4 …: when the server refuses all of them (a quota, say), one try tells. */
  async function createPods(
    key: string,
    replicaSet: ReplicaSet,
    count: number,
  ): Promise<Failure | undefined> {
    const { name = "", namespace = "" } = replicaSet.metadata;
    const owner = controlledBy(replicaSets, replicaSet);
    const pod = podFrom(replicaSet.spec?.template, namespace, owner, { generateName: `${name}-` });
    for (let left = count, batch = 1; left > 0; left -= batch, batch = Math.min(2 * batch, left)) {
      const results = await Promise.allSettled(
        Array.from({ length: batch }, async () => {
          const created = await podControl.create(replicaSet, pod);
          const { uid = "" } = created.metadata;
          const isCached = podCache.get(keyOf(created))?.metadata.uid === uid;
          expectations.created(key, uid, isCached, clock.now());
        }),
      );
      const refused = results.find((result) => result.status === "rejected");
      if (refused === undefined) continue;
      const error: unknown = refused.reason;
      if (isNamespaceTerminating(error)) return undefined;
      return { reason: "FailedCreate", message: describeError(error), error };
    }
    return undefined;
  }

  async function removePods(
    key: string,
    replicaSet: ReplicaSet,
    remove: readonly Pod[],
  ): Promise<Failure | undefined> {
    const results = await Promise.allSettled(
      remove.map(async (pod) => {
        const { uid = "" } = pod.metadata;
        expectations.deleting(key, uid, clock.now());
        try {
          await podControl.remove(replicaSet, pod);
        } catch (error) {
          expectations.undone(key, uid);
          throw error;
        }
      }),
    );
    const refused = results.find((result) => result.status === "rejected");
    if (refused === undefined) return undefined;
    const error: unknown = refused.reason;
    return { reason: "FailedDelete", message: describeError(error), error };
  }

  /** Pods of all ReplicaSets with the same controller: what "the same family" means for spreading removals. */
  function siblingPods(replicaSet: ReplicaSet): readonly Pod[] {
    const owner = controllerOf(replicaSet)?.uid;
    const sets = owner === undefined ? [replicaSet] : setsByOwner.get(owner);
    return sets.flatMap((set) => podsByOwner.get(set.metadata.uid ?? ""));
  }

  async function writeStatus(
    replicaSet: ReplicaSet,
    owned: readonly Pod[],
    failure: Failure | undefined,
  ): Promise<void> {
    const told = failure && { reason: failure.reason, message: failure.message };
    const input = { replicaSet, pods: owned, nowMs: clock.now() };
    const status = replicaSetStatus(input, told);
    if (semanticEqual(status, replicaSet.status)) return;
    const key = keyOf(replicaSet);
    const answer = await api.update(replicaSets, { ...replicaSet, status }, "status");
    ownWrites.wrote(key, replicaSet, answer, setCache.get(key));
  }

  /** Ready pods become available by mere lapse of time, which no event tells. */
  function untilAvailable(replicaSet: ReplicaSet, owned: readonly Pod[]): WorkResult {
    const { minReadySeconds = 0 } = replicaSet.spec ?? {};
    const nowMs = clock.now();
    const waits = owned
      .map((pod) => (availableAtMs(pod, minReadySeconds) ?? 0) - nowMs)
      .filter((ms) => ms > 0);
    return waits.length === 0 ? undefined : { againAfterMs: Math.min(...waits) + 1 };
  }

  await runLoop(context, {
    name: "replicaset-controller",
    caches: [setCache, podCache],
    work,
    wake: (queue) => {
      setCache.subscribe(({ object }) => queue.add(keyOf(object)));
      podCache.subscribe((change) => {
        for (const object of change.type === "MODIFIED"
          ? [change.previous, change.object]
          : [change.object]) {
          const owner = controllerOf(object);
          const key = `${object.metadata.namespace}/${owner?.name}`;
          if (owner?.kind === "ReplicaSet") {
            expectations.observe(key, change);
            queue.add(key);
          } else if (owner === undefined && change.type !== "DELETED") {
            for (const set of setsMatching(object)) queue.add(keyOf(set));
          }
        }
      });
    },
  });

  function setsMatching(pod: Pod): readonly ReplicaSet[] {
    return setCache
      .listNamespace(pod.metadata.namespace ?? "")
      .filter((set) => labelSelectorOf(set.spec?.selector).matches(pod.metadata.labels));
  }
}
