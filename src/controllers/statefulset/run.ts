import { controllerRevisions, pods, statefulSets } from "../../api/resource.ts";
import { labelSelectorOf } from "../../api/selectors.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import type { ControllerRevision, Pod, StatefulSet } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import { applyClaims, planClaims } from "../claims.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import { controllerOf, controllerUids } from "../owners.ts";
import { createPodControl } from "../pod-control.ts";
import { availableAtMs } from "../pods.ts";
import type { Revision } from "./plan.ts";
import { planStatefulSet } from "./plan.ts";
import { ordinalOf, revisionOfPod } from "./pod.ts";
import { expiredRevisions, templateOf, updateRevisionOf } from "./revisions.ts";

/** Keeps the numbered pods of each StatefulSet. */
export async function runStatefulSets(context: ControllerContext): Promise<void> {
  const { api, informers, clock } = context;
  const setCache = informers.informer(statefulSets);
  const podCache = informers.informer(pods);
  const revisionCache = informers.informer(controllerRevisions);
  const ownWrites = new OwnWrites();
  const revisionsByOwner = indexBy(revisionCache, controllerUids);
  const podControl = createPodControl(api, recorderOf(context, "statefulset-controller"));

  async function work(key: string): Promise<WorkResult> {
    const set = setCache.get(key);
    if (set === undefined) {
      ownWrites.forget(key);
      return undefined;
    }
    if (ownWrites.isBehind(key, set)) return { againAfterMs: CATCH_UP_MS };
    const owned = await claim(set);
    const revisions = revisionsByOwner.get(set.metadata.uid ?? "");
    const update = await ensureRevision(set, revisions);
    if (update === undefined) return undefined;
    const currentName = set.status?.currentRevision ?? "";
    const current = revisions.find(({ metadata }) => metadata.name === currentName) ?? update;
    const plan = planStatefulSet({
      set,
      pods: owned,
      current: asRevision(current, set),
      update: asRevision(update, set),
      nowMs: clock.now(),
    });
    try {
      for (const pod of plan.create) await create(set, pod);
      for (const pod of plan.remove) await podControl.remove(set, pod);
    } finally {
      if (!semanticEqual(plan.status, set.status)) {
        const answer = await api.update(statefulSets, { ...set, status: plan.status }, "status");
        ownWrites.wrote(key, set, answer, setCache.get(key));
      }
    }
    await truncateHistory(set, revisions, owned, [current, update]);
    return untilAvailable(set, owned);
  }

  /** Only pods that bear the set's name can be its own. */
  async function claim(set: StatefulSet): Promise<readonly Pod[]> {
    const { namespace = "" } = nameOfKey(keyOf(set));
    const selector = labelSelectorOf(set.spec?.selector);
    const candidates = podCache
      .listNamespace(namespace)
      .filter((pod) => ordinalOf(set, pod) !== undefined);
    const claims = planClaims(set, selector, candidates);
    return await applyClaims(api, { resource: statefulSets, object: set }, pods, claims);
  }

  /** The revision of the present template; undefined when the next event has to bring it. */
  async function ensureRevision(
    set: StatefulSet,
    owned: readonly ControllerRevision[],
  ): Promise<ControllerRevision | undefined> {
    const step = updateRevisionOf(set, owned);
    if (step.type === "present") return step.revision;
    if (step.type === "renumber") return await api.update(controllerRevisions, step.revision);
    try {
      return await api.create(controllerRevisions, step.revision);
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (!isAlreadyExists(error)) throw error;
    }
    const { name = "", namespace = "" } = step.revision.metadata;
    const existing = await api.get(controllerRevisions, { namespace, name });
    // Ours of a moment ago, if the cache is late. Otherwise two templates share a hash: take another.
    if (semanticEqual(existing.data, step.revision.data)) return existing;
    const collisionCount = (set.status?.collisionCount ?? 0) + 1;
    const status = { replicas: 0, ...set.status, collisionCount };
    await api.update(statefulSets, { ...set, status }, "status");
    return undefined;
  }

  async function create(set: StatefulSet, pod: Pod): Promise<void> {
    try {
      await podControl.create(set, pod);
    } catch (error) {
      // There is one of this name, which the cache will show; or there is no namespace any more.
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    }
  }

  async function truncateHistory(
    set: StatefulSet,
    owned: readonly ControllerRevision[],
    ownPods: readonly Pod[],
    used: readonly ControllerRevision[],
  ): Promise<void> {
    const names = [
      ...used.map(({ metadata }) => metadata.name ?? ""),
      ...ownPods.map((pod) => revisionOfPod(pod) ?? ""),
    ];
    for (const { metadata } of expiredRevisions(set, owned, new Set(names))) {
      const { name = "", namespace = "" } = metadata;
      await api.delete(controllerRevisions, { namespace, name }).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
  }

  function untilAvailable(set: StatefulSet, owned: readonly Pod[]): WorkResult {
    const { minReadySeconds = 0 } = set.spec ?? {};
    const nowMs = clock.now();
    const waits = owned
      .map((pod) => (availableAtMs(pod, minReadySeconds) ?? 0) - nowMs)
      .filter((ms) => ms > 0);
    return waits.length === 0 ? undefined : { againAfterMs: Math.min(...waits) + 1 };
  }

  await runLoop(context, {
    name: "statefulset-controller",
    caches: [setCache, podCache, revisionCache],
    work,
    wake: (queue) => {
      setCache.subscribe(({ object }) => queue.add(keyOf(object)));
      podCache.subscribe((change) => {
        const { object } = change;
        const { namespace = "" } = object.metadata;
        const before = change.type === "MODIFIED" ? controllerOf(change.previous) : undefined;
        for (const owner of [controllerOf(object), before]) {
          if (owner?.kind === "StatefulSet") queue.add(`${namespace}/${owner.name}`);
        }
        if (controllerOf(object) !== undefined || change.type === "DELETED") return;
        for (const set of setCache.listNamespace(namespace)) {
          if (labelSelectorOf(set.spec?.selector).matches(object.metadata.labels)) {
            queue.add(keyOf(set));
          }
        }
      });
    },
  });
}

function asRevision(revision: ControllerRevision, set: StatefulSet): Revision {
  return { name: revision.metadata.name ?? "", template: templateOf(revision, set) };
}
