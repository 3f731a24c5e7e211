import { deployments, pods, replicaSets } from "../../api/resource.ts";
import { labelSelectorOf } from "../../api/selectors.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isAlreadyExists } from "../../api/status-error.ts";
import type { Deployment, Pod, ReplicaSet } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import type { Index } from "../../client/index-by.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import { applyClaims, ownersConcerned, planClaims } from "../claims.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { deleteExactly } from "../delete-exactly.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import { controllerOf, controllerUids, isOwnedBy } from "../owners.ts";
import type { DeploymentPlan, ReplicaSetChange } from "./plan.ts";
import { planDeployment } from "./plan.ts";
import { REVISION_ANNOTATION } from "./revision.ts";
import { progressDeadlineMs, statusAfterFailure } from "./status.ts";
import { isSameTemplate } from "./template.ts";

/** Rolls out Deployments by means of ReplicaSets. */
export function runDeployments(context: ControllerContext): Promise<void> {
  return runLoop(context, new DeploymentLoop(context));
}

class DeploymentLoop implements Loop {
  readonly name = "deployment-controller";
  readonly caches;
  readonly #api: Api;
  readonly #clock: Clock;
  readonly #recorder: EventRecorder;
  readonly #deployments: Informer<Deployment>;
  readonly #sets: Informer<ReplicaSet>;
  readonly #pods: Informer<Pod>;
  readonly #podsByOwner: Index<Pod>;
  readonly #ownWrites = new OwnWrites();
  readonly #ownSetWrites = new OwnWrites();

  constructor(context: ControllerContext) {
    const { api, informers, clock } = context;
    this.#api = api;
    this.#clock = clock;
    this.#recorder = recorderOf(context, this.name);
    this.#deployments = informers.informer(deployments);
    this.#sets = informers.informer(replicaSets);
    this.#pods = informers.informer(pods);
    this.#podsByOwner = indexBy(this.#pods, controllerUids);
    this.caches = [this.#deployments, this.#sets, this.#pods];
  }

  wake(queue: WorkQueue): void {
    this.#deployments.subscribe(({ object }) => queue.add(keyOf(object)));
    this.#sets.subscribe((change) => {
      for (const key of ownersConcerned(change, "Deployment", this.#deployments)) queue.add(key);
    });
    // Recreate waits for the last old pod to be gone.
    this.#pods.subscribe(({ type, object }) => {
      const owner = controllerOf(object);
      if (type !== "DELETED" || owner?.kind !== "ReplicaSet") return;
      const namespace = object.metadata.namespace ?? "";
      const replicaSet = this.#sets.get(`${namespace}/${owner.name}`);
      const deployment = replicaSet === undefined ? undefined : controllerOf(replicaSet);
      if (deployment !== undefined) queue.add(`${namespace}/${deployment.name}`);
    });
  }

  async work(key: string): Promise<WorkResult> {
    const deployment = this.#deployments.get(key);
    if (deployment === undefined) {
      this.#ownWrites.forget(key);
      return undefined;
    }
    if (this.#ownWrites.isBehind(key, deployment)) return { againAfterMs: CATCH_UP_MS };
    const owned = await this.#claim(deployment);
    if (owned.some((set) => this.#ownSetWrites.isBehind(keyOf(set), set))) {
      return { againAfterMs: CATCH_UP_MS };
    }
    const plan = planDeployment({
      deployment,
      replicaSets: owned,
      podsOf: (replicaSet) => this.#podsByOwner.get(replicaSet.metadata.uid ?? ""),
      nowMs: this.#clock.now(),
    });
    await this.#apply(deployment, plan);
    const deadlineMs = progressDeadlineMs({ ...deployment, status: plan.status });
    if (deadlineMs === undefined) return undefined;
    return { againAfterMs: deadlineMs - this.#clock.now() + 1_000 };
  }

  async #claim(deployment: Deployment): Promise<readonly ReplicaSet[]> {
    const { namespace = "" } = deployment.metadata;
    const selector = labelSelectorOf(deployment.spec?.selector);
    const claims = planClaims(deployment, selector, this.#sets.listNamespace(namespace));
    const owner = { resource: deployments, object: deployment };
    return await applyClaims(this.#api, owner, replicaSets, claims);
  }

  async #apply(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    if (plan.create !== undefined && !(await this.#create(deployment, plan.create))) return;
    for (const change of plan.changes) await this.#change(deployment, change);
    for (const replicaSet of plan.deletes) await deleteExactly(this.#api, replicaSets, replicaSet);
    await this.#writeOwn(deployment, plan);
  }

  /** False when the name is taken by a ReplicaSet of another template: the next try takes another name. */
  async #create(deployment: Deployment, replicaSet: ReplicaSet): Promise<boolean> {
    try {
      await this.#api.create(replicaSets, replicaSet);
      const to = replicaSet.spec?.replicas ?? 0;
      if (to > 0) this.#tellResized(deployment, replicaSet, { from: 0, to });
      return true;
    } catch (error) {
      if (isNamespaceTerminating(error)) return false;
      if (!isAlreadyExists(error)) {
        await this.#tellFailure(deployment, replicaSet, describeError(error));
        throw error;
      }
    }
    const { name = "", namespace = "" } = replicaSet.metadata;
    const existing = await this.#api.get(replicaSets, { namespace, name });
    const isSame =
      isOwnedBy(existing, deployment) &&
      isSameTemplate(existing.spec?.template, replicaSet.spec?.template);
    if (isSame) return true; // Ours of a moment ago; the cache is late.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    await this.#api.update(deployments, { ...deployment, status }, "status");
    return false;
  }

  async #tellFailure(deployment: Deployment, { metadata }: ReplicaSet, why: string): Promise<void> {
    const message = `Failed to create new replica set "${metadata.name}": ${why}`;
    const reason = "ReplicaSetCreateError";
    this.#recorder.record(deployment, { type: "Warning", reason, message });
    const status = statusAfterFailure(deployment, why, this.#clock.now());
    if (semanticEqual(status, deployment.status)) return;
    await this.#api.update(deployments, { ...deployment, status }, "status");
  }

  async #change(deployment: Deployment, { next, resized }: ReplicaSetChange): Promise<void> {
    const key = keyOf(next);
    const answer = await this.#api.update(replicaSets, next);
    this.#ownSetWrites.wrote(key, next, answer, this.#sets.get(key));
    if (resized !== undefined) this.#tellResized(deployment, next, resized);
  }

  async #writeOwn(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    const key = keyOf(deployment);
    let written = deployment;
    if (plan.revision !== undefined) {
      const annotations = { [REVISION_ANNOTATION]: String(plan.revision) };
      const { resourceVersion } = deployment.metadata;
      const body = { metadata: { annotations, resourceVersion } };
      written = await this.#api.patch(deployments, nameOfKey(key), { type: "merge", body });
    }
    if (!semanticEqual(plan.status, deployment.status)) {
      written = await this.#api.update(deployments, { ...written, status: plan.status }, "status");
    }
    this.#ownWrites.wrote(key, deployment, written, this.#deployments.get(key));
  }

  #tellResized(
    deployment: Deployment,
    { metadata }: ReplicaSet,
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    const direction = to > from ? "up" : "down";
    const message = `Scaled ${direction} replica set ${metadata.name} from ${from} to ${to}`;
    this.#recorder.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
  }
}
