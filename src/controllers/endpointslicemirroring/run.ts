import { endpointSlices, endpoints, services } from "../../api/resource.ts";
import type { EndpointSlice } from "../../api/types.ts";
import { indexBy } from "../../client/index-by.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { SliceTracker } from "../slice-tracker.ts";
import { applySlicePlan, MANAGED_BY_LABEL, SERVICE_NAME_LABEL } from "../slices.ts";
import { isMirrored, MANAGED_BY, mirrorEndpoints } from "./reconcile.ts";

const SLICE_CHANGE_DELAY_MS = 1_000;

/** Keeps slices for hand-written Endpoints, so that consumers need to know slices only. */
export async function runEndpointSliceMirroring(context: ControllerContext): Promise<void> {
  const { api, informers } = context;
  const serviceCache = informers.informer(services);
  const endpointsCache = informers.informer(endpoints);
  const sliceCache = informers.informer(endpointSlices);
  const slicesByKey = indexBy(sliceCache, keysOf);
  const tracker = new SliceTracker();
  const waitingForCache = new Set<string>();
  const recorder = recorderOf(context, "endpoint-slice-mirroring-controller");

  async function work(key: string): Promise<WorkResult> {
    const existing = slicesByKey.get(key);
    if (tracker.isStale(key, existing)) {
      waitingForCache.add(key);
      return { againAfterMs: SLICE_CHANGE_DELAY_MS };
    }
    waitingForCache.delete(key);
    const object = endpointsCache.get(key);
    if (object === undefined || !isMirrored(object, serviceCache.get(key))) {
      const plan = { creates: [], updates: [], deletes: existing };
      await applySlicePlan(api, plan, tracker, key);
      return undefined;
    }
    const { notes, ...plan } = mirrorEndpoints(object, existing);
    for (const note of notes) recorder.record(object, note);
    try {
      await applySlicePlan(api, plan, tracker, key);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
    return undefined;
  }

  await runLoop(context, {
    name: "endpoint-slice-mirroring-controller",
    caches: [serviceCache, endpointsCache, sliceCache],
    queue: { backoff: { baseMs: 1_000, maxMs: 1_000_000 }, retriesMax: 15 },
    work,
    wake: (queue) => {
      serviceCache.subscribe(({ object }) => {
        const key = keyOf(object);
        if (endpointsCache.get(key) !== undefined || slicesByKey.get(key).length > 0)
          queue.add(key);
      });
      endpointsCache.subscribe(({ object }) => {
        const key = keyOf(object);
        const selector = serviceCache.get(key)?.spec?.selector ?? {};
        // Those of the endpoints controller change often and are never mirrored.
        if (Object.keys(selector).length === 0) queue.add(key);
      });
      sliceCache.subscribe((change) => {
        const { type, object } = change;
        const before = type === "MODIFIED" ? keysOf(change.previous) : [];
        const after = keysOf(object);
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

/** The key of the Endpoints that a slice mirrors, as a list of at most one. */
function keysOf({ metadata }: EndpointSlice): readonly string[] {
  const { labels = {}, namespace = "" } = metadata;
  const name = labels[SERVICE_NAME_LABEL];
  return name !== undefined && labels[MANAGED_BY_LABEL] === MANAGED_BY
    ? [`${namespace}/${name}`]
    : [];
}
