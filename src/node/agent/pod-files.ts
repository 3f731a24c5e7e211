import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pod } from "../../api/types.ts";
import { kernelHostname, renderHostsFile } from "../files/hosts.ts";
import { podResolver, type ResolverWarning, renderResolverFile } from "../files/resolver.ts";
import type { ContainerMount } from "../runtime/runtime.ts";
import type { NodeContext } from "./node-context.ts";

/** Writes the files below `/etc` that a pod has for itself, and returns what shows them in its containers. */
export function writePodFiles(
  pod: Pod,
  { dir, ips }: { readonly dir: string; readonly ips: readonly string[] },
  node: NodeContext,
): { readonly mounts: readonly ContainerMount[]; readonly warnings: readonly ResolverWarning[] } {
  const { clusterDomain } = node.resolver;
  const { config, warnings } = podResolver(pod, node.resolver);
  const files = {
    hosts: renderHostsFile({ pod, podIps: ips, clusterDomain, nodeFile: node.hostsFile }),
    "resolv.conf": renderResolverFile(config),
    "nsswitch.conf": node.nameServiceSwitch,
    hostname: `${kernelHostname(pod, clusterDomain)}\n`,
  };
  const folder = join(dir, "etc");
  mkdirSync(folder, { recursive: true });
  const mounts = Object.entries(files).map(([name, text]) => {
    const source = join(folder, name);
    writeFileSync(source, text);
    // As in Kubernetes, programs may write to their hosts file; the others are read-only here.
    return { source, target: `/etc/${name}`, isReadOnly: name !== "hosts" };
  });
  return { mounts, warnings };
}
