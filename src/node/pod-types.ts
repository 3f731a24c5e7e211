import type { Pod, Service } from "../api/types.ts";

// The parts of a Pod that this room reads, under their own names.

export type PodSpec = NonNullable<Pod["spec"]>;
export type Container = PodSpec["containers"][number];
export type Probe = NonNullable<Container["readinessProbe"]>;
export type LifecycleHandler = NonNullable<NonNullable<Container["lifecycle"]>["preStop"]>;
export type EnvVar = NonNullable<Container["env"]>[number];
export type EnvFromSource = NonNullable<Container["envFrom"]>[number];
export type Volume = NonNullable<PodSpec["volumes"]>[number];
export type ServicePort = NonNullable<NonNullable<Service["spec"]>["ports"]>[number];

/** `namespace/name`, the key of informers. */
export function keyOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name ?? ""}`;
}

/** How the kubelet names a pod in messages: `name_namespace(uid)`. */
export function describePod(pod: Pod): string {
  const { name = "", namespace = "default", uid = "" } = pod.metadata;
  return `${name}_${namespace}(${uid})`;
}

/** An init container that keeps running beside the ordinary ones (KEP-753). */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === "Always";
}
