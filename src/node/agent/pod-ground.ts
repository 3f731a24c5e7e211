import { mkdirSync } from "node:fs";
import type { Pod } from "../../api/types.ts";
import type { DownwardFacts } from "../environment/downward.ts";
import { kernelHostname } from "../files/hosts.ts";
import type { ContainerMount, RunningPod } from "../runtime/runtime.ts";
import { loadSources } from "./container-setup.ts";
import type { NodeContext } from "./node-context.ts";
import { writePodFiles } from "./pod-files.ts";
import { type PreparedVolume, prepareVolumes } from "./pod-volumes.ts";

/** What a pod stands on while it runs: namespaces and network, files below `/etc`, volumes. */
export interface PodGround {
  readonly network: RunningPod;
  readonly files: readonly ContainerMount[];
  readonly volumes: ReadonlyMap<string, PreparedVolume>;
  readonly facts: DownwardFacts;
}

/** Writes the files of ConfigMaps and Secrets anew where these have changed; mounts show them at once. */
export async function refreshVolumes(pod: Pod, dir: string, node: NodeContext, ground: PodGround) {
  const sources = await loadSources(node.api, pod, "volumes");
  prepareVolumes({ pod, dir, facts: { ...ground.facts, pod }, sources });
}

/**
 * Makes it, or throws a `RuntimeError` and leaves nothing behind but files in `dir`, the pod's own folder. Volumes come
 * first, as in the kubelet: a pod that waits for a Secret has no address yet.
 */
export async function prepareGround(pod: Pod, dir: string, node: NodeContext): Promise<PodGround> {
  const { nodeIps: hostIps, allocatable } = node;
  const sources = await loadSources(node.api, pod, "volumes");
  await node.turns.next();
  mkdirSync(dir, { recursive: true });
  const volumes = prepareVolumes({
    pod,
    dir,
    facts: { pod, podIps: [], hostIps, allocatable },
    sources,
  });
  const network = await node.runtime.openPod({
    uid: pod.metadata.uid ?? "",
    dir,
    hostname: kernelHostname(pod, node.resolver.clusterDomain),
    isHostNetwork: pod.spec?.hostNetwork ?? false,
    wantedIps: (pod.status?.podIPs ?? []).map(({ ip }) => ip),
  });
  try {
    const { mounts, warnings } = writePodFiles(pod, { dir, ips: network.ips }, node);
    for (const warning of warnings) node.events.record(pod, { type: "Warning", ...warning });
    const facts = { pod, podIps: network.ips, hostIps, allocatable };
    return { network, files: mounts, volumes, facts };
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}
