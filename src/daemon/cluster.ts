import { writeFile } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { openApiServer } from "../apiserver/server.ts";
import type { Informers } from "../client/api.ts";
import { createApi } from "../client/create-api.ts";
import { createInformers } from "../client/informers.ts";
import { runControllers } from "../controllers/run.ts";
import { announceDns } from "../dns/announce.ts";
import { createForwarder, createZone } from "../dns/run.ts";
import type { Clock } from "../lib/clock.ts";
import { type Cidr, cidrAddress, formatIp, parseCidr } from "../lib/ip.ts";
import { createLogger, type Logger, type LogLevel } from "../lib/log.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import { Turns } from "../lib/turns.ts";
import type { ImageTable } from "../node/images/image-table.ts";
import { kubeconfig } from "../pki/kubeconfig.ts";
import { openSqliteStorage } from "../storage/sqlite/sqlite-storage.ts";
import type { Credentials } from "./credentials.ts";
import { hostSecrets } from "./host-secrets.ts";
import { inProcessTransport } from "./in-process-transport.ts";
import { type NodeSettings, startNode } from "./node.ts";
import { removeOldNodes } from "./old-nodes.ts";
import { hostNameServers } from "./resolvers.ts";

/** What a cluster in one process is made of. The network is there already: nodes, links, addresses and routes. */
export interface ClusterSettings {
  /** For what must survive: objects, certificates, the nodes' state. */
  readonly dataDir: string;
  /** For what shall be gone with the process. */
  readonly runtimeDir: string;
  /** Where the administrator's kubeconfig is written. */
  readonly kubeconfig: string;
  /** Listens already; its connections are people's. */
  readonly apiListener: Server;
  /** The listener's port on 127.0.0.1, for the kubeconfig. */
  readonly apiPort: number;
  /** Where pods and nodes reach the API; listened on with `sockets`. */
  readonly apiEndpoint: Endpoint;
  /** Sockets of the network that the nodes are connected to. */
  readonly sockets: Sockets;
  /** Sockets of the host's network, for the host's name servers. */
  readonly hostSockets: Sockets;
  readonly clusterNodes: readonly NodeSettings[];
  /** Asked for before this module is loaded: making them takes as long as that. */
  readonly credentials: Promise<Credentials>;
  readonly serviceCidrs: readonly string[];
  readonly podCidrs: readonly string[];
  readonly nodePortRange: { readonly from: number; readonly to: number };
  readonly clusterDomain: string;
  /** Images of pods beside the built-in ones; they win. */
  readonly images: ImageTable;
  readonly logLevel: LogLevel;
  readonly clock: Clock;
  /** Ends everything at once. */
  readonly signal: AbortSignal;
}

/** A cluster that has been started. */
export interface Cluster {
  /** Resolves when the API answers and every node is Ready, with rules and DNS in place. */
  readonly ready: Promise<void>;
  /**
   * Ends the API, then the storage, so that every answer that was given is true. Parts and pods are not waited for: the
   * caller ends this process, and the kernel all of its namespaces in one step (210 pods: half a second, not nine).
   */
  close(): Promise<void>;
}

/** The tenth address of a range is the cluster's DNS, as kubeadm has it. */
const dnsOffset = 10n;

/** Starts storage, API server, controllers and every node in this process. */
export function startCluster(settings: ClusterSettings): Cluster {
  const stack = new AsyncDisposableStack();
  const ready = start(settings, stack);
  return {
    ready,
    async close() {
      // What has not been opened yet holds nothing that was acknowledged.
      ready.catch(() => {});
      await stack.disposeAsync();
    },
  };
}

