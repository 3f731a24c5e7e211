import type { Api, Informers } from "../client/api.ts";
import type { Resolver } from "../dns/forward/resolver.ts";
import { openDnsNode } from "../dns/run.ts";
import type { Zone } from "../dns/zone/zone.ts";
import { openConntrack } from "../kernel/conntrack.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import type { Clock } from "../lib/clock.ts";
import type { Cidr } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import type { Turns } from "../lib/turns.ts";
import type { ImageTable } from "../node/images/image-table.ts";
import { runNodeAgent } from "../node/run.ts";
import type { AgentCertificates } from "../node/server/serve.ts";
import { openFlatDataPlane } from "../proxy/nftables/apply.ts";
import { runProxy } from "../proxy/run.ts";
import type { ProxyConfig } from "../proxy/table/proxy-config.ts";

/** A node whose network is there: links, addresses and routes. */
export interface NodeSettings {
  readonly name: string;
  /** Its addresses, the first one of the cluster's first family. */
  readonly ips: readonly string[];
  /** Its own pod ranges, one of each family. */
  readonly podCidrs: readonly string[];
  readonly namespace: NetworkNamespace;
}

/** What a part of a node speaks to the API with, and how it tells time. */
export interface Part {
  readonly api: Api;
  readonly informers: Informers;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface NodeOptions extends NodeSettings {
  readonly agent: Part;
  readonly proxy: Part;
  /** Shared by all nodes of the process. */
  readonly dns: Part & { readonly zone: Zone; readonly resolver: Resolver };
  readonly turns: Turns;
  readonly runtimeDir: string;
  readonly hiddenPaths: readonly string[];
  readonly images: ImageTable;
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
  readonly serviceCidrs: readonly Cidr[];
  /** Of all nodes: sources in them are pods and keep their address. */
  readonly clusterPodCidrs: readonly Cidr[];
  readonly certs: AgentCertificates;
}

/** Clients that session affinity remembers on a node, for each family. */
const affinityClientsMax = 262_144;
const dnsPort = 53;

/** One node: its agent, its proxy and its DNS server. */
export interface RunningNode extends AsyncDisposable {
  /** Resolves when the Node is Ready, its rules are written, and it answers DNS. */
  readonly ready: Promise<void>;
}

export function startNode(options: NodeOptions): RunningNode {
  const { name, ips, namespace, dns } = options;
  const stack = new AsyncDisposableStack();
  const agent = stack.use(
    runNodeAgent({
      ...options.agent,
      nodeName: name,
      nodeIps: ips,
      podCidrs: options.podCidrs,
      namespace,
      turns: options.turns,
      runtimeDir: options.runtimeDir,
      hiddenPaths: options.hiddenPaths,
      images: options.images,
      clusterDns: options.clusterDns,
      clusterDomain: options.clusterDomain,
      certs: options.certs,
    }),
  );
  const config: ProxyConfig = {
    nodeIps: ips,
    serviceCidrs: options.serviceCidrs,
    localDetection: { kind: "ranges", ranges: options.clusterPodCidrs },
    masqueradeAll: false,
    nodePortAddresses: "primary",
  };
  const dataPlane = stack.use(openFlatDataPlane(namespace, { config, affinityClientsMax }));
  const conntrack = stack.use(openConntrack(namespace));
  const log = options.proxy.log.with({ node: name });
  const proxy = runProxy({
    ...options.proxy,
    nodeName: name,
    config,
    dataPlane,
    conntrack,
    sockets: namespace.sockets,
    log,
    onSynced: ({ latenciesMs, durationMs, services, endpoints, changedServices }) =>
      log.debug("Applied ruleset", {
        services,
        endpoints,
        changedServices,
        durationMs,
        latencyMs: latenciesMs.at(-1),
      }),
  });
  stack.defer(() => proxy.done);
  const server = openDnsNode({
    sockets: namespace.sockets,
    addresses: ips.map((host) => ({ host, port: dnsPort })),
    zone: dns.zone,
    resolver: dns.resolver,
    serverId: name,
    random: dns.random,
    log: dns.log.with({ node: name }),
  });
  stack.defer(async () => (await server)[Symbol.asyncDispose]());
  return {
    ready: Promise.all([agent.ready, proxy.ready, server]).then(() => {}),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
