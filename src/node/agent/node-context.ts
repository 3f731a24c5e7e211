import type { Pod, Service } from "../../api/types.ts";
import type { Api, Informer } from "../../client/api.ts";
import type { EventNote, EventRecorder } from "../../client/events.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import type { Sockets } from "../../lib/sockets.ts";
import type { Turns } from "../../lib/turns.ts";
import type { NodeResolver } from "../files/resolver.ts";
import type { ImageTable } from "../images/image-table.ts";
import type { Container } from "../pod-types.ts";
import type { ContainerMount, Runtime } from "../runtime/runtime.ts";

/** What all pods of one node share. */
export interface NodeContext {
  readonly nodeName: string;
  readonly nodeIps: readonly string[];
  /** Folder of the pods' folders. */
  readonly podsDir: string;
  readonly api: Api;
  readonly services: Informer<Service>;
  readonly runtime: Runtime;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly random: () => number;
  /** Awaited before each start of a pod or container, which holds the thread for milliseconds. */
  readonly turns: Turns;
  readonly log: Logger;
  /** Sockets of the node's namespace, for probes and hooks. */
  readonly sockets: Sockets;
  /** Where images are looked up, the user's own table first. */
  readonly images: readonly ImageTable[];
  /** What shows the built-in programs inside a container; the first call writes them. */
  readonly programs: () => readonly ContainerMount[];
  readonly resolver: NodeResolver;
  /** Text of the node's hosts file. */
  readonly hostsFile: string;
  /** Text of `/etc/nsswitch.conf` in containers. */
  readonly nameServiceSwitch: string;
  readonly allocatable: Readonly<Record<string, string>>;
  /** Aborts when the agent stops: pods are then killed, and nothing is written any more. */
  readonly signal: AbortSignal;
}

/** Tells of one container, as the kubelet does: with the path of its place in the pod. */
export function recordContainerEvent(
  { events }: NodeContext,
  pod: Pod,
  container: Container,
  note: EventNote,
): void {
  const isInit = (pod.spec?.initContainers ?? []).some(({ name }) => name === container.name);
  events.record(pod, note, `spec.${isInit ? "initContainers" : "containers"}{${container.name}}`);
}
