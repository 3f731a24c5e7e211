import { isJsonObject, type JsonObject } from "./conform.ts";
import { typed } from "./typed.ts";
import type * as k from "./types.ts";

/** A default that depends on other fields. It gives back the very object when there is nothing to add. */
type Rule = (object: JsonObject) => JsonObject;

/** Three hours: how long a client stays with its endpoint (`DefaultClientIPServiceAffinitySeconds`). */
const AFFINITY_SECONDS = 10_800;

/** The rules by struct. They run before the defaults of the struct's table, and see what the client sent. */
export const computedDefaults: ReadonlyMap<string, Rule> = new Map([
  rule<k.NodeStatus>("core.NodeStatus", nodeStatusDefaults),
  rule<k.Pod>("core.Pod", podDefaults),
  rule<k.PodSpec>("core.PodSpec", podSpecDefaults),
  rule<k.Container>("core.Container", containerDefaults),
  rule<k.EphemeralContainer>("core.EphemeralContainer", containerDefaults),
  rule<k.Volume>("core.Volume", volumeDefaults),
  rule<k.ServiceSpec>("core.ServiceSpec", serviceDefaults),
  rule<k.ServicePort>("core.ServicePort", servicePortDefaults),
  rule<k.LoadBalancerIngress>("core.LoadBalancerIngress", ingressDefaults),
  rule<k.PersistentVolumeClaim>("core.PersistentVolumeClaim", claimDefaults),
  rule<k.DeploymentStrategy>("apps.DeploymentStrategy", deploymentStrategyDefaults),
  rule<k.StatefulSetUpdateStrategy>("apps.StatefulSetUpdateStrategy", updateStrategyDefaults),
]);

function rule<T extends object>(struct: string, apply: (object: T) => T): readonly [string, Rule] {
  return [
    struct,
    (object) => {
      const next: unknown = apply(typed<T>(object));
      return isJsonObject(next) ? next : object;
    },
  ];
}

function nodeStatusDefaults(status: k.NodeStatus): k.NodeStatus {
  return status.capacity !== undefined && status.allocatable === undefined
    ? { ...status, allocatable: status.capacity }
    : status;
}

/** What holds for a pod and not for a template, which must stay as its author wrote it. */
function podDefaults(pod: k.Pod): k.Pod {
  const { spec = { containers: [] } } = pod;
  const prepare = (container: k.Container) =>
    withRequests(spec.hostNetwork === true ? withHostPorts(container) : container);
  return {
    ...pod,
    spec: {
      ...spec,
      enableServiceLinks: spec.enableServiceLinks ?? true,
      containers: (spec.containers ?? []).map(prepare),
      ...(spec.initContainers === undefined
        ? {}
        : { initContainers: spec.initContainers.map(prepare) }),
    },
  };
}

/** Who limits a resource and requests nothing requests the limit. */
function withRequests(container: k.Container): k.Container {
  const { limits, requests } = container.resources ?? {};
  if (limits === undefined) return container;
  return {
    ...container,
    resources: { ...container.resources, requests: { ...limits, ...requests } },
  };
}

/** In the host's network a container's port is the host's port. */
function withHostPorts(container: k.Container): k.Container {
  if (container.ports === undefined) return container;
  const ports = container.ports.map((port) =>
    (port.hostPort ?? 0) === 0 ? { ...port, hostPort: port.containerPort } : port,
  );
  return { ...container, ports };
}

/** `serviceAccount` is the old name of `serviceAccountName`, and old clients still read it. */
function podSpecDefaults(spec: k.PodSpec): k.PodSpec {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined) return spec;
  return spec.serviceAccountName === name && spec.serviceAccount === name
    ? spec
    : { ...spec, serviceAccountName: name, serviceAccount: name };
}

function containerDefaults<T extends k.Container | k.EphemeralContainer>(container: T): T {
  if ((container.imagePullPolicy ?? "") !== "") return container;
  const isLatest = tagOf(container.image ?? "") === "latest";
  return { ...container, imagePullPolicy: isLatest ? "Always" : "IfNotPresent" };
}

/** The tag of an image; `latest` without one, "" where a digest takes its place. */
function tagOf(image: string): string {
  const [named = "", digest] = image.split("@");
  const name = named.slice(named.lastIndexOf("/") + 1);
  const colon = name.indexOf(":");
  if (colon !== -1) return name.slice(colon + 1);
  return digest === undefined ? "latest" : "";
}

/** A volume without a source is an empty directory. */
function volumeDefaults(volume: k.Volume): k.Volume {
  const hasSource = Object.keys(volume).some((name) => name !== "name");
  return hasSource ? volume : { ...volume, emptyDir: {} };
}

function serviceDefaults(spec: k.ServiceSpec): k.ServiceSpec {
  const type = spec.type || "ClusterIP";
  const isExternal =
    type === "NodePort" ||
    type === "LoadBalancer" ||
    (type === "ClusterIP" && (spec.externalIPs ?? []).length > 0);
  const { sessionAffinityConfig, ...rest } = spec;
  return {
    ...rest,
    ...affinityDefaults(spec.sessionAffinity ?? "None", sessionAffinityConfig),
    ...(isExternal && (spec.externalTrafficPolicy ?? "") === ""
      ? { externalTrafficPolicy: "Cluster" }
      : {}),
    ...(["ClusterIP", "NodePort", "LoadBalancer"].includes(type) &&
    spec.internalTrafficPolicy === undefined
      ? { internalTrafficPolicy: "Cluster" }
      : {}),
    ...(type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts === undefined
      ? { allocateLoadBalancerNodePorts: true }
      : {}),
  };
}

function affinityDefaults(
  affinity: string,
  config: k.SessionAffinityConfig | undefined,
): Pick<k.ServiceSpec, "sessionAffinityConfig"> {
  if (affinity === "None") return {};
  if (affinity === "ClientIP" && config?.clientIP?.timeoutSeconds === undefined) {
    return { sessionAffinityConfig: { clientIP: { timeoutSeconds: AFFINITY_SECONDS } } };
  }
  return config === undefined ? {} : { sessionAffinityConfig: config };
}

function servicePortDefaults(port: k.ServicePort): k.ServicePort {
  return (port.targetPort ?? 0) === 0 || port.targetPort === ""
    ? { ...port, targetPort: port.port ?? 0 }
    : port;
}

/** Traffic for the address reaches the node with the address unchanged, unless a controller says otherwise. */
function ingressDefaults(ingress: k.LoadBalancerIngress): k.LoadBalancerIngress {
  return (ingress.ip ?? "") !== "" && ingress.ipMode === undefined
    ? { ...ingress, ipMode: "VIP" }
    : ingress;
}

/** Claims appear inside StatefulSets only, and say there what they are. */
function claimDefaults(claim: k.PersistentVolumeClaim): k.PersistentVolumeClaim {
  return { kind: "PersistentVolumeClaim", apiVersion: "v1", ...claim };
}

function deploymentStrategyDefaults(strategy: k.DeploymentStrategy): k.DeploymentStrategy {
  const isRolling = (strategy.type || "RollingUpdate") === "RollingUpdate";
  return isRolling && strategy.rollingUpdate === undefined
    ? { ...strategy, rollingUpdate: {} }
    : strategy;
}

/** Unlike a Deployment's, only a strategy that the client left open gets a partition. */
function updateStrategyDefaults(
  strategy: k.StatefulSetUpdateStrategy,
): k.StatefulSetUpdateStrategy {
  return (strategy.type ?? "") === "" && strategy.rollingUpdate === undefined
    ? { ...strategy, rollingUpdate: {} }
    : strategy;
}
