import { randomInt } from "node:crypto";
import { endpointSlices, namespaces, pods, type Resource, services } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";
import type { Change, Informers } from "../client/api.ts";
import type { Clock } from "../lib/clock.ts";
import type { Cidr } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import { Responder } from "./answer.ts";
import { createCounters, type DnsCounters } from "./counters.ts";
import { defaultCacheOptions } from "./forward/cache.ts";
import { Forwarder, WAITING_MAX } from "./forward/forwarder.ts";
import type { Resolver } from "./forward/resolver.ts";
import type { Upstreams } from "./forward/upstreams.ts";
import { type DnsServer, serveDns } from "./serve.ts";
import { parseAddress, reverseZonesOf } from "./zone/addresses.ts";
import { createZoneSource } from "./zone/source.ts";
import { type PodRecords, Zone } from "./zone/zone.ts";

export interface ClusterZoneOptions {
  readonly informers: Informers;
  /** Such as `cluster.local`. */
  readonly clusterDomain: string;
  /** The ranges whose reverse names are answered here and nowhere else. */
  readonly serviceCidrs: readonly Cidr[];
  readonly podCidrs: readonly Cidr[];
  /** How long records live, 0 to 3600; 5 unless told (kubeadm sets 30). */
  readonly ttlSeconds?: number;
  /** Whether pods have names; "disabled" unless told. */
  readonly podRecords?: PodRecords;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Ends the following of objects. */
  readonly signal: AbortSignal;
}

export interface ForwarderSettings {
  readonly upstreams: Upstreams;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

export interface DnsNodeOptions {
  /** Of the network that the server is in. */
  readonly sockets: Sockets;
  /** IP literals with port 53, usually the node's own. */
  readonly addresses: readonly Endpoint[];
  readonly zone: Zone;
  /** Who knows other names; absent refuses them. */
  readonly resolver?: Resolver;
  /** The identity told to those who ask (NSID), such as the node's name. */
  readonly serverId?: string;
  readonly random: () => number;
  readonly log: Logger;
}

/** A node's DNS server. */
export interface DnsNode extends DnsServer {
  readonly counters: DnsCounters;
}

export interface RunDnsOptions
  extends ClusterZoneOptions,
    Omit<DnsNodeOptions, "zone" | "resolver"> {
  /** Who knows other names; absent refuses them. */
  readonly upstreams?: Upstreams;
}

/** The largest UDP answer, for clients that take so much: what an IPv4 datagram can carry. */
const UDP_BYTES_MAX = 65_507;

/**
 * The zones of a cluster, kept up to date by its objects; all nodes of one process share them. What is not known
 * before the first lists are complete is SERVFAIL, never NXDOMAIN.
 */
export function createZone(options: ClusterZoneOptions): Zone {
  const { informers, signal, clock, random, podRecords = "disabled" } = options;
  const zone = new Zone({
    clusterDomain: options.clusterDomain,
    reverseZones: [...options.serviceCidrs, ...options.podCidrs].flatMap(reverseZonesOf),
    ttlSeconds: options.ttlSeconds ?? 5,
    podRecords,
    hideEmpty: false,
    zonalNames: false,
    now: () => clock.now(),
    random,
  });
  const source = createZoneSource(zone.objects, {
    endpointNames: "address",
    endpoints: true,
    namespaces: [],
  });
  const stops: (() => void)[] = [];
  const synced: Promise<void>[] = [];
  const follow = <T extends KubeObject>(
    resource: Resource<T>,
    onChange: (change: Change<T>) => void,
  ) => {
    const informer = informers.informer(resource);
    stops.push(informer.subscribe(onChange));
    synced.push(informer.whenSynced(signal));
  };
  follow(namespaces, source.onNamespace);
  follow(services, source.onService);
  follow(endpointSlices, source.onSlice);
  if (podRecords === "verified") follow(pods, source.onPod);

  signal.addEventListener("abort", () => stops.forEach((stop) => void stop()), { once: true });
  Promise.all(synced).then(
    () => zone.markSynced(),
    // Rejects when the signal comes first: the zone stays as it is, unsynced.
    () => {},
  );
  return zone;
}

/** Who asks the upstreams; all nodes of one process share it, and with it its cache. */
export function createForwarder(settings: ForwarderSettings): Forwarder {
  return new Forwarder({
    ...settings,
    cache: defaultCacheOptions,
    waitingMax: WAITING_MAX,
    nextId: () => randomInt(65_536),
  });
}

/** Answers on one node's addresses until it is disposed of. */
export async function openDnsNode(options: DnsNodeOptions): Promise<DnsNode> {
  const { sockets, addresses, zone, resolver, serverId, random, log } = options;
  const counters = createCounters();
  const responder = new Responder({
    zone,
    ...(resolver === undefined ? {} : { resolver }),
    ...(serverId === undefined ? {} : { nsid: Buffer.from(serverId) }),
    fallthrough: [],
    minimalAny: false,
    udpBytesMax: UDP_BYTES_MAX,
    random,
    counters,
  });
  const server = await serveDns({ sockets, addresses, responder, counters, log });
  const own = server.addresses.flatMap(({ host }) => parseAddress(host) ?? []);
  for (const address of own) zone.addServerAddress(address);
  return {
    counters,
    addresses: server.addresses,
    [Symbol.asyncDispose]: async () => {
      for (const address of own) zone.removeServerAddress(address);
      await server[Symbol.asyncDispose]();
    },
  };
}

/** One node's DNS with a zone and a forwarder of its own, until the signal aborts. */
export async function runDns(options: RunDnsOptions): Promise<void> {
  const { upstreams, signal, log } = options;
  const zone = createZone(options);
  const resolver = upstreams === undefined ? undefined : createForwarder({ ...options, upstreams });
  await using node = await openDnsNode({
    ...options,
    zone,
    ...(resolver === undefined ? {} : { resolver }),
  });
  log.info("Serving DNS", {
    addresses: node.addresses.map(({ host, port }) => `${host}#${port}`).join(" "),
  });
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
