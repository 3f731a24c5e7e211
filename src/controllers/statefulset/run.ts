import { controllerRevisions, pods, statefulSets } from "../../api/resource.ts";
import { labelSelectorOf } from "../../api/selectors.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isAlreadyExists } from "../../api/status-error.ts";
import type { ControllerRevision, Pod, StatefulSet } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { Index } from "../../client/index-by.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { applyClaims, ownersConcerned, planClaims } from "../claims.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { deleteExactly } from "../delete-exactly.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import { controllerUids } from "../owners.ts";
import type { PodControl, PodEventWords } from "../pod-control.ts";
import { createPodControl } from "../pod-control.ts";
import { untilAvailable } from "../pods.ts";
import type { Revision, StatefulSetPlan } from "./plan.ts";
import { planStatefulSet } from "./plan.ts";
import { ordinalOf, revisionOfPod } from "./pod.ts";
import { expiredRevisions, templateOf, updateRevisionOf } from "./revisions.ts";

/** Keeps the numbered pods of each StatefulSet. */
export function runStatefulSets(context: ControllerContext): Promise<void> {
  return runLoop(context, new StatefulSetLoop(context));
}

const podEventWords: PodEventWords = {
  done: (verb, pod, owner) => `${verb} Pod ${pod} in StatefulSet ${owner} successful`,
  failed: (verb, pod, owner, error) =>
    `${verb} Pod ${pod} in StatefulSet ${owner} failed error: ${error}`,
};

class StatefulSetLoop implements Loop {
  readonly name = "statefulset-controller";
  readonly caches;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #sets: Informer<StatefulSet>;
  readonly #pods: Informer<Pod>;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #revisionsByOwner: Index<ControllerRevision>;
  readonly #podControl: PodControl;
  readonly #ownWrites = new OwnWrites();

  constructor(context: ControllerContext) {
    const { api, informers, clock } = context;
    this.#api = api;
    this.#clock = clock;
    this.#sets = informers.informer(statefulSets);
    this.#pods = informers.informer(pods);
    this.#revisions = informers.informer(controllerRevisions);
    this.#revisionsByOwner = indexBy(this.#revisions, controllerUids);
    this.#podControl = createPodControl(api, recorderOf(context, this.name), podEventWords);
    this.caches = [this.#sets, this.#pods, this.#revisions];
  }

  wake(queue: WorkQueue): void {
    this.#sets.subscribe(({ object }) => queue.add(keyOf(object)));
    this.#pods.subscribe((change) => {
      for (const key of ownersConcerned(change, "StatefulSet", this.#sets)) queue.add(key);
    });
  }

  async work(key: string): Promise<WorkResult> {
    const set = this.#sets.get(key);
    if (set === undefined) {
      this.#ownWrites.forget(key);
      return undefined;
    }
    if (this.#ownWrites.isBehind(key, set)) return { againAfterMs: CATCH_UP_MS };
    const owned = await this.#claim(set);
    const revisions = await this.#claimRevisions(set);
    const update = await this.#ensureRevision(set, revisions);
    if (update === undefined) return undefined;
    const currentName = set.status?.currentRevision ?? "";
    const current = revisions.find(({ metadata }) => metadata.name === currentName) ?? update;
    const plan = planStatefulSet({
      set,
      pods: owned,
      current: asRevision(current, set),
      update: asRevision(update, set),
      nowMs: this.#clock.now(),
    });
    await this.#apply(set, plan);
    await this.#truncateHistory(set, revisions, owned, [current, update]);
    return untilAvailable(owned, set.spec?.minReadySeconds ?? 0, this.#clock.now());
  }

  /** Only pods that bear the set's name can be its own. */
  async #claim(set: StatefulSet): Promise<readonly Pod[]> {
    const { namespace = "" } = set.metadata;
    const selector = labelSelectorOf(set.spec?.selector);
    const candidates = this.#pods
      .listNamespace(namespace)
      .filter((pod) => ordinalOf(set, pod) !== undefined);
    const claims = planClaims(set, selector, candidates);
    return await applyClaims(this.#api, { resource: statefulSets, object: set }, pods, claims);
  }

  /** Its own, and those that a set deleted without its dependents has left; it lets go of none. */
  async #claimRevisions(set: StatefulSet): Promise<readonly ControllerRevision[]> {
    const { namespace = "", uid = "" } = set.metadata;
    const selector = labelSelectorOf(set.spec?.selector);
    const { adopt } = planClaims(set, selector, this.#revisions.listNamespace(namespace));
    const claims = { owned: this.#revisionsByOwner.get(uid), adopt, release: [] };
    const owner = { resource: statefulSets, object: set };
    return await applyClaims(this.#api, owner, controllerRevisions, claims);
  }

  /** The revision of the present template; undefined when the next event has to bring it. */
  async #ensureRevision(
    set: StatefulSet,
    owned: readonly ControllerRevision[],
  ): Promise<ControllerRevision | undefined> {
    const step = updateRevisionOf(set, owned);
    if (step.type === "present") return step.revision;
    if (step.type === "renumber") return await this.#api.update(controllerRevisions, step.revision);
    try {
      return await this.#api.create(controllerRevisions, step.revision);
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      if (!isAlreadyExists(error)) throw error;
    }
    const { name = "", namespace = "" } = step.revision.metadata;
    const existing = await this.#api.get(controllerRevisions, { namespace, name });
    // Ours of a moment ago, if the cache is late. Otherwise two templates share a hash: take another.
    if (semanticEqual(existing.data, step.revision.data)) return existing;
    const collisionCount = (set.status?.collisionCount ?? 0) + 1;
    const status = { replicas: 0, ...set.status, collisionCount };
    await this.#api.update(statefulSets, { ...set, status }, "status");
    return undefined;
  }

  async #apply(set: StatefulSet, plan: StatefulSetPlan): Promise<void> {
    const { create, remove, relabel, status } = plan;
    const key = keyOf(set);
    try {
      for (const { pod, labels } of relabel) await this.#podControl.label(set, pod, labels);
      for (const pod of create) await this.#create(set, pod);
      for (const pod of remove) await this.#podControl.remove(set, pod);
    } finally {
      if (!semanticEqual(status, set.status)) {
        const answer = await this.#api.update(statefulSets, { ...set, status }, "status");
        this.#ownWrites.wrote(key, set, answer, this.#sets.get(key));
      }
    }
  }

  async #create(set: StatefulSet, pod: Pod): Promise<void> {
    try {
      await this.#podControl.create(set, pod);
    } catch (error) {
      // There is one of this name, which the cache will show; or there is no namespace any more.
      if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
    }
  }

  async #truncateHistory(
    set: StatefulSet,
    owned: readonly ControllerRevision[],
    ownPods: readonly Pod[],
    used: readonly ControllerRevision[],
  ): Promise<void> {
    const names = [
      ...used.map(({ metadata }) => metadata.name ?? ""),
      ...ownPods.map((pod) => revisionOfPod(pod) ?? ""),
    ];
    for (const revision of expiredRevisions(set, owned, new Set(names))) {
      await deleteExactly(this.#api, controllerRevisions, revision);
    }
  }
}

function asRevision(revision: ControllerRevision, set: StatefulSet): Revision {
  return { name: revision.metadata.name ?? "", template: templateOf(revision, set) };
}
