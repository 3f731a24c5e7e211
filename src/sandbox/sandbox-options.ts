import type { IpFamily } from "../lib/ip.ts";
import type { LogLevel } from "../lib/log.ts";
import type { ImageEntry } from "../node/images/image-table.ts";

/** What a sandbox is made of. It reaches the gate and the process inside as JSON on their command lines. */
export interface SandboxOptions {
  /** Absolute and without symbolic links. */
  readonly dataDir: string;
  readonly nodes: number;
  /** Port of the API on 127.0.0.1; 0 takes a free one. */
  readonly apiPort: number;
  /** Where the kubeconfig is written; absolute. */
  readonly kubeconfig: string;
  /** Ranges of cluster IPs, the first one's family is the cluster's first. */
  readonly serviceCidrs: readonly string[];
  /** Ranges of pod addresses; each node gets a /24 (IPv6: a /64) of each. */
  readonly podCidrs: readonly string[];
  readonly nodePortRange: { readonly from: number; readonly to: number };
  readonly clusterDomain: string;
  readonly proxyMode: string;
  readonly nftablesLayout: string;
  readonly logLevel: LogLevel;
  /** The user's image table, which wins over the built-in one; as a list, because JSON knows no maps. */
  readonly images?: readonly (readonly [image: string, entry: ImageEntry])[];
}

/** Ranges of pod addresses by family. */
export const podRanges: Readonly<Record<IpFamily, string>> = {
  IPv4: "10.244.0.0/16",
  IPv6: "fd00:10:244::/56",
};

/** What is left to the sandbox when the command line does not say it. */
export const sandboxDefaults = {
  nodes: 3,
  apiPort: 6443,
  serviceCidrs: ["10.96.0.0/12"],
  podCidrs: [podRanges.IPv4],
  nodePortRange: { from: 30000, to: 32767 },
  clusterDomain: "cluster.local",
  proxyMode: "nftables",
  nftablesLayout: "flat",
  logLevel: "info",
} as const;

/** The two kinds of process of a sandbox; each bears its role and its data directory on its command line. */
export type SandboxRole = "gate" | "inside";

/** The arguments that make a process known as one of this sandbox. */
export function roleArguments(role: SandboxRole, dataDir: string): string[] {
  return [`--role=${role}`, `--data-dir=${dataDir}`];
}

/** The arguments that carry the options to a process that this room starts. */
export function optionArguments(role: SandboxRole, options: SandboxOptions): string[] {
  return [...roleArguments(role, options.dataDir), `--options=${JSON.stringify(options)}`];
}

/** Reads what `optionArguments` wrote; the writer is this same version of Portolan. */
export function readOptionArguments(argv: readonly string[]): SandboxOptions {
  const prefix = "--options=";
  const argument = argv.find((text) => text.startsWith(prefix));
  if (argument === undefined)
    throw new Error("no --options: this program is started by portolan up");
  return JSON.parse(argument.slice(prefix.length));
}
