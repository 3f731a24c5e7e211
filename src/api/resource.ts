import type * as k from "./types.ts";

/**
 * Names one kind of object at the Kubernetes API. `T` is the object's type and exists for the compiler only.
 * What else a kind has (schema, columns, verbs) is in `kinds.ts`; clients need no more than this.
 */
export interface Resource<T extends k.KubeObject = k.KubeObject> {
  /** API group; "" is core. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** The name in paths, such as `endpointslices`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly type?: T;
}

function core<T extends k.KubeObject>(kind: string, plural: string): Resource<T> {
  return { group: "", version: "v1", kind, plural, namespaced: true };
}

function apps<T extends k.KubeObject>(kind: string, plural: string): Resource<T> {
  return { group: "apps", version: "v1", kind, plural, namespaced: true };
}

export const namespaces: Resource<k.Namespace> = {
  ...core<k.Namespace>("Namespace", "namespaces"),
  namespaced: false,
};
export const nodes: Resource<k.Node> = { ...core<k.Node>("Node", "nodes"), namespaced: false };
export const pods = core<k.Pod>("Pod", "pods");
export const services = core<k.Service>("Service", "services");
export const endpoints = core<k.Endpoints>("Endpoints", "endpoints");
export const configMaps = core<k.ConfigMap>("ConfigMap", "configmaps");
export const secrets = core<k.Secret>("Secret", "secrets");
export const serviceAccounts = core<k.ServiceAccount>("ServiceAccount", "serviceaccounts");
export const events = core<k.Event>("Event", "events");
export const deployments = apps<k.Deployment>("Deployment", "deployments");
export const replicaSets = apps<k.ReplicaSet>("ReplicaSet", "replicasets");
export const statefulSets = apps<k.StatefulSet>("StatefulSet", "statefulsets");
export const controllerRevisions = apps<k.ControllerRevision>(
  "ControllerRevision",
  "controllerrevisions",
);
export const endpointSlices: Resource<k.EndpointSlice> = {
  group: "discovery.k8s.io",
  version: "v1",
  kind: "EndpointSlice",
  plural: "endpointslices",
  namespaced: true,
};
export const leases: Resource<k.Lease> = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  namespaced: true,
};

/** `v1` or `group/version`, as `apiVersion` has it. */
export function apiVersionOf(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}
