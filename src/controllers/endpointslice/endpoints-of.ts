import type { Endpoint, EndpointSlicePort, Node, Pod, Service } from "../../api/types.ts";
import type { IpFamily } from "../../lib/ip.ts";
import { canBeEndpoint, endpointHostname, podAddresses, targetPortOn } from "../endpoint-pods.ts";
import { isReady, isTerminating } from "../pods.ts";
import { portsKey } from "../slices.ts";
import { ZONE_LABEL } from "./zone-shares.ts";

/** Endpoints that share one list of ports; slices hold one such group each. */
export interface PortGroup {
  readonly ports: readonly EndpointSlicePort[];
  /** By identity, see `endpointKey`. */
  readonly endpoints: Map<string, Endpoint>;
}

export interface DesiredEndpoints {
  /** By `portsKey`. */
  readonly groups: Map<string, PortGroup>;
  /** Pods left out because their node is not there (yet); the sync has to be tried again. */
  readonly podsWithoutNode: readonly string[];
}

/** What a Service should have in the slices of one family. */
export function desiredEndpoints(
  service: Service,
  pods: readonly Pod[],
  family: IpFamily,
  nodeOf: (name: string) => Node | undefined,
): DesiredEndpoints {
  const groups = new Map<string, PortGroup>();
  const groupsByNumbers = new Map<string, PortGroup>();
  const podsWithoutNode: string[] = [];
  for (const pod of pods) {
    if (!canBeEndpoint(pod, true)) continue;
    // Only the numbers differ from pod to pod: few pods need a key of their own.
    const numbers = (service.spec?.ports ?? []).map((port) => targetPortOn(pod, port));
    const numbersText = numbers.join();
    let group = groupsByNumbers.get(numbersText);
    if (group === undefined) {
      const ports = endpointPorts(service, numbers);
      const key = portsKey(ports);
      group = groups.get(key) ?? { ports, endpoints: new Map<string, Endpoint>() };
      groups.set(key, group);
      groupsByNumbers.set(numbersText, group);
    }

    const node = nodeOf(pod.spec?.nodeName ?? "");
    if (node === undefined && service.spec?.publishNotReadyAddresses !== true) {
      podsWithoutNode.push(pod.metadata.name ?? "");
      continue;
    }
    const addresses = podAddresses(pod).flatMap((own) => (own.family === family ? [own.ip] : []));
    if (addresses.length === 0) continue;
    const endpoint = endpointOf(service, pod, addresses, node);
    group.endpoints.set(endpointKey(endpoint), endpoint);
  }
  return { groups, podsWithoutNode };
}

/** What makes an endpoint the same one after a change: its addresses, its hostname and its pod's name. */
export function endpointKey({ addresses, hostname = "", targetRef }: Endpoint): string {
  const text = addresses.length === 1 ? addresses[0] : addresses.toSorted().join();
  return `${text} ${hostname} ${targetRef?.namespace ?? ""}/${targetRef?.name ?? ""}`;
}

function endpointOf(
  service: Service,
  pod: Pod,
  addresses: readonly string[],
  node: Node | undefined,
): Endpoint {
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const { nodeName = "" } = pod.spec ?? {};
  const zone = node?.metadata.labels?.[ZONE_LABEL] ?? "";
  const hostname = endpointHostname(service, pod);
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: { kind: "Pod", namespace, name, uid },
    ...(nodeName === "" ? {} : { nodeName }),
    ...(zone === "" ? {} : { zone }),
  };
}

/** The Service's ports with the numbers that a pod has for them, in the Service's order; one it lacks is left out. */
function endpointPorts(
  service: Service,
  numbers: readonly (number | undefined)[],
): EndpointSlicePort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort, index) => {
    const port = numbers[index];
    if (port === undefined) return [];
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    return [{ name, protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}
