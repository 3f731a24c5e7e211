import { endpointSlices, endpoints, services } from "../../api/resource.ts";
import type { Endpoints, Service } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import { keyOf } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { ManagedSlices, SLICE_QUEUE } from "../managed-slices.ts";
import { CATCH_UP_MS } from "../own-writes.ts";
import { isMirrored, MANAGED_BY, mirrorEndpoints } from "./reconcile.ts";

/** Keeps slices for hand-written Endpoints, so that consumers need to know slices only. */
export function runEndpointSliceMirroring(context: ControllerContext): Promise<void> {
  return runLoop(context, new MirroringLoop(context));
}

class MirroringLoop implements Loop {
  readonly name = "endpoint-slice-mirroring-controller";
  readonly queue = SLICE_QUEUE;
  readonly caches;
  readonly #api: Api;
  readonly #recorder: EventRecorder;
  readonly #services: Informer<Service>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #slices: ManagedSlices;

  constructor(context: ControllerContext) {
    const { api, informers, clock } = context;
    this.#api = api;
    this.#recorder = recorderOf(context, this.name);
    this.#services = informers.informer(services);
    this.#endpoints = informers.informer(endpoints);
    const slices = informers.informer(endpointSlices);
    this.#slices = new ManagedSlices(slices, MANAGED_BY, clock);
    this.caches = [this.#services, this.#endpoints, slices];
  }

  wake(queue: WorkQueue): void {
    this.#services.subscribe(({ object }) => {
      const key = keyOf(object);
      if (this.#endpoints.get(key) !== undefined || this.#slices.has(key)) queue.add(key);
    });
    this.#endpoints.subscribe(({ object }) => {
      const key = keyOf(object);
      const selector = this.#services.get(key)?.spec?.selector ?? {};
      // Those of the endpoints controller change often and are never mirrored.
      if (Object.keys(selector).length === 0) queue.add(key);
    });
    this.#slices.wake(queue);
  }

  async work(key: string): Promise<WorkResult> {
    const existing = this.#slices.of(key);
    if (existing === "behind") return { againAfterMs: CATCH_UP_MS };
    const object = this.#endpoints.get(key);
    if (object === undefined || !isMirrored(object, this.#services.get(key))) {
      await this.#slices.apply(this.#api, { creates: [], updates: [], deletes: existing }, key);
      if (existing.length === 0) this.#slices.forget(key);
      return undefined;
    }
    const { notes, ...plan } = mirrorEndpoints(object, existing);
    for (const note of notes) this.#recorder.record(object, note);
    try {
      await this.#slices.apply(this.#api, plan, key);
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error;
    }
    return undefined;
  }
}
