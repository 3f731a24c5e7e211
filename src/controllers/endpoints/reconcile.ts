import { semanticEqual } from "../../api/semantic-equal.ts";
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSubset,
  Endpoints,
  Pod,
  Service,
} from "../../api/types.ts";
import {
  canBeEndpoint,
  ENDPOINTS_MANAGED_BY,
  ENDPOINTS_MANAGED_BY_LABEL,
  endpointHostname,
  familiesOf,
  HEADLESS_LABEL,
  isHeadless,
  podAddresses,
  targetPortOn,
} from "../endpoint-pods.ts";
import type { Pair } from "../endpoint-subsets.ts";
import { packSubsets, repackSubsets, subset } from "../endpoint-subsets.ts";
import { isReady } from "../pods.ts";
import { TRIGGER_TIME_ANNOTATION } from "../trigger-time.ts";
import { truncateSubsets } from "./truncate-subsets.ts";

/** Marks Endpoints that do not hold all addresses; its value is `truncated`. */
const OVER_CAPACITY_ANNOTATION = "endpoints.kubernetes.io/over-capacity";

export interface EndpointsInput {
  readonly service: Service;
  /** The pods that its selector picks. */
  readonly pods: readonly Pod[];
  readonly existing: Endpoints | undefined;
  readonly triggerTime?: string;
}

/** The Endpoints object to write (a create when there is none yet), or undefined when the existing one is right. */
export function reconcileEndpoints(input: EndpointsInput): Endpoints | undefined {
  const { service, pods, existing, triggerTime } = input;
  const all = packSubsets(pods.flatMap((pod) => pairsOf(service, pod)));
  const truncated = truncateSubsets(all);
  const subsets = truncated ?? all;
  const { [HEADLESS_LABEL]: _headless, ...serviceLabels } = service.metadata.labels ?? {};
  const labels = {
    ...serviceLabels,
    [ENDPOINTS_MANAGED_BY_LABEL]: ENDPOINTS_MANAGED_BY,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: "" } : {}),
  };
  const mark = truncated === undefined ? undefined : "truncated";
  if (
    existing !== undefined &&
    existing.metadata.annotations?.[OVER_CAPACITY_ANNOTATION] === mark &&
    semanticEqual(existing.metadata.labels, labels) &&
    semanticEqual(repackSubsets(existing.subsets?.map(withoutVersions)), subsets)
  ) {
    return undefined;
  }

  const { name = "", namespace = "" } = service.metadata;
  const {
    [TRIGGER_TIME_ANNOTATION]: _time,
    [OVER_CAPACITY_ANNOTATION]: _mark,
    ...others
  } = existing?.metadata.annotations ?? {};
  const annotations = {
    ...others,
    ...(triggerTime === undefined ? {} : { [TRIGGER_TIME_ANNOTATION]: triggerTime }),
    ...(mark === undefined ? {} : { [OVER_CAPACITY_ANNOTATION]: mark }),
  };
  return {
    ...existing,
    metadata: { ...existing?.metadata, name, namespace, labels, annotations },
    subsets,
  };
}

/** The pod's address behind each port of the Service. Endpoints know the Service's primary family only. */
function pairsOf(service: Service, pod: Pod): Pair[] {
  const publishes = service.spec?.publishNotReadyAddresses === true;
  if (!canBeEndpoint(pod, publishes)) return [];
  const [family] = familiesOf(service);
  const own = podAddresses(pod).find((candidate) => candidate.family === family);
  if (own === undefined) return [];

  const address = addressOf(service, pod, own.ip);
  const ready = publishes || isReady(pod);
  const servicePorts = service.spec?.ports ?? [];
  if (servicePorts.length === 0) return isHeadless(service) ? [{ address, isReady: ready }] : [];
  return servicePorts.flatMap((servicePort) => {
    const number = targetPortOn(pod, servicePort);
    if (number === undefined) return [];
    const { name = "", protocol = "TCP", appProtocol } = servicePort;
    const port: EndpointPort = {
      ...(name === "" ? {} : { name }),
      port: number,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    };
    return [{ address, port, isReady: ready }];
  });
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const { nodeName = "" } = pod.spec ?? {};
  const hostname = endpointHostname(service, pod);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === "" ? {} : { nodeName }),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
}

/** Versions of pods, which controllers of old releases wrote, change too often to be worth a write. */
function withoutVersions({ addresses = [], notReadyAddresses = [], ports }: EndpointSubset) {
  const strip = (address: EndpointAddress): EndpointAddress => {
    const { resourceVersion: version, ...targetRef } = address.targetRef ?? {};
    return version === undefined ? address : { ...address, targetRef };
  };
  return subset(addresses.map(strip), notReadyAddresses.map(strip), ports);
}
