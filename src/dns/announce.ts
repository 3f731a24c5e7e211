import { endpointSlices, nodes, services } from "../api/resource.ts";
import { isAlreadyExists, isConflict, isNotFound } from "../api/status-error.ts";
import type { KubeObject } from "../api/types.ts";
import type { Api, Change, Informers } from "../client/api.ts";
import { backoffMs } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { describeError } from "../lib/errors.ts";
import type { Cidr } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import {
  type AnnouncementAction,
  DNS_NAMESPACE,
  DNS_SERVICE_NAME,
  planAnnouncement,
} from "./announce-plan.ts";

export interface AnnounceOptions {
  readonly api: Api;
  readonly informers: Informers;
  /** One range per family; the cluster's DNS has the tenth address of each. */
  readonly serviceCidrs: readonly Cidr[];
  /** The port that the nodes' servers listen on; 53 unless told. */
  readonly port?: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const retry = { baseMs: 100, maxMs: 30_000, jitter: 0.5 } as const;

/**
 * Keeps the Service `kube-dns` and its slices over all nodes until the signal aborts. Whoever deletes or changes them
 * gets them back. One per cluster is enough; several do no harm, since all write the same.
 */
export async function announceDns(options: AnnounceOptions): Promise<void> {
  const { informers, serviceCidrs, port = 53, clock, random, log, signal } = options;
  // Unscoped, since those informers are there anyway; the filter is below.
  const serviceInformer = informers.informer(services);
  const sliceInformer = informers.informer(endpointSlices);
  const nodeInformer = informers.informer(nodes);

  let wake = () => {};
  let isDirty = true;
  const mark = () => {
    isDirty = true;
    wake();
  };
  const markOwn = ({ object }: Change<KubeObject>) => {
    if (object.metadata.namespace === DNS_NAMESPACE) mark();
  };
  const subscriptions = [
    serviceInformer.subscribe(markOwn),
    sliceInformer.subscribe(markOwn),
    nodeInformer.subscribe(mark),
  ];
  signal.addEventListener("abort", mark, { once: true });
  try {
    await Promise.all(
      [serviceInformer, sliceInformer, nodeInformer].map((each) => each.whenSynced(signal)),
    );
    let failures = 0;
    let said: string | undefined;
    while (!signal.aborted) {
      isDirty = false;
      const plan = planAnnouncement({
        service: serviceInformer.get(`${DNS_NAMESPACE}/${DNS_SERVICE_NAME}`),
        slices: sliceInformer.listNamespace(DNS_NAMESPACE),
        nodes: nodeInformer.list(),
        serviceCidrs,
        port,
      });
      if (plan.conflict !== undefined && plan.conflict !== said) {
        log.warn("Leaving the DNS Service alone", { reason: plan.conflict });
      }
      said = plan.conflict;
      try {
        for (const action of plan.actions) await apply(options.api, action);
        if (plan.actions.length > 0) log.debug("Announced DNS", { writes: plan.actions.length });
        failures = 0;
      } catch (error) {
        // Behind the server's state: the change that it is ahead by will come and be planned for.
        const isBehind = isAlreadyExists(error) || isConflict(error) || isNotFound(error);
        if (!isBehind && !signal.aborted) {
          log.warn("Cannot announce DNS, will retry", { reason: describeError(error) });
        }
        await clock.sleep(backoffMs(failures++, retry, random), signal);
        continue;
      }
      if (!isDirty && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = () => {};
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener("abort", mark);
    for (const stop of subscriptions) stop();
  }
}

async function apply(api: Api, action: AnnouncementAction): Promise<void> {
  switch (action.kind) {
    case "Service":
      if (action.verb === "create") await api.create(services, action.object);
      else await api.update(services, action.object);
      return;
    case "EndpointSlice": {
      const { metadata } = action.object;
      if (action.verb === "create") await api.create(endpointSlices, action.object);
      else if (action.verb === "update") await api.update(endpointSlices, action.object);
      else
        await api.delete(endpointSlices, { namespace: DNS_NAMESPACE, name: metadata.name ?? "" });
    }
  }
}
