import { endpointSlices, nodes, pods, services } from "../../api/resource.ts";
import type { EndpointSlice, Node, Pod, Service } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import { keyOf, nameOfKey } from "../../client/paths.ts";
import type { WorkQueue, WorkResult } from "../../client/work-queue.ts";
import type { ControllerContext, Loop } from "../controller.ts";
import { isNamespaceTerminating, recorderOf, runLoop, StaleCache } from "../controller.ts";
import { selectedPods, selectsPods, servicesConcerned } from "../endpoint-pods.ts";
import { ManagedSlices, SLICE_QUEUE } from "../managed-slices.ts";
import { CATCH_UP_MS } from "../own-writes.ts";
import type { TriggerTimes } from "../trigger-time.ts";
import { triggerTime } from "../trigger-time.ts";
import type { HintedFamilies } from "./hints.ts";
import type { Reconciliation } from "./reconcile.ts";
import { MANAGED_BY, reconcileSlices } from "./reconcile.ts";
import type { ZoneCounts } from "./zone-hints.ts";
import { isOverloaded } from "./zone-hints.ts";
import type { ZoneShares } from "./zone-shares.ts";
import { isSameToShares, zoneShares } from "./zone-shares.ts";

export interface EndpointSliceOptions {
  /** Endpoints a slice at most, 1 to 1,000; 100 unless told. */
  readonly endpointsMax?: number;
}

const ENDPOINTS_MAX = 100;

/** Keeps the EndpointSlices of all Services that select pods. */
export function runEndpointSlices(
  context: ControllerContext,
  options: EndpointSliceOptions = {},
): Promise<void> {
  return runLoop(context, new EndpointSliceLoop(context, options));
}

class EndpointSliceLoop implements Loop {
  readonly name = "endpoint-slice-controller";
  readonly queue = SLICE_QUEUE;
  readonly caches;
  readonly #api: Api;
  readonly #recorder: EventRecorder;
  readonly #endpointsMax: number;
  readonly #services: Informer<Service>;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  readonly #slices: ManagedSlices;
  readonly #triggers = new Map<string, TriggerTimes>();
  readonly #waitingForNodes = new Set<string>();
  /** What the annotation for topology hints brought about, of each Service that was synced. */
  readonly #hinted = new Map<string, HintedFamilies>();
  /** Worked out when first asked for after the nodes changed. */
  #shares: { readonly value: ZoneShares | undefined } | undefined;

  constructor(context: ControllerContext, options: EndpointSliceOptions) {
    const { api, informers, clock } = context;
    this.#api = api;
    this.#recorder = recorderOf(context, this.name);
    this.#endpointsMax = options.endpointsMax ?? ENDPOINTS_MAX;
    this.#services = informers.informer(services);
    this.#pods = informers.informer(pods);
    this.#nodes = informers.informer(nodes);
    const slices: Informer<EndpointSlice> = informers.informer(endpointSlices);
    this.#slices = new ManagedSlices(slices, MANAGED_BY, clock);
    this.caches = [this.#services, this.#pods, this.#nodes, slices];
  }

  wake(queue: WorkQueue): void {
    this.#services.subscribe(({ object }) => queue.add(keyOf(object)));
    this.#pods.subscribe((change) => {
      const neighbours = this.#services.listNamespace(change.object.metadata.namespace ?? "");
      for (const key of servicesConcerned(change, neighbours)) queue.add(key);
    });
    this.#nodes.subscribe((change) => {
      if (change.type === "ADDED") for (const key of this.#waitingForNodes) queue.add(key);
      if (change.type === "MODIFIED" && isSameToShares(change.previous, change.object)) return;
      this.#shares = undefined;
      for (const key of this.#overloaded()) queue.add(key);
    });
    this.#slices.wake(queue);
  }

  async work(key: string): Promise<WorkResult> {
    this.#waitingForNodes.delete(key);
    const service = this.#services.get(key);
    if (service === undefined) {
      this.#triggers.delete(key);
      this.#slices.forget(key);
      this.#hinted.delete(key);
      return undefined; // Its slices go by their owner references.
    }
    if (!selectsPods(service)) return undefined; // Slices of before stay, as in Kubernetes.
    const existing = this.#slices.of(key);
    if (existing === "behind") return { againAfterMs: CATCH_UP_MS };

    const { namespace = "" } = nameOfKey(key);
    const selected = selectedPods(service, this.#pods.listNamespace(namespace));
    const hinted = this.#hinted.get(key);
    const trigger = triggerTime(service, selected, this.#triggers.get(key));
    const plan = reconcileSlices({
      service,
      pods: selected,
      nodeOf: (name) => this.#nodes.get(name),
      existing,
      endpointsMax: this.#endpointsMax,
      shares: () => this.#zoneShares(),
      ...(trigger.time === undefined ? {} : { triggerTime: trigger.time }),
      ...(hinted === undefined ? {} : { hinted }),
    });
    await this.#apply(service, plan);
    this.#triggers.set(key, trigger.now);
    this.#hinted.set(key, plan.hinted);
    for (const note of plan.notes) this.#recorder.record(service, note);
    if (plan.podsWithoutNode.length > 0) {
      this.#waitingForNodes.add(key);
      const names = plan.podsWithoutNode.join(", ");
      throw new StaleCache(`the nodes of these pods are unknown: ${names}`);
    }
    return undefined;
  }

  #zoneShares(): ZoneShares | undefined {
    this.#shares ??= { value: zoneShares(this.#nodes.list()) };
    return this.#shares.value;
  }

  /** Services whose hints let a zone bear too much, now that the nodes are others. */
  #overloaded(): string[] {
    const overloads = (zones: ZoneCounts) => isOverloaded(zones, this.#zoneShares());
    return [...this.#hinted]
      .filter(([, hinted]) => [...hinted.values()].some(overloads))
      .map(([key]) => key);
  }

  async #apply(service: Service, plan: Reconciliation): Promise<void> {
    const key = keyOf(service);
    try {
      await this.#slices.apply(this.#api, plan, key);
    } catch (error) {
      if (isNamespaceTerminating(error)) return;
      const reason = "FailedToUpdateEndpointSlices";
      const message = `Error updating Endpoint Slices for Service ${key}: ${String(error)}`;
      this.#recorder.record(service, { type: "Warning", reason, message });
      throw error;
    }
  }
}
