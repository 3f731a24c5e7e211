import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type {
  ContainerPort,
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  Endpoints,
  Node,
  Pod,
  Service,
  ServicePort,
} from "../../src/api/types.ts";

/** The cases' own shorthand, see the head of `cases/endpoints.yaml`. */
export interface ServiceFacts {
  readonly name?: string;
  readonly clusterIP?: string;
  readonly families?: readonly string[];
  readonly ports?: readonly string[];
  readonly selector?: Readonly<Record<string, string>> | null;
  readonly labels?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly publishNotReadyAddresses?: boolean;
}
export interface PodFacts {
  readonly name: string;
  readonly ips?: readonly string[];
  readonly node?: string;
  readonly ready?: boolean | null;
  readonly readySince?: string;
  readonly terminating?: boolean;
  readonly phase?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly hostname?: string;
  readonly subdomain?: string;
  readonly ports?: readonly string[];
  readonly sidecarPorts?: readonly string[];
}
export interface SliceFacts {
  readonly addressType: string;
  readonly ports: readonly string[];
  readonly endpoints: readonly Readonly<Record<string, unknown>>[];
}
export interface SubsetFacts {
  readonly ports?: readonly string[];
  readonly addresses?: readonly string[];
  readonly notReadyAddresses?: readonly string[];
}
type Labels = Readonly<Record<string, string>>;
export interface Expected {
  readonly slices?: readonly SliceFacts[];
  readonly endpointsObject?: "none" | "unchanged" | { readonly subsets: readonly SubsetFacts[] };
  readonly sliceNamesKept?: boolean;
  readonly labels?: { readonly slices?: Labels; readonly endpointsObject?: Labels };
  readonly labelsAbsent?: readonly string[];
  readonly ownerReferences?: { readonly slices: Readonly<Record<string, unknown>> };
  readonly generateName?: string;
  readonly ownerUid?: string;
  readonly sliceNameMaxLength?: number;
  readonly slicesOf?: Readonly<Record<string, readonly string[]>>;
  readonly triggerTime?: string;
  readonly retried?: boolean;
}
export interface Step {
  readonly service?: ServiceFacts;
  readonly alsoService?: ServiceFacts;
  readonly pods?: readonly PodFacts[];
  readonly do?: {
    readonly op: string;
    readonly addresses?: readonly string[];
    readonly ports?: readonly string[];
  };
  readonly expect?: Expected;
}
export interface ClusterCase {
  readonly id: string;
  readonly title: string;
  readonly level: "cluster";
  readonly steps: readonly Step[];
}
export interface ReconcileCase {
  readonly id: string;
  readonly title: string;
  readonly level: "reconcile";
  readonly maxEndpointsPerSlice?: number;
  readonly service?: ServiceFacts;
  readonly podGroups?: readonly (Omit<PodFacts, "name"> & { readonly count: number })[];
  readonly input?: {
    readonly service: "default" | ServiceFacts;
    readonly pods: readonly string[];
    readonly podOverrides?: string | Readonly<Record<string, Partial<PodFacts>>>;
    readonly slices: readonly {
      readonly name: string;
      readonly holds: readonly string[];
      readonly addressType?: string;
      readonly allEndpointsRecordedAs?: Readonly<Record<string, boolean>>;
    }[];
  };
  readonly expect: {
    readonly writes?: { readonly create: number; readonly update: number; readonly delete: number };
    readonly sizesAfter?: readonly number[];
    readonly sliceSizes?: readonly number[];
    readonly subsetSizes?: readonly (readonly number[])[];
    readonly overCapacity?: string;
    readonly retried?: boolean;
  };
}
export interface MirroringCase {
  readonly id: string;
  readonly title: string;
  readonly level: "mirroring";
  readonly service: "none" | ServiceFacts;
  readonly endpoints: {
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly subsets: readonly SubsetFacts[];
  };
  readonly then?: {
    readonly op: string;
    readonly labels?: Labels;
    readonly service?: ServiceFacts;
  };
  readonly expect: {
    readonly slices?: readonly SliceFacts[];
    readonly sliceCount?: number;
    readonly labels?: Labels;
    readonly ownerReferences?: Readonly<Record<string, unknown>>;
    readonly conditionsAbsent?: readonly string[];
  };
}
export type EndpointsCase = ClusterCase | ReconcileCase | MirroringCase;

