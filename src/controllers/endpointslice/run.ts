import { endpointSlices, nodes, pods, services } from "../../api/resource.ts";
import type { EndpointSlice } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop, StaleCache } from "../controller.ts";
import { selectedPods, selectsPods, servicesConcerned } from "../endpoint-pods.ts";
import { SliceTracker } from "../slice-tracker.ts";
import { applySlicePlan, MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from "../slices.ts";
import type { TriggerTimes } from "../trigger-time.ts";
import { triggerTime } from "../trigger-time.ts";
import { MANAGED_BY, reconcileSlices } from "./reconcile.ts";

export interface EndpointSliceOptions {
  /** Endpoints a slice at most, 1 to 1,000; 100 unless told. */
  readonly endpointsMax?: number;
}

const ENDPOINTS_MAX = 100;
/** How soon slices that somebody else touched are looked at; also how long a sync waits for the cache at most. */
const SLICE_CHANGE_DELAY_MS = 1_000;

/** Keeps the EndpointSlices of all Services that select pods. */
export async function runEndpointSlices(
  context: ControllerContext,
  options: EndpointSliceOptions = {},
): Promise<void> {
  const { api, informers } = context;
  const endpointsMax = options.endpointsMax ?? ENDPOINTS_MAX;
  const serviceCache = informers.informer(services);
  const podCache = informers.informer(pods);
  const nodeCache = informers.informer(nodes);
  const sliceCache = informers.informer(endpointSlices);
  const slicesByService = indexBy(sliceCache, ownServiceOf);
  const tracker = new SliceTracker();
  const triggers = new Map<string, TriggerTimes>();
  const waitingForCache = new Set<string>();
  const waitingForNodes = new Set<string>();
  const recorder = recorderOf(context, "endpoint-slice-controller");

  async function work(key: string): Promise<WorkResult> {
    waitingForNodes.delete(key);
    const service = serviceCache.get(key);
    if (service === undefined) {
      triggers.delete(key);
      tracker.forget(key);
      return undefined; // Its slices go by their owner references.
    }
    if (!selectsPods(service)) return undefined; // Slices of before stay, as in Kubernetes.

    const existing = slicesByService.get(key);
    if (tracker.isStale(key, existing)) {
      waitingForCache.add(key);
      return { againAfterMs: SLICE_CHANGE_DELAY_MS };
    }
    waitingForCache.delete(key);
    const { namespace = "" } = nameOfKey(key);
    const selected = selectedPods(service, podCache.listNamespace(namespace));
    const trigger = triggerTime(service, selected, triggers.get(key));
    const plan = reconcileSlices({
      service,
      pods: selected,
      nodeOf: (name) => nodeCache.get(name),
      existing,
      endpointsMax,
      ...(trigger.time === undefined ? {} : { triggerTime: trigger.time }),
    });
    try {
      await applySlicePlan(api, plan, tracker, key);
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      const message = `Error updating Endpoint Slices for Service ${key}: ${String(error)}`;
      recorder.record(service, {
        type: "Warning",
        reason: "FailedToUpdateEndpointSlices",
        message,
      });
      throw error;
    }
    triggers.set(key, trigger.now);
    if (plan.podsWithoutNode.length > 0) {
      waitingForNodes.add(key);
      throw new StaleCache(
        `the nodes of these pods are unknown: ${plan.podsWithoutNode.join(", ")}`,
      );
    }
    return undefined;
  }

  await runLoop(context, {
    name: "endpoint-slice-controller",
    caches: [serviceCache, podCache, nodeCache, sliceCache],
    queue: { backoff: { baseMs: 1_000, maxMs: 1_000_000 }, retriesMax: 15 },
    work,
    wake: (queue) => {
      serviceCache.subscribe(({ object }) => queue.add(keyOf(object)));
      podCache.subscribe((change) => {
        const neighbours = serviceCache.listNamespace(change.object.metadata.namespace ?? "");
        for (const key of servicesConcerned(change, neighbours)) queue.add(key);
      });
      nodeCache.subscribe(({ type }) => {
        if (type === "ADDED") for (const key of waitingForNodes) queue.add(key);
      });
      sliceCache.subscribe((change) => {
        const { type, object } = change;
        const before = type === "MODIFIED" ? ownServiceOf(change.previous) : [];
        const after = ownServiceOf(object);
        for (const key of new Set([...before, ...after])) {
          const isForeign =
            type === "DELETED"
              ? tracker.observeDeletion(key, object)
              : tracker.isForeignChange(key, object) || !after.includes(key);
          if (isForeign) queue.addAfter(key, SLICE_CHANGE_DELAY_MS);
          else if (waitingForCache.delete(key)) queue.add(key);
        }
      });
    },
  });
}

/** The key of the Service that a slice of ours belongs to, as a list of at most one. */
function ownServiceOf({ metadata }: EndpointSlice): readonly string[] {
  const { labels = {}, namespace = "" } = metadata;
  const name = labels[SERVICE_NAME_LABEL];
  return name !== undefined && labels[MANAGED_BY_LABEL] === MANAGED_BY
    ? [`${namespace}/${name}`]
    : [];
}
