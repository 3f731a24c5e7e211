import { deployments, pods, replicaSets } from "../../api/resource.ts";
import { labelSelectorOf } from "../../api/selectors.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import type { Deployment, ReplicaSet } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import { applyClaims, planClaims } from "../claims.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import { controllerOf, controllerUids, isOwnedBy } from "../owners.ts";
import type { DeploymentPlan } from "./plan.ts";
import { planDeployment } from "./plan.ts";
import { REVISION_ANNOTATION } from "./revision.ts";
import { progressDeadlineMs } from "./status.ts";
import { isSameTemplate } from "./template.ts";

/** Rolls out Deployments by means of ReplicaSets. */
export async function runDeployments(context: ControllerContext): Promise<void> {
  const { api, informers, clock } = context;
  const deploymentCache = informers.informer(deployments);
  const setCache = informers.informer(replicaSets);
  const podCache = informers.informer(pods);
  const podsByOwner = indexBy(podCache, controllerUids);
  const ownWrites = new OwnWrites();
  const ownSetWrites = new OwnWrites();
  const recorder = recorderOf(context, "deployment-controller");

  async function work(key: string): Promise<WorkResult> {
    const deployment = deploymentCache.get(key);
    if (deployment === undefined) {
      ownWrites.forget(key);
      return undefined;
    }
    if (ownWrites.isBehind(key, deployment)) return { againAfterMs: CATCH_UP_MS };
    const owned = await claim(deployment);
    if (owned.some((set) => ownSetWrites.isBehind(keyOf(set), set))) {
      return { againAfterMs: CATCH_UP_MS };
    }
    const plan = planDeployment({
      deployment,
      replicaSets: owned,
      podsOf: (replicaSet) => podsByOwner.get(replicaSet.metadata.uid ?? ""),
      nowMs: clock.now(),
    });
    await apply(deployment, plan);
    const deadlineMs = progressDeadlineMs({ ...deployment, status: plan.status });
    return deadlineMs === undefined
      ? undefined
      : { againAfterMs: deadlineMs - clock.now() + 1_000 };
  }

  async function claim(deployment: Deployment): Promise<readonly ReplicaSet[]> {
    const { namespace = "" } = nameOfKey(keyOf(deployment));
    const selector = labelSelectorOf(deployment.spec?.selector);
    const claims = planClaims(deployment, selector, setCache.listNamespace(namespace));
    const owner = { resource: deployments, object: deployment };
    return await applyClaims(api, owner, replicaSets, claims);
  }

  async function apply(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    if (plan.create !== undefined && !(await create(deployment, plan.create))) return;
    for (const { next, resized } of plan.changes) {
      const answer = await api.update(replicaSets, next);
      ownSetWrites.wrote(keyOf(next), next, answer, setCache.get(keyOf(next)));
      if (resized !== undefined) tellResized(deployment, next, resized);
    }
    for (const { metadata } of plan.deletes) {
      const { name = "", namespace = "", uid } = metadata;
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      await api.delete(replicaSets, { namespace, name }, preconditions).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    }
    await writeOwn(deployment, plan);
  }

  /** False when the name is taken by a ReplicaSet of another template: the next try takes another name. */
  async function create(deployment: Deployment, replicaSet: ReplicaSet): Promise<boolean> {
    try {
      await api.create(replicaSets, replicaSet);
      const to = replicaSet.spec?.replicas ?? 0;
      if (to > 0) tellResized(deployment, replicaSet, { from: 0, to });
      return true;
    } catch (error) {
      if (isNamespaceTerminating(error)) return false;
      if (!isAlreadyExists(error)) {
        const message = `Failed to create new replica set "${replicaSet.metadata.name}": ${String(error)}`;
        recorder.record(deployment, { type: "Warning", reason: "ReplicaSetCreateError", message });
        throw error;
      }
    }
    const { name = "", namespace = "" } = replicaSet.metadata;
    const existing = await api.get(replicaSets, { namespace, name });
    const isSame =
      isOwnedBy(existing, deployment) &&
      isSameTemplate(existing.spec?.template, replicaSet.spec?.template);
    if (isSame) return true; // Ours of a moment ago; the cache is late.
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    await api.update(deployments, { ...deployment, status }, "status");
    return false;
  }

  async function writeOwn(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    const key = keyOf(deployment);
    let written = deployment;
    if (plan.revision !== undefined) {
      const annotations = { [REVISION_ANNOTATION]: String(plan.revision) };
      const { resourceVersion } = deployment.metadata;
      const body = { metadata: { annotations, resourceVersion } };
      written = await api.patch(deployments, nameOfKey(key), { type: "merge", body });
    }
    if (!semanticEqual(plan.status, deployment.status)) {
      written = await api.update(deployments, { ...written, status: plan.status }, "status");
    }
    ownWrites.wrote(key, deployment, written, deploymentCache.get(key));
  }

  function tellResized(
    deployment: Deployment,
    { metadata }: ReplicaSet,
    { from, to }: { readonly from: number; readonly to: number },
  ): void {
    const direction = to > from ? "up" : "down";
    const message = `Scaled ${direction} replica set ${metadata.name} from ${from} to ${to}`;
    recorder.record(deployment, { type: "Normal", reason: "ScalingReplicaSet", message });
  }

  await runLoop(context, {
    name: "deployment-controller",
    caches: [deploymentCache, setCache, podCache],
    work,
    wake: (queue) => {
      deploymentCache.subscribe(({ object }) => queue.add(keyOf(object)));
      setCache.subscribe((change) => {
        const { object } = change;
        const owner = controllerOf(object);
        if (owner?.kind === "Deployment") {
          queue.add(`${object.metadata.namespace}/${owner.name}`);
          return;
        }
        const previous = change.type === "MODIFIED" ? controllerOf(change.previous) : undefined;
        if (previous?.kind === "Deployment") {
          queue.add(`${object.metadata.namespace}/${previous.name}`);
        }
        if (owner !== undefined || change.type === "DELETED") return;
        for (const deployment of deploymentCache.listNamespace(object.metadata.namespace ?? "")) {
          const selector = labelSelectorOf(deployment.spec?.selector);
          if (selector.matches(object.metadata.labels)) queue.add(keyOf(deployment));
        }
      });
      // Recreate waits for the last old pod to be gone.
      podCache.subscribe(({ type, object }) => {
        const owner = controllerOf(object);
        if (type !== "DELETED" || owner?.kind !== "ReplicaSet") return;
        const namespace = object.metadata.namespace ?? "";
        const replicaSet = setCache.get(`${namespace}/${owner.name}`);
        const deployment = replicaSet === undefined ? undefined : controllerOf(replicaSet);
        if (deployment !== undefined) queue.add(`${namespace}/${deployment.name}`);
      });
    },
  });
}