export const cases: readonly EndpointsCase[] = (
  parse(readFileSync(join(import.meta.dirname, "cases", "endpoints.yaml"), "utf8")) as {
    cases: readonly EndpointsCase[];
  }
).cases;

const zones: Readonly<Record<string, string | undefined>> = { n1: "zone-a", n2: "zone-b", n3: "" };

/** The nodes of the cases. */
export const caseNodes: readonly Node[] = Object.entries(zones).map(([name, zone]) => ({
  metadata: {
    name,
    uid: `node-${name}`,
    labels: zone === "" ? {} : { "topology.kubernetes.io/zone": String(zone) },
  },
}));

export const NAMESPACE = "demo";
export const defaultService: ServiceFacts = {
  name: "web",
  clusterIP: "10.0.0.10",
  families: ["IPv4"],
  ports: ["http/80/TCP->8080"],
};

/** A Service's metadata and spec as the facts say. */
export function serviceFrom(facts: ServiceFacts, uid?: string): Service {
  const { name = "web", selector = { app: "web" }, labels, families = [], clusterIP = "" } = facts;
  const isExternal = facts.type === "ExternalName";
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: NAMESPACE,
      ...(labels === undefined ? {} : { labels }),
      ...(uid === undefined
        ? {}
        : { uid, creationTimestamp: "2030-01-01T00:00:00Z", resourceVersion: "1" }),
    },
    spec: {
      type: facts.type ?? "ClusterIP",
      ...(selector === null ? {} : { selector }),
      ...(clusterIP === "" ? {} : { clusterIP }),
      ...(families.length === 0 ? {} : { ipFamilies: families }),
      ...(isExternal ? { externalName: "db.example.org" } : {}),
      ports: (facts.ports ?? []).map(servicePort),
      ...(facts.publishNotReadyAddresses === undefined
        ? {}
        : { publishNotReadyAddresses: facts.publishNotReadyAddresses }),
    },
  };
}

function servicePort(text: string): ServicePort {
  const [left = "", target] = text.split("->");
  const [name = "", port = "", protocol = "TCP"] = left.split("/");
  const numeric = target !== undefined && /^\d+$/.test(target);
  return {
    ...(name === "" ? {} : { name }),
    port: Number(port),
    protocol,
    targetPort: target === undefined ? Number(port) : numeric ? Number(target) : target,
  };
}

/** A whole pod, with the status that its agent would have written. */
export function podFrom(facts: PodFacts, uid?: string): Pod {
  const { ips = [], ready = true, readySince = "2030-01-01T00:00:00Z" } = facts;
  const [first] = ips;
  const sidecars = facts.sidecarPorts ?? [];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: facts.name,
      namespace: NAMESPACE,
      labels: facts.labels ?? { app: "web" },
      ...(uid === undefined ? {} : { uid }),
      ...(facts.terminating === true ? { deletionTimestamp: "2030-01-01T01:00:00Z" } : {}),
    },
    spec: {
      containers: [{ name: "main", image: "pause", ports: containerPorts(facts.ports ?? []) }],
      ...(sidecars.length === 0
        ? {}
        : {
            initContainers: [
              {
                name: "sidecar",
                image: "pause",
                restartPolicy: "Always",
                ports: containerPorts(sidecars),
              },
            ],
          }),
      ...(facts.node === undefined ? {} : { nodeName: facts.node }),
      ...(facts.hostname === undefined ? {} : { hostname: facts.hostname }),
      ...(facts.subdomain === undefined ? {} : { subdomain: facts.subdomain }),
    },
    status: {
      phase: facts.phase ?? "Running",
      ...(first === undefined ? {} : { podIP: first, podIPs: ips.map((ip) => ({ ip })) }),
      ...(ready === null
        ? {}
        : {
            conditions: [
              {
                type: "Ready",
                status: ready ? "True" : "False",
                lastTransitionTime: readySince,
              },
            ],
          }),
    },
  };
}

