import type { Pod } from "../api/types.ts";

// The parts of a Pod that this room reads, under their own names.

/** `spec` of a Pod. */
export type PodSpec = NonNullable<Pod["spec"]>;
/** One of `spec.containers` or `spec.initContainers`. */
export type Container = PodSpec["containers"][number];
/** How a container is asked after its health. */
export type Probe = NonNullable<Container["readinessProbe"]>;
/** A postStart or preStop hook. */
export type LifecycleHandler = NonNullable<NonNullable<Container["lifecycle"]>["preStop"]>;
/** One of `env`. */
export type EnvVar = NonNullable<Container["env"]>[number];
/** One of `envFrom`. */
export type EnvFromSource = NonNullable<Container["envFrom"]>[number];
/** One of `spec.volumes`. */
export type Volume = NonNullable<PodSpec["volumes"]>[number];

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
