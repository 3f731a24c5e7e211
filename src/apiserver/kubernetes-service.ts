import { type Kind, kindOfResource } from "../api/kinds.ts";
import { endpointSlices, endpoints, services } from "../api/resource.ts";
import { isConflict, StatusError } from "../api/status-error.ts";
import type { EndpointSlice, Endpoints, KubeObject, Service } from "../api/types.ts";
import { describeError } from "../lib/errors.ts";
import { type Cidr, cidrAddress, familyOf, formatIp } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import type { Endpoint } from "../lib/sockets.ts";
import { objectOf } from "./store/item.ts";
import { keyOf } from "./store/object-store.ts";
import { createObject } from "./write/create.ts";
import { updateObject } from "./write/update.ts";
import { isSame, type WriteContext } from "./write/write-context.ts";

export interface KubernetesServiceOptions {
  readonly context: WriteContext;
  /** The primary range. */
  readonly serviceCidr: Cidr;
  /** Where pods and nodes reach this server. */
  readonly apiEndpoint: Endpoint;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const namespace = "default";
const name = "kubernetes";
const key = keyOf(namespace, name);
const CHECK_EVERY_MS = 10_000;
/** After a change, so that the write that made it has come to its end, and after a failure. */
const PAUSE_MS = 200;

/** What the three objects by which pods find the API server must say. */
export function kubernetesObjects({
  serviceCidr,
  apiEndpoint: { host, port },
}: Pick<KubernetesServiceOptions, "serviceCidr" | "apiEndpoint">): readonly {
  readonly kind: Kind;
  readonly object: KubeObject;
}[] {
  const first = cidrAddress(serviceCidr, 1n);
  const clusterIP = first === undefined ? "" : formatIp(first);
  const service: Service = {
    metadata: { name, namespace, labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      type: "ClusterIP",
      clusterIP,
      sessionAffinity: "None",
      ipFamilyPolicy: "SingleStack",
      ipFamilies: [serviceCidr.family],
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: port }],
    },
  };
  const endpointsObject: Endpoints = {
    metadata: {
      name,
      namespace,
      // The slice beside it is ours: nobody is to mirror these Endpoints.
      labels: { "endpointslice.kubernetes.io/skip-mirror": "true" },
    },
    subsets: [{ addresses: [{ ip: host }], ports: [{ name: "https", port, protocol: "TCP" }] }],
  };
  const slice: EndpointSlice = {
    metadata: { name, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: familyOf(host) ?? "IPv4",
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
  return [
    { kind: kindOfResource(services), object: service },
    { kind: kindOfResource(endpoints), object: endpointsObject },
    { kind: kindOfResource(endpointSlices), object: slice },
  ];
}

/** Keeps the Service `kubernetes` and its endpoints as they must be, whoever changes or deletes them. */
export async function maintainKubernetesService(options: KubernetesServiceOptions): Promise<void> {
  const { context, signal, log } = options;
  const { store, clock } = context;
  const wanted = kubernetesObjects(options);
  let wake = new AbortController();
  const stop = store.listen((kind, event) => {
    if (event.item.key === key && wanted.some((one) => one.kind === kind)) wake.abort();
  });
  while (!signal.aborted) {
    wake = new AbortController();
    for (const one of wanted) {
      try {
        await reconcile(context, one);
      } catch (error) {
        wake.abort();
        if (!isConflict(error)) {
          log.warn("Cannot maintain the Service kubernetes", { error: describeError(error) });
        }
      }
    }
    await clock.sleep(CHECK_EVERY_MS, AbortSignal.any([signal, wake.signal]));
    await clock.sleep(PAUSE_MS, signal);
  }
  stop();
}

/** Creates or corrects one of the three. */
export async function reconcile(
  context: WriteContext,
  { kind, object }: { readonly kind: Kind; readonly object: KubeObject },
): Promise<void> {
  const item = context.store.get(kind, key);
  if (item === undefined) {
    await createObject(context, kind, object, { dryRun: false, namespace });
    return;
  }
  const current = objectOf(item);
  if (current.metadata.deletionTimestamp !== undefined) return;
  const next = corrected(current, object);
  if (isSame(next, current)) return;
  const options = { dryRun: false, subresource: undefined, isPatch: true };
  const place = { kind, namespace, name, key };
  try {
    await updateObject(context, place, options, (latest) => corrected(latest, object));
  } catch (error) {
    // Of a Service some fields cannot be changed back: then it is made anew.
    if (!(error instanceof StatusError) || error.code !== "Invalid") throw error;
    await context.store.delete(kind, key, item.revision);
    if (kind.plural === "services") context.allocators.release(current);
  }
}

/** The object with what must be there; what others have added beside it stays. */
function corrected(current: KubeObject, wanted: KubeObject): KubeObject {
  const { metadata, spec, ...rest } = { spec: undefined, ...wanted };
  const labels = { ...current.metadata.labels, ...metadata.labels };
  const own = "spec" in current && typeof current.spec === "object" ? current.spec : {};
  return {
    ...current,
    ...rest,
    ...(spec === undefined ? {} : { spec: { ...own, ...Object(spec) } }),
    metadata: { ...current.metadata, labels },
  };
}
