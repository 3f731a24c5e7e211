import { endpoints, pods, services } from "../../api/resource.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { Endpoints, Pod, Service } from "../../api/types.ts";
import type { Api, Informer, ObjectName } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop } from "../controller.ts";
import { deleteExactly } from "../delete-exactly.ts";
import {
  ENDPOINTS_MANAGED_BY,
  ENDPOINTS_MANAGED_BY_LABEL,
  selectedPods,
  selectsPods,
  servicesConcerned,
} from "../endpoint-pods.ts";
import { CATCH_UP_MS, OwnWrites } from "../own-writes.ts";
import type { TriggerTimes } from "../trigger-time.ts";
import { triggerTime } from "../trigger-time.ts";
import { reconcileEndpoints } from "./reconcile.ts";

/** Endpoints with it are records of an election, no addresses; they have no Service and stay. */
const LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader";

/** Keeps the Endpoints object of each Service that selects pods. */
export function runEndpoints(context: ControllerContext): Promise<void> {
  return runLoop(context, new EndpointsLoop(context));
}

class EndpointsLoop implements Loop {
  readonly name = "endpoint-controller";
  readonly caches;
  readonly #api: Api;
  readonly #recorder: EventRecorder;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #endpoints: Informer<Endpoints>;
  readonly #triggers = new Map<string, TriggerTimes>();
  readonly #ownWrites = new OwnWrites();
  readonly #waitingForCache = new Set<string>();
  /** The version of our last write, by which its event is told from the writes of others. */
  readonly #written = new Map<string, string>();

  constructor(context: ControllerContext) {
    const { api, informers } = context;
    this.#api = api;
    this.#recorder = recorderOf(context, this.name);
    this.#services = informers.informer(services);
    this.#pods = informers.informer(pods);
    this.#endpoints = informers.informer(endpoints);
    this.caches = [this.#services, this.#pods, this.#endpoints];
  }

  wake(queue: WorkQueue): void {
    // At the start also those without a Service, for the sweep of orphans.
    for (const object of this.#endpoints.list()) queue.add(keyOf(object));
    this.#endpoints.subscribe(({ type, object }) => {
      const key = keyOf(object);
      const { labels = {}, resourceVersion } = object.metadata;
      const isOwnWrite = type !== "DELETED" && this.#written.get(key) === resourceVersion;
      // Made here while their Service went, they would have nobody; those of others may stand alone.
      const isOurs = labels[ENDPOINTS_MANAGED_BY_LABEL] === ENDPOINTS_MANAGED_BY;
      const concerns = this.#services.get(key) !== undefined || (isOurs && type !== "DELETED");
      if (this.#waitingForCache.delete(key) || (!isOwnWrite && concerns)) queue.add(key);
    });
    this.#services.subscribe(({ object }) => queue.add(keyOf(object)));
    this.#pods.subscribe((change) => {
      const neighbours = this.#services.listNamespace(change.object.metadata.namespace ?? "");
      for (const key of servicesConcerned(change, neighbours)) queue.add(key);
    });
  }

  async work(key: string): Promise<WorkResult> {
    const service = this.#services.get(key);
    const existing = this.#endpoints.get(key);
    if (service === undefined) {
      this.#forget(key);
      await this.#removeOrphan(existing);
      return undefined;
    }
    if (!selectsPods(service)) return undefined;
    if (this.#ownWrites.isBehind(key, existing)) {
      this.#waitingForCache.add(key);
      return { againAfterMs: CATCH_UP_MS };
    }
    this.#waitingForCache.delete(key);

    const { namespace = "" } = nameOfKey(key);
    const selected = selectedPods(service, this.#pods.listNamespace(namespace));
    const trigger = triggerTime(service, selected, this.#triggers.get(key));
    const wanted = reconcileEndpoints({
      service,
      pods: selected,
      existing,
      ...(trigger.time === undefined ? {} : { triggerTime: trigger.time }),
    });
    if (wanted !== undefined) await this.#write(wanted, existing);
    this.#triggers.set(key, trigger.now);
    return undefined;
  }

  #forget(key: string): void {
    this.#triggers.delete(key);
    this.#ownWrites.forget(key);
    this.#waitingForCache.delete(key);
    this.#written.delete(key);
  }

  async #write(wanted: Endpoints, existing: Endpoints | undefined): Promise<void> {
    const key = keyOf(wanted);
    const isNew = existing === undefined;
    try {
      const answer = isNew
        ? await this.#api.create(endpoints, wanted)
        : await this.#api.update(endpoints, wanted);
      this.#written.set(key, answer.metadata.resourceVersion ?? "");
      this.#ownWrites.wrote(key, existing, answer, this.#endpoints.get(key));
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const verb = isNew ? "create" : "update";
      this.#recorder.record(wanted, {
        type: "Warning",
        reason: isNew ? "FailedToCreateEndpoint" : "FailedToUpdateEndpoint",
        message: `Failed to ${verb} endpoint ${key}: ${String(error)}`,
      });
      throw error;
    }
  }

  /** Endpoints whose Service is gone; the API server removes them too, unless nobody told it to. */
  async #removeOrphan(object: Endpoints | undefined): Promise<void> {
    if (object === undefined || object.metadata.annotations?.[LEADER_ANNOTATION] !== undefined) {
      return;
    }
    const { name = "", namespace = "" } = object.metadata;
    // The cache of Services may be behind that of Endpoints, and hand-written ones would not come back.
    if (await this.#hasService({ namespace, name })) return;
    await deleteExactly(this.#api, endpoints, object);
  }

  async #hasService(name: ObjectName): Promise<boolean> {
    try {
      await this.#api.get(services, name);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }
}
