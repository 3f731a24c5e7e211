import { join } from "node:path";
import { cidrAddress, formatIp, parseCidr } from "../lib/ip.ts";
import { type Credentials, ensureCredentials } from "./credentials.ts";

export interface ClusterNames {
  readonly dataDir: string;
  readonly clusterDomain: string;
  readonly serviceCidrs: readonly string[];
  /** Address at which pods and nodes reach the API. */
  readonly apiHost: string;
  readonly nodes: readonly { readonly name: string; readonly ips: readonly string[] }[];
}

/** The credentials of a cluster; what the API server and the nodes are called goes into their certificates. */
export function clusterCredentials(names: ClusterNames, nowMs: number): Promise<Credentials> {
  const { dataDir, clusterDomain, serviceCidrs, apiHost, nodes } = names;
  const service = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  const serviceIps = serviceCidrs.flatMap((text) => {
    const cidr = parseCidr(text);
    const first = cidr === undefined ? undefined : cidrAddress(cidr, 1n);
    return first === undefined ? [] : [formatIp(first)];
  });
  return ensureCredentials({
    dir: join(dataDir, "pki"),
    apiServer: {
      dnsNames: ["localhost", ...service, `kubernetes.default.svc.${clusterDomain}`],
      ipAddresses: ["127.0.0.1", "::1", apiHost, ...serviceIps],
    },
    nodes: nodes.map(({ name, ips }) => ({ name, ipAddresses: ips })),
    nowMs,
  });
}
