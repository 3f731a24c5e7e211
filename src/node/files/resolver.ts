import type { Pod } from "../../api/types.ts";
import { describePod } from "../pod-types.ts";

/** What a resolver file says. Options are written as in the file: `ndots:5` or `debug`. */
export interface ResolverConfig {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** What a node knows of name servers. */
export interface NodeResolver {
  /** The node's own resolver file. */
  readonly host: ResolverConfig;
  /** Addresses of the cluster's DNS; empty if it has none. */
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
}

/** A Warning event that the pod gets. */
export interface ResolverWarning {
  readonly reason: "MissingClusterDNS" | "DNSConfigForming";
  readonly message: string;
}

/** glibc reads no more than three servers; 32 paths and 2048 characters are Kubernetes' limits (KEP-2595). */
const NAMESERVERS_MAX = 3;
const SEARCHES_MAX = 32;
const SEARCH_CHARACTERS_MAX = 2048;

/** Longest name in DNS, and so longest search path, in characters. */
const SEARCH_PATH_CHARACTERS_MAX = 253;

/** The resolver configuration of a pod by its `dnsPolicy` and `dnsConfig`. */
export function podResolver(
  pod: Pod,
  node: NodeResolver,
): { readonly config: ResolverConfig; readonly warnings: readonly ResolverWarning[] } {
  const base = baseConfig(pod, node);
  const extra = pod.spec?.dnsConfig;
  const merged: ResolverConfig = {
    nameservers: unique([...base.config.nameservers, ...(extra?.nameservers ?? [])]),
    searches: unique([...base.config.searches, ...(extra?.searches ?? [])]),
    options: mergeOptions(base.config.options, extra?.options ?? []),
  };
  const limited = withinLimits(merged);
  return { config: limited.config, warnings: [...base.warnings, ...limited.warnings] };
}

function baseConfig(
  pod: Pod,
  node: NodeResolver,
): { readonly config: ResolverConfig; readonly warnings: readonly ResolverWarning[] } {
  const policy: string = pod.spec?.dnsPolicy ?? "ClusterFirst";
  if (policy === "None") {
    return { config: { nameservers: [], searches: [], options: [] }, warnings: [] };
  }
  const isCluster =
    policy === "ClusterFirstWithHostNet" ||
    (policy === "ClusterFirst" && pod.spec?.hostNetwork !== true);
  if (!isCluster) return { config: node.host, warnings: [] };
  if (node.clusterDns.length === 0) {
    const message = `pod: "${describePod(pod)}". kubelet does not have ClusterDNS IP configured and cannot create Pod using "${policy}" policy. Falling back to "Default" policy.`;
    return { config: node.host, warnings: [{ reason: "MissingClusterDNS", message }] };
  }
  const domain = node.clusterDomain;
  const namespace = pod.metadata.namespace ?? "default";
  return {
    config: {
      nameservers: node.clusterDns,
      searches: unique([
        `${namespace}.svc.${domain}`,
        `svc.${domain}`,
        domain,
        ...node.host.searches,
      ]),
      options: ["ndots:5"],
    },
    warnings: [],
  };
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)];
}

/** Later options replace earlier ones of the same name and keep their place. */
function mergeOptions(
  base: readonly string[],
  extra: readonly { readonly name?: string; readonly value?: string }[],
): string[] {
  const byName = new Map(base.map((option) => [option.split(":", 1)[0] ?? "", option]));
  for (const { name = "", value } of extra) {
    byName.set(name, value === undefined || value === "" ? name : `${name}:${value}`);
  }
  return [...byName.values()];
}

function withinLimits(config: ResolverConfig): {
  readonly config: ResolverConfig;
  readonly warnings: readonly ResolverWarning[];
} {
  const warnings: ResolverWarning[] = [];
  const nameservers = config.nameservers.slice(0, NAMESERVERS_MAX);
  if (nameservers.length < config.nameservers.length) {
    const message = `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${nameservers.join(" ")}`;
    warnings.push({ reason: "DNSConfigForming", message });
  }
  const searches = config.searches
    .filter((path) => path.length <= SEARCH_PATH_CHARACTERS_MAX)
    .slice(0, SEARCHES_MAX);
  while (searches.join(" ").length > SEARCH_CHARACTERS_MAX) searches.pop();
  if (searches.length < config.searches.length) {
    const message = `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${searches.join(" ")}`;
    warnings.push({ reason: "DNSConfigForming", message });
  }
  return { config: { nameservers, searches, options: config.options }, warnings };
}

/** Reads a resolver file. The last `search` and the last `options` line win; trailing dots go. */
export function parseResolverFile(text: string): ResolverConfig {
  const nameservers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && values[0] !== undefined) nameservers.push(values[0]);
    // A search path of "." alone has no name to append, and stays (it stands for "no search").
    if (keyword === "search") searches = values.map((v) => (v === "." ? v : v.replace(/\.$/, "")));
    if (keyword === "options") options = values;
  }
  return { nameservers, searches, options };
}

/** The text of a resolver file. */
export function renderResolverFile({ nameservers, searches, options }: ResolverConfig): string {
  return [
    ...(searches.length > 0 ? [`search ${searches.join(" ")}\n`] : []),
    ...nameservers.map((server) => `nameserver ${server}\n`),
    ...(options.length > 0 ? [`options ${options.join(" ")}\n`] : []),
  ].join("");
}
