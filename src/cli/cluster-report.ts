import type { EndpointSlice, Node, Pod, Service } from "../api/types.ts";

/** What is wrong somewhere, and the command that looks closer or mends it. */
export interface Problem {
  /** Such as `pod/default/web-1`. */
  readonly object: string;
  readonly problem: string;
  readonly remedy: string;
}

export interface NodeReport {
  readonly name: string;
  readonly ready: boolean;
  readonly address: string;
  readonly podCidr: string;
  readonly pods: number;
}

/** What runs in a cluster and what is wrong with it. */
export interface ClusterReport {
  readonly nodes: readonly NodeReport[];
  readonly pods: { readonly total: number; readonly ready: number };
  readonly services: { readonly total: number; readonly withoutEndpoints: number };
  readonly problems: readonly Problem[];
}

export interface ClusterObjects {
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
}

/** Sums up a cluster from its objects. */
export function reportCluster({ nodes, pods, services, slices }: ClusterObjects): ClusterReport {
  const own = Map.groupBy(pods, (pod) => pod.spec?.nodeName);
  const nodeReports = nodes.map((node) => ({
    name: node.metadata.name ?? "",
    ready: isTrue(node.status?.conditions, "Ready"),
    address: node.status?.addresses?.find((a) => a.type === "InternalIP")?.address ?? "",
    podCidr: node.spec?.podCIDR ?? "",
    pods: own.get(node.metadata.name)?.length ?? 0,
  }));
  const emptyServices = services.filter((service) => isEmpty(service, slices));
  const sickPods = pods.filter((pod) => !isFine(pod));
  return {
    nodes: nodeReports,
    pods: {
      total: pods.length,
      ready: pods.filter((pod) => isTrue(pod.status?.conditions, "Ready")).length,
    },
    services: { total: services.length, withoutEndpoints: emptyServices.length },
    problems: [
      ...nodeReports.filter((node) => !node.ready).map(nodeProblem),
      ...sickPods.map(podProblem),
      ...emptyServices.map(serviceProblem),
    ],
  };
}

function nodeProblem({ name }: NodeReport): Problem {
  return { object: `node/${name}`, problem: "not Ready", remedy: `kubectl describe node ${name}` };
}

function podProblem(pod: Pod): Problem {
  const { name, namespace } = pod.metadata;
  const waiting = [
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.containerStatuses ?? []),
  ].find((status) => status.state?.waiting !== undefined)?.state?.waiting;
  const unscheduled = pod.status?.conditions?.find(
    (c) => c.type === "PodScheduled" && c.status === "False",
  );
  const reason = waiting?.reason ?? unscheduled?.reason ?? pod.status?.phase ?? "Unknown";
  const message = waiting?.message ?? unscheduled?.message ?? "not Ready";
  return {
    object: `pod/${namespace}/${name}`,
    problem: `${reason}: ${message}`,
    remedy: `kubectl -n ${namespace} describe pod ${name}`,
  };
}

function serviceProblem(service: Service): Problem {
  const { name, namespace } = service.metadata;
  const selector = Object.entries(service.spec?.selector ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  return {
    object: `service/${namespace}/${name}`,
    problem: "no ready endpoint: calls to it are refused",
    remedy:
      selector === ""
        ? `kubectl -n ${namespace} get endpoints ${name}`
        : `kubectl -n ${namespace} get pods -l ${selector}`,
  };
}

/** Ready, finished well, or on its way out. */
function isFine(pod: Pod): boolean {
  return (
    isTrue(pod.status?.conditions, "Ready") ||
    pod.status?.phase === "Succeeded" ||
    pod.metadata.deletionTimestamp !== undefined
  );
}

function isEmpty(service: Service, slices: readonly EndpointSlice[]): boolean {
  if (service.spec?.type === "ExternalName") return false;
  return !slices.some(
    (slice) =>
      slice.metadata.namespace === service.metadata.namespace &&
      slice.metadata.labels?.["kubernetes.io/service-name"] === service.metadata.name &&
      slice.endpoints?.some((endpoint) => endpoint.conditions?.ready !== false),
  );
}

function isTrue(
  conditions: readonly { readonly type?: string; readonly status?: string }[] | undefined,
  type: string,
): boolean {
  return conditions?.some((c) => c.type === type && c.status === "True") === true;
}
