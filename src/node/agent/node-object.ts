import type { Node } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";

/** What a node agent reports itself as. */
const KUBELET_VERSION = "v1.33.4+portolan";

/** Port of the agent's server (the kubelet's). */
export const AGENT_PORT = 10250;

/** Pods that one node takes (the kubelet's default). */
const PODS_MAX = 110;

/** What is known of a node and its machine. */
export interface NodeFacts {
  readonly nodeName: string;
  readonly nodeIps: readonly string[];
  readonly podCidrs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly bootId: string;
}

/** Capacity and allocatable resources of a node. */
export function resourcesOf(facts: NodeFacts): Readonly<Record<string, string>> {
  return {
    cpu: String(facts.cpus),
    memory: `${Math.floor(facts.memoryBytes / 1024)}Ki`,
    "ephemeral-storage": `${Math.floor(facts.diskBytes / 1024)}Ki`,
    pods: String(PODS_MAX),
  };
}

/** The Node object as the agent creates it. */
export function nodeObject(facts: NodeFacts): Node {
  const architecture = { x64: "amd64", ia32: "386" }[facts.architecture] ?? facts.architecture;
  const labels = {
    "kubernetes.io/hostname": facts.nodeName,
    "kubernetes.io/os": "linux",
    "kubernetes.io/arch": architecture,
    "beta.kubernetes.io/os": "linux",
    "beta.kubernetes.io/arch": architecture,
    ...facts.labels,
  };
  const [podCIDR] = facts.podCidrs;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: facts.nodeName, labels },
    spec: { ...(podCIDR === undefined ? {} : { podCIDR, podCIDRs: facts.podCidrs }) },
  };
}

const readyConditions = [
  [
    "MemoryPressure",
    "False",
    "KubeletHasSufficientMemory",
    "kubelet has sufficient memory available",
  ],
  ["DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
  ["PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
  ["Ready", "True", "KubeletReady", "kubelet is posting ready status"],
] as const;

/** The status that the agent posts; transition times are kept while a condition's status stays. */
export function nodeStatus(facts: NodeFacts, current: Node | undefined, nowMs: number) {
  const now = formatTime(nowMs);
  const old = new Map((current?.status?.conditions ?? []).map((c) => [c.type, c]));
  const resources = resourcesOf(facts);
  const architecture = { x64: "amd64", ia32: "386" }[facts.architecture] ?? facts.architecture;
  return {
    addresses: [
      ...facts.nodeIps.map((address) => ({ type: "InternalIP", address })),
      { type: "Hostname", address: facts.nodeName },
    ],
    capacity: resources,
    allocatable: resources,
    conditions: readyConditions.map(([type, status, reason, message]) => {
      const before = old.get(type);
      const since = before?.status === status ? before.lastTransitionTime : undefined;
      return {
        type,
        status,
        reason,
        message,
        lastHeartbeatTime: now,
        lastTransitionTime: since ?? now,
      };
    }),
    daemonEndpoints: { kubeletEndpoint: { Port: AGENT_PORT } },
    nodeInfo: {
      architecture,
      bootID: facts.bootId,
      containerRuntimeVersion: "portolan://0.1.0",
      kernelVersion: facts.kernelVersion,
      kubeProxyVersion: KUBELET_VERSION,
      kubeletVersion: KUBELET_VERSION,
      machineID: facts.machineId,
      operatingSystem: "linux",
      osImage: facts.osImage,
      systemUUID: facts.machineId,
    },
  };
}
