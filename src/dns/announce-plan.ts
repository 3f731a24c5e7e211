import { endpointSlices, services } from "../api/resource.ts";
import type { Endpoint, EndpointSlice, Node, Service, ServicePort } from "../api/types.ts";
import {
  type Cidr,
  canonicalIp,
  cidrAddress,
  familyOf,
  formatIp,
  type IpFamily,
} from "../lib/ip.ts";

/** The Service behind which pods find the DNS server of their own node, as Kubernetes has always called it. */
export const DNS_NAMESPACE = "kube-system";
export const DNS_SERVICE_NAME = "kube-dns";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const SLICE_MANAGER_LABEL = "endpointslice.kubernetes.io/managed-by";
/** A value of our own: the EndpointSlice controller leaves slices of other managers alone (KEP-752). */
const SLICE_MANAGER = "dns.portolan";

/** The address of a cluster's DNS is the tenth of its Service range, by kubeadm's custom. */
const DNS_ADDRESS_OFFSET = 10n;

/** Endpoints that a slice may have (API validation). */
const SLICE_ENDPOINTS_MAX = 1000;

const ports = [
  { name: "dns", protocol: "UDP" },
  { name: "dns-tcp", protocol: "TCP" },
] as const;

const serviceLabels = {
  "k8s-app": "kube-dns",
  "kubernetes.io/cluster-service": "true",
  "kubernetes.io/name": "CoreDNS",
  "app.kubernetes.io/managed-by": "portolan",
} as const;

export interface AnnouncementInput {
  /** The Service of that name, if there is one. */
  readonly service: Service | undefined;
  /** All slices of its namespace. */
  readonly slices: readonly EndpointSlice[];
  readonly nodes: readonly Node[];
  readonly serviceCidrs: readonly Cidr[];
  /** The port that the servers listen on. */
  readonly port: number;
}

export type AnnouncementAction =
  | { readonly verb: "create"; readonly kind: "Service"; readonly object: Service }
  | { readonly verb: "update"; readonly kind: "Service"; readonly object: Service }
  | {
      readonly verb: "create" | "update";
      readonly kind: "EndpointSlice";
      readonly object: EndpointSlice;
    }
  | { readonly verb: "delete"; readonly kind: "EndpointSlice"; readonly object: EndpointSlice };

export interface AnnouncementPlan {
  readonly actions: readonly AnnouncementAction[];
  /** Why nothing is announced: the Service is another DNS server's. */
  readonly conflict: string | undefined;
}

/** The addresses of the cluster's DNS: one in each Service range. */
function dnsAddresses(serviceCidrs: readonly Cidr[]): string[] {
  return serviceCidrs.flatMap((cidr) => {
    const address = cidrAddress(cidr, DNS_ADDRESS_OFFSET);
    return address === undefined ? [] : formatIp(address);
  });
}

/**
 * What must be written so that every node's DNS server stands behind the Service `kube-dns`. Nothing, where all is as
 * it should be. A Service with a selector is another DNS server's and stays as it is.
 */
export function planAnnouncement(input: AnnouncementInput): AnnouncementPlan {
  const { service, serviceCidrs } = input;
  const addresses = dnsAddresses(serviceCidrs);
  if (service?.spec?.selector !== undefined && Object.keys(service.spec.selector).length > 0) {
    return { actions: [], conflict: "it has a selector, so it is another DNS server's" };
  }
  const own = service?.spec?.clusterIP;
  if (service !== undefined && own !== addresses[0]) {
    return { actions: [], conflict: `its cluster IP is ${own}, not ${addresses[0]}` };
  }
  return { actions: [...planService(input, addresses), ...planSlices(input)], conflict: undefined };
}

function planService(
  { service, port }: AnnouncementInput,
  addresses: readonly string[],
): AnnouncementAction[] {
  const wantedPorts = ports.map(({ name, protocol }) => ({
    name,
    protocol,
    port: 53,
    targetPort: port,
  }));
  if (service === undefined) {
    const families = addresses.map((address) => familyOf(address) ?? "IPv4");
    const object: Service = {
      apiVersion: "v1",
      kind: services.kind,
      metadata: { name: DNS_SERVICE_NAME, namespace: DNS_NAMESPACE, labels: serviceLabels },
      spec: {
        type: "ClusterIP",
        ...(addresses[0] === undefined ? {} : { clusterIP: addresses[0] }),
        clusterIPs: addresses,
        ipFamilies: families,
        ipFamilyPolicy: families.length > 1 ? "RequireDualStack" : "SingleStack",
        internalTrafficPolicy: "Local",
        ports: wantedPorts,
      },
    };
    return [{ verb: "create", kind: "Service", object }];
  }
  const isAsWanted =
    hasLabels(service.metadata.labels, serviceLabels) &&
    service.spec?.internalTrafficPolicy === "Local" &&
    samePorts(service.spec.ports ?? [], wantedPorts);
  if (isAsWanted) return [];
  const object: Service = {
    ...service,
    metadata: { ...service.metadata, labels: { ...service.metadata.labels, ...serviceLabels } },
    spec: { ...service.spec, internalTrafficPolicy: "Local", ports: wantedPorts },
  };
  return [{ verb: "update", kind: "Service", object }];
}