function containerPorts(texts: readonly string[]): ContainerPort[] {
  return texts.map((text) => {
    const [name = "", number = "", protocol = "TCP"] = text.split("/");
    return { name, containerPort: Number(number), protocol };
  });
}

/** An Endpoints object as its author writes it. */
export function endpointsFrom(
  name: string,
  { labels, annotations, subsets }: MirroringCase["endpoints"],
): Endpoints {
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name,
      namespace: NAMESPACE,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    subsets: subsets.map(({ addresses, notReadyAddresses, ports }) => ({
      ...(addresses === undefined ? {} : { addresses: addresses.map((ip) => ({ ip })) }),
      ...(notReadyAddresses === undefined
        ? {}
        : { notReadyAddresses: notReadyAddresses.map((ip) => ({ ip })) }),
      ...(ports === undefined ? {} : { ports: ports.map(endpointPort) }),
    })),
  };
}

export function endpointPort(text: string): EndpointPort {
  const [name = "", port = "", protocol = "TCP"] = text.split("/");
  return { ...(name === "" ? {} : { name }), port: Number(port), protocol };
}

/** A slice in the facts' shorthand, its lists sorted: their order is free. */
export function factsOfSlice(slice: EndpointSlice): SliceFacts {
  return {
    addressType: slice.addressType,
    ports: (slice.ports ?? []).map(portFacts).sort(),
    endpoints: sorted(
      (slice.endpoints ?? []).map((endpoint) => ({
        addresses: endpoint.addresses,
        ...endpoint.conditions,
        ...(endpoint.hostname === undefined ? {} : { hostname: endpoint.hostname }),
        ...(endpoint.targetRef?.name === undefined ? {} : { target: endpoint.targetRef.name }),
        ...(endpoint.nodeName === undefined ? {} : { node: endpoint.nodeName }),
        ...(endpoint.zone === undefined ? {} : { zone: endpoint.zone }),
      })),
    ),
  };
}

/** Facts as the case file has them, made comparable. */
export function comparableSlices(slices: readonly SliceFacts[]): readonly unknown[] {
  return sorted(
    slices.map(({ addressType, ports, endpoints }) => ({
      addressType,
      ports: ports.toSorted(),
      endpoints: sorted(endpoints.map(withSortedKeys)),
    })),
  );
}

export function comparableSubsets(subsets: readonly SubsetFacts[]): readonly unknown[] {
  return sorted(
    subsets.map(({ ports = [], addresses = [], notReadyAddresses = [] }) => ({
      ports: ports.toSorted(),
      addresses: addresses.toSorted(),
      notReadyAddresses: notReadyAddresses.toSorted(),
    })),
  );
}

export function factsOfSubsets(endpoints: Endpoints): SubsetFacts[] {
  return (endpoints.subsets ?? []).map(
    ({ ports = [], addresses = [], notReadyAddresses = [] }) => ({
      ports: ports.map(portFacts),
      addresses: addresses.map(addressFacts),
      notReadyAddresses: notReadyAddresses.map(addressFacts),
    }),
  );
}

function addressFacts({ ip, targetRef, nodeName, hostname }: EndpointAddress): string {
  const parts = [
    ip,
    targetRef?.name === undefined ? "" : `target=${targetRef.name}`,
    nodeName === undefined ? "" : `node=${nodeName}`,
    hostname === undefined ? "" : `hostname=${hostname}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function portFacts(port: EndpointPort | NonNullable<EndpointSlice["ports"]>[number]): string {
  const { name = "", protocol = "TCP", appProtocol } = port;
  return `${name}/${port.port}/${protocol}${appProtocol === undefined ? "" : `@${appProtocol}`}`;
}

function withSortedKeys(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sorted<T extends object>(items: readonly T[]): T[] {
  const text = (item: T) => JSON.stringify(withSortedKeys(item));
  return items.toSorted((a, b) => (text(a) < text(b) ? -1 : 1));
}
