import { semanticEqual } from "../api/semantic-equal.ts";
import type { Pod, Service, ServicePort } from "../api/types.ts";
import type { Change } from "../client/api.ts";
import { keyOf } from "../client/paths.ts";
import type { IpFamily } from "../lib/ip.ts";
import { canonicalIp, familyOf } from "../lib/ip.ts";
import { isFinished, isReady, isTerminating } from "./pods.ts";

/** The label that headless Services pass on to Endpoints and slices; its value is empty. */
export const HEADLESS_LABEL = "service.kubernetes.io/headless";

/** Tells Endpoints that the endpoints controller writes from those of others (1.33). */
export const ENDPOINTS_MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by";
export const ENDPOINTS_MANAGED_BY = "endpoint-controller";

/** Whether the controllers pick this Service's pods: it has a selector and is no mere alias. */
export function selectsPods(service: Service): boolean {
  const { selector = {}, type } = service.spec ?? {};
  return Object.keys(selector).length > 0 && type !== "ExternalName";
}

export function isHeadless(service: Service): boolean {
  const { clusterIP = "" } = service.spec ?? {};
  return clusterIP === "None" || clusterIP === "";
}

/** The pods of the Service's namespace that its selector picks. */
export function selectedPods(service: Service, podsOfNamespace: readonly Pod[]): Pod[] {
  return podsOfNamespace.filter((pod) => selects(service, pod));
}

/** Service selectors are plain pairs; this runs for each Service of the namespace at each change of a pod. */
function selects({ spec }: Service, { metadata }: Pod): boolean {
  const selector = spec?.selector ?? {};
  for (const key in selector) if (metadata.labels?.[key] !== selector[key]) return false;
  return true;
}

/** The Service's families, primary first. Objects of old releases have none: their cluster IP tells. */
export function familiesOf(service: Service): readonly IpFamily[] {
  const { ipFamilies = [], clusterIP = "" } = service.spec ?? {};
  const given = ipFamilies.filter((family) => family === "IPv4" || family === "IPv6");
  if (given.length > 0) return given;
  const derived = familyOf(clusterIP);
  return derived === undefined ? ["IPv4", "IPv6"] : [derived];
}

/** An address of a pod, canonical, and its family. */
export interface PodAddress {
  readonly ip: string;
  readonly family: IpFamily;
}

/** Objects of caches never change, and each is asked for its addresses at every sync of its Services. */
const addressesOfPod = new WeakMap<Pod, readonly PodAddress[]>();

/** All addresses of a pod. */
export function podAddresses(pod: Pod): readonly PodAddress[] {
  const known = addressesOfPod.get(pod);
  if (known !== undefined) return known;
  const { podIPs = [], podIP = "" } = pod.status ?? {};
  const listed = podIPs.map(({ ip }) => ip);
  const addresses = (listed.length > 0 ? listed : [podIP]).flatMap((text = "") => {
    const ip = canonicalIp(text) ?? looseIp(text);
    const family = ip === undefined ? undefined : familyOf(ip);
    return ip === undefined || family === undefined ? [] : [{ ip, family }];
  });
  addressesOfPod.set(pod, addresses);
  return addresses;
}

/** Agents of old releases wrote IPv6 in any form, such as 2001:0DB8:0::0001. */
function looseIp(text: string): string | undefined {
  return text.includes(":") ? canonicalIp(text.toLowerCase()) : undefined;
}

/** Whether a pod can be an endpoint at all. */
export function canBeEndpoint(pod: Pod, mayBeTerminating: boolean): boolean {
  if (isFinished(pod) || podAddresses(pod).length === 0) return false;
  return mayBeTerminating || !isTerminating(pod);
}

/** The hostname a pod is found by under this Service, if it asks for one. */
export function endpointHostname(service: Service, pod: Pod): string | undefined {
  const { hostname = "", subdomain = "" } = pod.spec ?? {};
  const isSameNamespace = pod.metadata.namespace === service.metadata.namespace;
  return hostname !== "" && subdomain === service.metadata.name && isSameNamespace
    ? hostname
    : undefined;
}

/**
 * The port number behind a Service port on this pod; undefined when the pod has no port of that name and
 * protocol. Ordinary containers come before sidecars (restartable init containers, KEP-753).
 */
export function targetPortOn(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target === 0 ? port.port : target;
  if (target === "") return port.port;
  const sidecars = (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    const found = container.ports?.find(
      ({ name, protocol = "TCP" }) => name === target && protocol === (port.protocol ?? "TCP"),
    );
    if (found !== undefined) return found.containerPort;
  }
  return undefined;
}

/**
 * Keys of the Services that a change of a pod concerns. When only labels or names changed, those that select the
 * pod both before and after see no difference and are left out.
 */
export function servicesConcerned(change: Change<Pod>, services: readonly Service[]): string[] {
  const selecting = (pod: Pod) =>
    services.filter((service) => selectsPods(service) && selects(service, pod));
  const after = selecting(change.object);
  if (change.type !== "MODIFIED") return after.map(keyOf);

  const { previous, object } = change;
  const didLabelsChange =
    !semanticEqual(previous.metadata.labels, object.metadata.labels) ||
    previous.spec?.hostname !== object.spec?.hostname ||
    previous.spec?.subdomain !== object.spec?.subdomain;
  const didEndpointChange = isEndpointChanged(previous, object);
  if (!didLabelsChange && !didEndpointChange) return [];

  const before = didLabelsChange ? selecting(previous) : after;
  const union = new Set([...before, ...after]);
  if (didEndpointChange) return [...union].map(keyOf);
  const didNameChange =
    previous.spec?.hostname !== object.spec?.hostname ||
    previous.spec?.subdomain !== object.spec?.subdomain;
  if (didNameChange) return [...union].map(keyOf);
  return [...new Set(before).symmetricDifference(new Set(after))].map(keyOf);
}

function isEndpointChanged(before: Pod, after: Pod): boolean {
  return (
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    isReady(before) !== isReady(after) ||
    isFinished(before) !== isFinished(after) ||
    before.spec?.nodeName !== after.spec?.nodeName ||
    !semanticEqual(podAddresses(before), podAddresses(after))
  );
}
