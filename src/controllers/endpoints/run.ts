import { endpoints, pods, services } from "../../api/resource.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Endpoints } from "../../api/types.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { selectedPods, selectsPods, servicesConcerned } from "../endpoint-pods.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import type { TriggerTimes } from "../trigger-time.ts";
import { triggerTime } from "../trigger-time.ts";
import { reconcileEndpoints } from "./reconcile.ts";

/** Endpoints with it are records of an election, no addresses; they have no Service and stay. */
const LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader";

/** Keeps the Endpoints object of each Service that selects pods. */
export async function runEndpoints(context: ControllerContext): Promise<void> {
  const { api, informers } = context;
  const serviceCache = informers.informer(services);
  const podCache = informers.informer(pods);
  const endpointsCache = informers.informer(endpoints);
  const triggers = new Map<string, TriggerTimes>();
  const ownWrites = new OwnWrites();
  /** The version of our last write, by which its event is told from the writes of others. */
  const written = new Map<string, string>();
  const waitingForCache = new Set<string>();
  const recorder = recorderOf(context, "endpoint-controller");

  async function work(key: string): Promise<WorkResult> {
    const service = serviceCache.get(key);
    const existing = endpointsCache.get(key);
    if (service === undefined) {
      triggers.delete(key);
      ownWrites.forget(key);
      written.delete(key);
      await removeOrphan(existing);
      return undefined;
    }
    if (!selectsPods(service)) return undefined;
    if (ownWrites.isBehind(key, existing)) {
      waitingForCache.add(key);
      return { againAfterMs: CATCH_UP_MS };
    }
    waitingForCache.delete(key);

    const { namespace = "" } = nameOfKey(key);
    const selected = selectedPods(service, podCache.listNamespace(namespace));
    const trigger = triggerTime(service, selected, triggers.get(key));
    const wanted = reconcileEndpoints({
      service,
      pods: selected,
      existing,
      ...(trigger.time === undefined ? {} : { triggerTime: trigger.time }),
    });
    if (wanted !== undefined) await write(wanted, existing, key);
    triggers.set(key, trigger.now);
    return undefined;
  }

  async function write(
    wanted: Endpoints,
    existing: Endpoints | undefined,
    key: string,
  ): Promise<void> {
    const isNew = existing === undefined;
    try {
      const answer = isNew
        ? await api.create(endpoints, wanted)
        : await api.update(endpoints, wanted);
      written.set(key, answer.metadata.resourceVersion ?? "");
      ownWrites.wrote(key, existing, answer, endpointsCache.get(key));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const verb = isNew ? "create" : "update";
      recorder.record(wanted, {
        type: "Warning",
        reason: isNew ? "FailedToCreateEndpoint" : "FailedToUpdateEndpoint",
        message: `Failed to ${verb} endpoint ${key}: ${String(error)}`,
      });
      throw error;
    }
  }

  /** Endpoints whose Service is gone; the API server removes them too, unless nobody told it to. */
  async function removeOrphan(object: Endpoints | undefined): Promise<void> {
    if (object === undefined || object.metadata.annotations?.[LEADER_ANNOTATION] !== undefined) {
      return;
    }
    const { name = "", namespace = "", uid } = object.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await api.delete(endpoints, { namespace, name }, preconditions);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  await runLoop(context, {
    name: "endpoint-controller",
    caches: [serviceCache, podCache, endpointsCache],
    work,
    wake: (queue) => {
      // Keys without a Service come from here too: the sweep of orphans at the start.
      let isSweeping = true;
      endpointsCache.subscribe(({ type, object }) => {
        const key = keyOf(object);
        const isOurs = type !== "DELETED" && written.get(key) === object.metadata.resourceVersion;
        const wasWaiting = waitingForCache.delete(key);
        if (isSweeping || wasWaiting || (!isOurs && serviceCache.get(key) !== undefined)) {
          queue.add(key);
        }
      });
      isSweeping = false;
      serviceCache.subscribe(({ object }) => queue.add(keyOf(object)));
      podCache.subscribe((change) => {
        const neighbours = serviceCache.listNamespace(change.object.metadata.namespace ?? "");
        for (const key of servicesConcerned(change, neighbours)) queue.add(key);
      });
    },
  });
}
