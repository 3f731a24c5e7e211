import type { Service } from "./types.ts";

/** The word in `clusterIP` of a Service that wants no virtual address. */
export const headlessIp = "None";

/** Whether DNS answers with the pods' own addresses. */
export function isHeadless({ spec }: Service): boolean {
  return spec?.clusterIPs?.length === 1 && spec.clusterIPs[0] === headlessIp;
}

/** Whether the type has a cluster IP ("None" counts as one). */
export function needsClusterIp({ spec }: Service): boolean {
  return spec?.type !== "ExternalName";
}

/** Whether every node is to listen on a port for it. */
export function needsNodePorts({ spec }: Service): boolean {
  return spec?.type === "NodePort" || spec?.type === "LoadBalancer";
}

/** Whether load balancers must be able to ask a node if it has endpoints of its own. */
export function needsHealthCheckPort({ spec }: Service): boolean {
  return spec?.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** Whether traffic from outside the cluster may arrive. */
export function isExternallyReachable(service: Service): boolean {
  const { spec } = service;
  return (
    needsNodePorts(service) || (spec?.type === "ClusterIP" && (spec.externalIPs ?? []).length > 0)
  );
}

/** Node ports in the order of the Service's ports; those without one are left out. */
export function nodePortsOf({ spec }: Service): number[] {
  return (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []));
}

/** Whether two lists of texts are the same; an absent one is empty. */
export function sameList(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((text, index) => text === b[index]);
}
