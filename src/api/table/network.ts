import { ageOf } from "../human-duration.ts";
import type { EndpointSlice, Endpoints, Service, ServicePort } from "../types.ts";
import {
  ageColumn,
  column,
  formatLabels,
  type KindTable,
  nameColumn,
  none,
  orNone,
  shortList,
  wideColumn,
} from "./table-shape.ts";

/** How `kubectl get` shows Services. */
export const serviceTable: KindTable<Service> = {
  columns: [
    nameColumn,
    column("Type", "How the Service can be reached."),
    column("Cluster-IP", "The Service's first virtual address; None for a headless Service."),
    column("External-IP", "Addresses that lead to the Service from outside the cluster."),
    column("Port(s)", "Ports of the Service, each with its node port and protocol."),
    ageColumn,
    wideColumn("Selector", "Labels of the pods behind the Service."),
  ],
  row: (service, nowMs) => ({
    cells: [
      service.metadata.name ?? "",
      service.spec?.type ?? "",
      orNone(service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP),
      externalIp(service),
      orNone((service.spec?.ports ?? []).map(portText).join(",")),
      ageOf(service.metadata.creationTimestamp, nowMs),
      formatLabels(service.spec?.selector),
    ],
  }),
};

function portText({ port, nodePort, protocol = "TCP" }: ServicePort): string {
  return nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;
}

function externalIp({ spec, status }: Service): string {
  const given = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case "ClusterIP":
    case "NodePort":
      return orNone(given.join(","));
    case "LoadBalancer": {
      const assigned = (status?.loadBalancer?.ingress ?? [])
        .map(({ ip, hostname }) => ip || hostname || "")
        .filter((text) => text !== "");
      const all = [...[...new Set(assigned)].toSorted(), ...given];
      return all.length === 0 ? "<pending>" : all.join(",");
    }
    case "ExternalName":
      return spec.externalName ?? "";
    default:
      return "<unknown>";
  }
}

/** How `kubectl get` shows Endpoints. */
export const endpointsTable: KindTable<Endpoints> = {
  columns: [
    nameColumn,
    column("Endpoints", "Addresses and ports that are ready for traffic."),
    ageColumn,
  ],
  row: (endpoints, nowMs) => ({
    cells: [
      endpoints.metadata.name ?? "",
      endpointsText(endpoints),
      ageOf(endpoints.metadata.creationTimestamp, nowMs),
    ],
  }),
};

function endpointsText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return none;
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port))),
  );
  return shortList(all);
}

function hostPort(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** How `kubectl get` shows EndpointSlices. */
export const endpointSliceTable: KindTable<EndpointSlice> = {
  columns: [
    nameColumn,
    column("AddressType", "What the addresses are: IPv4, IPv6 or FQDN."),
    column("Ports", "Ports of every endpoint in the slice."),
    column("Endpoints", "Addresses in the slice, ready or not."),
    ageColumn,
  ],
  row: (slice, nowMs) => ({
    cells: [
      slice.metadata.name ?? "",
      slice.addressType,
      orUnset(shortList((slice.ports ?? []).map(({ port, name }) => String(port ?? name ?? "*")))),
      orUnset(shortList((slice.endpoints ?? []).flatMap(({ addresses }) => addresses))),
      ageOf(slice.metadata.creationTimestamp, nowMs),
    ],
  }),
};

function orUnset(text: string): string {
  return text === "" ? "<unset>" : text;
}
