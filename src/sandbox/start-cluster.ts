import type { Server } from "node:net";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import type { SandboxOptions } from "./sandbox-options.ts";

/** One node that the cluster shall run, with its links, addresses and routes already there. */
export interface ClusterNode {
  readonly name: string;
  /** Its address on the fabric, in the cluster's first family. */
  readonly ip: string;
  /** Its addresses in all families. */
  readonly ips: readonly string[];
  /** Its part of the pod range, in the cluster's first family. */
  readonly podCidr: string;
  readonly podCidrs: readonly string[];
  readonly namespace: NetworkNamespace;
}

/** What the sandbox gives to the composition that makes a cluster of it. */
export interface ClusterSettings extends SandboxOptions {
  /** For files that shall be gone with the sandbox: a file system in memory that nobody else sees. */
  readonly runtimeDir: string;
  /** Listens on 127.0.0.1:`apiPort` of the host, and sends callers away until "connection" is listened to. */
  readonly apiListener: Server;
  /** Where pods and nodes reach the API, such as 192.168.100.1:6443; to be listened on with `sockets`. */
  readonly apiEndpoint: Endpoint;
  /** Sockets of the fabric's namespace, where this process lives. */
  readonly sockets: Sockets;
  /** Sockets of the host's own network, made by the gate: for upstream DNS and published ports. */
  readonly hostSockets: Sockets;
  readonly nodes: number;
  readonly clusterNodes: readonly ClusterNode[];
  /** Address of the client outside the cluster. */
  readonly clientIp: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Aborts when the sandbox shall end at once. */
  readonly signal: AbortSignal;
}

/** A cluster that has been started. */
export interface RunningCluster {
  /** Resolves when the API answers and every node is Ready; rejects with the reason if it can not be. */
  readonly ready: Promise<void>;
  /** Ends pods, closes the storage; what is running after some seconds is killed. */
  close(): Promise<void>;
}

/** Starts API, controllers and nodes in this process. */
export type StartCluster = (settings: ClusterSettings) => Promise<RunningCluster> | RunningCluster;
