// Stand-in until the schema tables generate this file.
// biome-ignore-all lint/suspicious/noExplicitAny: stand-in
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: any;
  readonly [k: string]: any;
}
export type Namespace = KubeObject;
export type Node = KubeObject;
export type Pod = KubeObject;
export type Service = KubeObject;
export type Endpoints = KubeObject;
export type ConfigMap = KubeObject;
export type Secret = KubeObject;
export type ServiceAccount = KubeObject;
export type Event = KubeObject;
export type Deployment = KubeObject;
export type ReplicaSet = KubeObject;
export type StatefulSet = KubeObject;
export type ControllerRevision = KubeObject;
export type EndpointSlice = KubeObject;
export type Lease = KubeObject;