/** Opens what `stack` shall close; what was put on it last ends first. */
async function start(settings: ClusterSettings, stack: AsyncDisposableStack): Promise<void> {
  const { clock, dataDir, clusterNodes, signal } = settings;
  const log = (room: string) => loggerOf(room, settings);
  const serviceCidrs = settings.serviceCidrs.map(requireCidr);
  const podCidrs = settings.podCidrs.map(requireCidr);
  const random = Math.random;

  const [credentials, storage] = await Promise.all([
    settings.credentials,
    openSqliteStorage({ directory: join(dataDir, "storage"), log: log("storage"), clock }),
  ]);
  stack.use(storage);
  const server = await openApiServer({
    storage,
    serviceCidrs,
    nodePortRange: settings.nodePortRange,
    apiEndpoint: settings.apiEndpoint,
    tls: { ...credentials.apiServer, clientCa: credentials.ca },
    nodeClient: { ...credentials.apiServerNodeClient, ca: credentials.ca },
    sockets: settings.sockets,
    clock,
    random,
    log: log("apiserver"),
  });
  stack.use(server);
  await listen(settings, server.accept.bind(server), stack);
  await writeKubeconfig(settings, credentials);

  const part = (user: string, groups: readonly string[], room: string) => {
    const transport = inProcessTransport(server, { user, groups });
    const api = createApi(transport, { userAgent: `portolan-${room}`, clock });
    const informers = createInformers(transport, { signal, clock, random, log: log(room) });
    return { api, informers, clock, random, log: log(room), signal };
  };

  const manager = part("system:kube-controller-manager", [], "controllers");
  const agentOf = (name: string) => part(`system:node:${name}`, ["system:nodes"], "node");
  await removeOldNodes({
    reader: manager.api,
    apiOf: (name) => agentOf(name).api,
    current: clusterNodes.map(({ name }) => name),
  });
  void runControllers({
    ...manager,
    options: { serviceAccounts: { rootCa: credentials.ca } },
  });
  const proxy = part("system:kube-proxy", [], "proxy");
  const dns = part("portolan:dns", [], "dns");
  const zone = createZone({
    ...dns,
    clusterDomain: settings.clusterDomain,
    serviceCidrs,
    podCidrs,
    // The names that Kubernetes' documents give to pods, for pods that are there.
    podRecords: "verified",
  });
  const servers = hostNameServers();
  const resolver = createForwarder({
    ...dns,
    upstreams: { servers, sockets: settings.hostSockets },
  });
  // Without nodes nobody would answer: then the tenth address stays free.
  if (clusterNodes.length > 0) void announceDns({ ...dns, serviceCidrs });

  const turns = new Turns();
  await Promise.all(
    clusterNodes.map(async (node) => {
      const own = agentOf(node.name);
      const running = startNode({
        ...node,
        agent: { ...own, informers: ownOrShared(own.informers, proxy.informers) },
        proxy,
        dns: { ...dns, zone, resolver },
        turns,
        runtimeDir: join(settings.runtimeDir, "nodes", node.name),
        hiddenPaths: [dataDir, settings.kubeconfig, ...hostSecrets()],
        images: settings.images,
        clusterDns: serviceCidrs.flatMap(dnsAddress),
        clusterDomain: settings.clusterDomain,
        serviceCidrs,
        clusterPodCidrs: podCidrs,
        certs: nodeCertificates(credentials, node.name),
      });
      await running.ready;
    }),
  );
  log("daemon").info("Cluster is ready", { nodes: clusterNodes.length });
}

function nodeCertificates(credentials: Credentials, name: string) {
  const pair = credentials.nodes.get(name);
  if (pair === undefined) throw new TypeError(`no certificate was made for ${name}`);
  return { ...pair, clientCa: credentials.ca };
}

/** The API on the host's port and on the address that pods reach. */
async function listen(
  settings: ClusterSettings,
  accept: (socket: import("node:net").Socket) => void,
  stack: AsyncDisposableStack,
): Promise<void> {
  settings.apiListener.on("connection", accept);
  const inside = await settings.sockets.listenTcp(settings.apiEndpoint, accept);
  stack.defer(() => {
    settings.apiListener.close();
    inside.close();
  });
}

async function writeKubeconfig(settings: ClusterSettings, credentials: Credentials): Promise<void> {
  const text = kubeconfig({
    name: "portolan",
    server: `https://127.0.0.1:${settings.apiPort}`,
    ca: credentials.ca,
    client: credentials.admin,
  });
  await writeFile(settings.kubeconfig, text, { mode: 0o600 });
}

/** What concerns one node is followed as that node; what all need is followed once. */
function ownOrShared(own: Informers, shared: Informers): Informers {
  return {
    informer: (resource, scope) =>
      scope?.fieldSelector === undefined
        ? shared.informer(resource, scope)
        : own.informer(resource, scope),
    abandon: (resource) => {
      own.abandon(resource);
      shared.abandon(resource);
    },
  };
}

function dnsAddress(cidr: Cidr): string[] {
  const address = cidrAddress(cidr, dnsOffset);
  return address === undefined ? [] : [formatIp(address)];
}

function requireCidr(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new TypeError(`"${text}" is no range; the command line checks it`);
  return cidr;
}

function loggerOf(room: string, { logLevel, clock }: ClusterSettings): Logger {
  const write = (line: string) => process.stderr.write(line);
  return createLogger({ room, level: logLevel, now: clock.now, write });
}