function planSlices({
  slices,
  nodes,
  serviceCidrs,
  port,
}: AnnouncementInput): AnnouncementAction[] {
  const wanted = new Map(
    serviceCidrs
      .flatMap(({ family }) => slicesFor(family, nodes, port))
      .map((slice) => [slice.metadata.name ?? "", slice]),
  );
  const existing = new Map(
    slices
      .filter((slice) => isOwn(slice) || wanted.has(slice.metadata.name ?? ""))
      .map((slice) => [slice.metadata.name ?? "", slice]),
  );
  const actions: AnnouncementAction[] = [];
  for (const [name, slice] of existing) {
    const desired = wanted.get(name);
    // The address type cannot be changed, so a slice of the wrong one makes room first.
    if (desired === undefined || desired.addressType !== slice.addressType) {
      actions.push({ verb: "delete", kind: "EndpointSlice", object: slice });
    }
  }
  for (const [name, desired] of wanted) {
    const slice = existing.get(name);
    if (slice === undefined || slice.addressType !== desired.addressType) {
      actions.push({ verb: "create", kind: "EndpointSlice", object: desired });
    } else if (!isAsWanted(slice, desired)) {
      const labels = { ...slice.metadata.labels, ...desired.metadata.labels };
      const { endpoints, ports: desiredPorts = [] } = desired;
      const metadata = { ...slice.metadata, labels };
      const object = { ...slice, metadata, endpoints, ports: desiredPorts };
      actions.push({ verb: "update", kind: "EndpointSlice", object });
    }
  }
  return actions;
}

/** All nodes with an address of this family, by name, in slices of the allowed size. One slice at least. */
function slicesFor(family: IpFamily, nodes: readonly Node[], port: number): EndpointSlice[] {
  const endpoints = nodes
    .toSorted((a, b) => compare(a.metadata.name ?? "", b.metadata.name ?? ""))
    .flatMap((node) => endpointOf(node, family) ?? []);
  const count = Math.max(1, Math.ceil(endpoints.length / SLICE_ENDPOINTS_MAX));
  return Array.from({ length: count }, (_, i) => ({
    apiVersion: `${endpointSlices.group}/${endpointSlices.version}`,
    kind: endpointSlices.kind,
    metadata: {
      name: `${DNS_SERVICE_NAME}-${family.toLowerCase()}-${i}`,
      namespace: DNS_NAMESPACE,
      labels: { [SERVICE_NAME_LABEL]: DNS_SERVICE_NAME, [SLICE_MANAGER_LABEL]: SLICE_MANAGER },
    },
    addressType: family,
    ports: ports.map(({ name, protocol }) => ({ name, protocol, port })),
    endpoints: endpoints.slice(i * SLICE_ENDPOINTS_MAX, (i + 1) * SLICE_ENDPOINTS_MAX),
  }));
}

function endpointOf({ metadata, status }: Node, family: IpFamily): Endpoint | undefined {
  const address = status?.addresses?.find(
    (each) => each.type === "InternalIP" && familyOf(each.address) === family,
  )?.address;
  const { name } = metadata;
  if (address === undefined || name === undefined) return undefined;
  const isReady =
    status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
  return {
    addresses: [canonicalIp(address) ?? address],
    conditions: { ready: isReady, serving: isReady, terminating: false },
    nodeName: name,
  };
}

function isOwn({ metadata }: EndpointSlice): boolean {
  return (
    metadata.labels?.[SLICE_MANAGER_LABEL] === SLICE_MANAGER &&
    metadata.labels[SERVICE_NAME_LABEL] === DNS_SERVICE_NAME
  );
}

function isAsWanted(slice: EndpointSlice, desired: EndpointSlice): boolean {
  return (
    hasLabels(slice.metadata.labels, desired.metadata.labels ?? {}) &&
    samePorts(slice.ports ?? [], desired.ports ?? []) &&
    // Go servers write an empty list as null.
    (slice.endpoints ?? []).length === desired.endpoints.length &&
    desired.endpoints.every((endpoint, i) => sameEndpoint(slice.endpoints[i], endpoint))
  );
}

/** Compares what is written; what the API server fills in does not count. */
function sameEndpoint(a: Endpoint | undefined, b: Endpoint): boolean {
  return (
    a !== undefined &&
    a.nodeName === b.nodeName &&
    a.addresses.join() === b.addresses.join() &&
    a.conditions?.ready === b.conditions?.ready &&
    a.conditions?.serving === b.conditions?.serving
  );
}

function samePorts(
  a: readonly Partial<ServicePort>[],
  b: readonly Partial<ServicePort>[],
): boolean {
  const text = (list: readonly Partial<ServicePort>[]) =>
    list.map((p) => `${p.name} ${p.protocol} ${p.port} ${p.targetPort}`).join();
  return text(a) === text(b);
}

function hasLabels(
  labels: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** By code point, as etcd sorts. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
