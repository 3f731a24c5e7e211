import type { Pod } from "../../api/types.ts";
import { RuntimeError } from "../runtime/runtime.ts";

/** Longest label of a name (RFC 1035 section 2.3.4), so longest host name. */
const HOSTNAME_MAX = 63;

/** Longest name that the kernel takes (`__NEW_UTS_LEN`). */
const KERNEL_HOSTNAME_MAX = 64;

const localLines = [
  "127.0.0.1\tlocalhost",
  "::1\tlocalhost ip6-localhost ip6-loopback",
  "fe00::0\tip6-localnet",
  "fe00::0\tip6-mcastprefix",
  "fe00::1\tip6-allnodes",
  "fe00::2\tip6-allrouters",
];

/** The names of a pod. */
export interface PodHostname {
  readonly hostname: string;
  /** Only pods with a subdomain have one. */
  readonly fqdn?: string;
}

/** What a pod is called: `spec.hostname` or its name, cut to 63 characters. */
export function podHostname(pod: Pod, clusterDomain: string): PodHostname {
  const name: string = pod.spec?.hostname || (pod.metadata.name ?? "");
  const hostname = name.slice(0, HOSTNAME_MAX).replace(/[-.]+$/, "");
  const subdomain = pod.spec?.subdomain;
  if (!subdomain) return { hostname };
  return {
    hostname,
    fqdn: `${hostname}.${subdomain}.${pod.metadata.namespace ?? "default"}.svc.${clusterDomain}`,
  };
}

/** What the kernel of the pod says, `spec.setHostnameAsFQDN` regarded. Throws if that is longer than a kernel takes. */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const { hostname, fqdn } = podHostname(pod, clusterDomain);
  if (pod.spec?.setHostnameAsFQDN !== true || fqdn === undefined) return hostname;
  if (fqdn.length <= KERNEL_HOSTNAME_MAX) return fqdn;
  const limit = `${KERNEL_HOSTNAME_MAX} characters is the max, ${fqdn.length} characters requested`;
  throw new RuntimeError(
    "SANDBOX_FAILED",
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long (${limit})`,
  );
}

/** A pod, and what its hosts file is made of. */
export interface HostsInput {
  readonly pod: Pod;
  readonly podIps: readonly string[];
  readonly clusterDomain: string;
  /** The node's own file: the beginning of the file of a pod in the host network. */
  readonly nodeFile: string;
}

/** The text of a pod's `/etc/hosts`. */
export function renderHostsFile({ pod, podIps, clusterDomain, nodeFile }: HostsInput): string {
  const { hostname, fqdn } = podHostname(pod, clusterDomain);
  const names = fqdn === undefined ? hostname : `${fqdn}\t${hostname}`;
  const aliases = (pod.spec?.hostAliases ?? []).map(
    (alias: { readonly ip?: string; readonly hostnames?: readonly string[] }) =>
      `${alias.ip ?? ""}\t${(alias.hostnames ?? []).join("\t")}`,
  );
  const tail = aliases.length === 0 ? [] : ["", "# Entries added by HostAliases.", ...aliases];
  if (pod.spec?.hostNetwork === true) {
    const head = nodeFile === "" || nodeFile.endsWith("\n") ? nodeFile : `${nodeFile}\n`;
    return `${head}${tail.map((line) => `${line}\n`).join("")}`;
  }
  const own = podIps.map((ip) => `${ip}\t${names}`);
  const lines = ["# Kubernetes-managed hosts file.", ...localLines, ...own, ...tail];
  return `${lines.join("\n")}\n`;
}
