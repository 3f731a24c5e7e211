import { type Kind, kindOfResource } from "../api/kinds.ts";
import { endpointSlices, endpoints, services } from "../api/resource.ts";
import type { EndpointSlice, Endpoints, KubeObject, ObjectMeta, Service } from "../api/types.ts";
import { type Cidr, cidrAddress, familyOf, formatIp } from "../lib/ip.ts";
import type { Endpoint } from "../lib/sockets.ts";

/** The namespace and name of the three objects by which pods find the API server. */
export const kubernetesPlace = { namespace: "default", name: "kubernetes" } as const;

/** One of the three. */
export interface WantedObject {
  readonly kind: Kind;
  /** What is created where there is none. */
  readonly object: KubeObject;
  /** What is there, with all that must be as in `object`; what others have added beside it stays. */
  correct(current: KubeObject): KubeObject;
}

export interface ApiServerPlace {
  /** The primary range: the Service has its first address. */
  readonly serviceCidr: Cidr;
  /** Where pods and nodes reach this server. */
  readonly apiEndpoint: Endpoint;
}

/** What the Service `kubernetes`, its Endpoints and its slice must say. */
export function kubernetesObjects(place: ApiServerPlace): readonly WantedObject[] {
  const service = serviceFor(place);
  const own = endpointsFor(place);
  const slice = sliceFor(place);
  return [
    {
      kind: kindOfResource(services),
      object: service,
      correct: (current: Service) => ({
        ...labelled(current, service.metadata),
        spec: { ...current.spec, ...service.spec },
      }),
    },
    {
      kind: kindOfResource(endpoints),
      object: own,
      correct: (current: Endpoints): Endpoints => ({
        ...labelled(current, own.metadata),
        subsets: own.subsets,
      }),
    },
    {
      kind: kindOfResource(endpointSlices),
      object: slice,
      correct: (current) => ({ ...labelled(current, slice.metadata), ...contentOf(slice) }),
    },
  ];
}

function serviceFor({ serviceCidr, apiEndpoint }: ApiServerPlace): Service {
  const first = cidrAddress(serviceCidr, 1n);
  return {
    metadata: { ...kubernetesPlace, labels: { component: "apiserver", provider: "kubernetes" } },
    spec: {
      type: "ClusterIP",
      clusterIP: first === undefined ? "" : formatIp(first),
      sessionAffinity: "None",
      ipFamilyPolicy: "SingleStack",
      ipFamilies: [serviceCidr.family],
      ports: [{ name: "https", protocol: "TCP", port: 443, targetPort: apiEndpoint.port }],
    },
  };
}

function endpointsFor({ apiEndpoint: { host, port } }: ApiServerPlace) {
  return {
    // The slice beside it is ours: nobody is to mirror these Endpoints.
    metadata: { ...kubernetesPlace, labels: { "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: host }], ports: [{ name: "https", port, protocol: "TCP" }] }],
  } satisfies Endpoints;
}

function sliceFor({ apiEndpoint: { host, port } }: ApiServerPlace): EndpointSlice {
  return {
    metadata: {
      ...kubernetesPlace,
      labels: { "kubernetes.io/service-name": kubernetesPlace.name },
    },
    addressType: familyOf(host) ?? "IPv4",
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: "https", port, protocol: "TCP" }],
  };
}

function contentOf({ metadata: _, ...content }: EndpointSlice) {
  return content;
}

function labelled<T extends KubeObject>(current: T, { labels }: ObjectMeta): T {
  const all = { ...current.metadata.labels, ...labels };
  return { ...current, metadata: { ...current.metadata, labels: all } };
}
