import { randomUUID } from "node:crypto";
import type { Server, Socket } from "node:net";
import { kindOfResource } from "../api/kinds.ts";
import { pods, services } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";
import type { Clock } from "../lib/clock.ts";
import type { Cidr } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import type { Storage } from "../storage/storage.ts";
import { storeFacts } from "./access/store-facts.ts";
import type { PortRange } from "./allocators/node-port-range.ts";
import { ServiceAllocators } from "./allocators/service-allocators.ts";
import { ensureBaseNamespaces } from "./base-namespaces.ts";
import { expireEvents } from "./event-expiry.ts";
import type { Incoming } from "./exchange.ts";
import { gaugesOf } from "./gauges.ts";
import { HttpListener, type ServerTls, type Upgrade } from "./http/listener.ts";
import { authenticated } from "./identity.ts";
import { InFlight } from "./in-flight.ts";
import { incomingOf, type LocalRequest, type LocalResponse, localResponse } from "./in-process.ts";
import { kubernetesObjects } from "./kubernetes-objects.ts";
import { maintainKubernetesService, reconcile } from "./kubernetes-service.ts";
import { RequestMetrics } from "./metrics.ts";
import { isStreamVerb, type NodeClient, NodeTunnel } from "./node-tunnel.ts";
import { authorized, process } from "./pipeline.ts";
import { badRequest, noSuchPath } from "./refusals.ts";
import { type RouteContext, route } from "./router.ts";
import { objectOf } from "./store/item.ts";
import { keyOf, ObjectStore } from "./store/object-store.ts";
import { WatchHub } from "./watch/watch-hub.ts";
import type { WriteContext } from "./write/write-context.ts";

export interface ApiServerOptions {
  /** Open; the caller closes it after the server. */
  readonly storage: Storage;
  /** One range, or one of each family; the first is the primary one. */
  readonly serviceCidrs: readonly Cidr[];
  readonly nodePortRange: PortRange;
  /** Where pods and nodes reach this server: the endpoint of the Service `kubernetes`. */
  readonly apiEndpoint: Endpoint;
  readonly tls: ServerTls;
  /** Towards the node agents. */
  readonly nodeClient: NodeClient;
  /** Sockets by which node agents are reached. */
  readonly sockets: Sockets;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
}

/** A caller in this process: what a client certificate would say of it. */
export interface Caller {
  readonly user: string;
  readonly groups: readonly string[];
}

/** The Kubernetes API over a storage. */
export interface ApiServer extends AsyncDisposable {
  /** Answers a caller in this process, who may do no more than one with a certificate. */
  handle(request: LocalRequest, caller: Caller, signal?: AbortSignal): Promise<LocalResponse>;
  /** Serves a connection: TLS, then HTTP/2 or HTTP/1.1. */
  accept(socket: Socket): void;
  /** Serves all connections of a listener, which stays the caller's to close. */
  serve(listener: Server): void;
}

/** Reads the stored objects and starts to serve. What every cluster has is there when it returns. */
export async function openApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { storage, clock, random, log } = options;
  const store = await ObjectStore.open(storage, clock);
  const allocators = allocatorsFor(options, store);
  const context: WriteContext = { store, clock, random, uuid: randomUUID, allocators };
  await ensureBaseNamespaces(context);
  const [serviceCidr] = options.serviceCidrs;
  if (serviceCidr === undefined) throw new TypeError("serviceCidrs has at least one range");
  const own = { context, serviceCidr, apiEndpoint: options.apiEndpoint };
  for (const object of kubernetesObjects(own)) await reconcile(context, object);
  const closing = new AbortController();
  const { signal } = closing;
  const hub = new WatchHub(store, () => clock.now(), log);
  const facts = storeFacts(store);
  const inFlight = new InFlight();
  const metrics = new RequestMetrics();
  const gauges = gaugesOf(store, inFlight);
  const routes: RouteContext = {
    write: context,
    watch: { store, hub, clock, random, log, closing: signal },
    facts,
    nodes: new NodeTunnel({ store, client: options.nodeClient, sockets: options.sockets, log }),
    healthChecks: [
      { name: "ping", check: () => undefined },
      { name: "storage", check: () => store.fault },
    ],
    serverAddress: addressOf(options.apiEndpoint),
    metrics: () => metrics.render(gauges),
  };
  const answer = (request: Incoming) =>
    process(
      { facts, inFlight, metrics, log, route: (allowed: Incoming) => route(routes, allowed) },
      request,
    );
  const listener = new HttpListener({
    tls: options.tls,
    log,
    answer,
    upgrade: (upgrade) => stream(routes, upgrade),
  });
  // Last: what is thrown above must leave nothing running.
  const loops = [
    maintainKubernetesService({ ...own, log, signal }),
    expireEvents(context, { log, signal }),
  ];

  return {
    async handle(request, { user, groups }, callerSignal = new AbortController().signal) {
      const incoming = incomingOf(request, authenticated(user, groups), callerSignal);
      return localResponse(await answer(incoming), callerSignal);
    },
    accept: (socket) => listener.accept(socket),
    serve: (server) => void server.on("connection", (socket) => listener.accept(socket)),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all(loops);
      // Watches have ended in order; what is still open is cut.
      await new Promise((resolve) => setImmediate(resolve));
      listener.close();
      hub.close();
      store.close();
    },
  };
}

function allocatorsFor(options: ApiServerOptions, store: ObjectStore): ServiceAllocators {
  const { serviceCidrs, nodePortRange: nodePorts, random, log } = options;
  const allocators = new ServiceAllocators({ serviceCidrs, nodePorts, random });
  const stored: KubeObject[] = store.cacheOf(kindOfResource(services)).list("").map(objectOf);
  for (const { namespace, name, value, problem } of allocators.restore(stored)) {
    log.warn("A Service has a value that it cannot hold", { namespace, name, value, problem });
  }
  return allocators;
}

/** The only upgrades there are: `exec`, `attach` and `portforward` of pods. */
async function stream(routes: RouteContext, upgrade: Upgrade): Promise<void> {
  const request = authorized(upgrade.request, routes.facts);
  const { target } = request;
  if (target.type !== "resource" || target.group !== "" || target.plural !== "pods") {
    throw badRequest("this resource takes no upgrade");
  }
  const { namespace, name, subresource } = target;
  if (!isStreamVerb(subresource) || namespace === undefined || name === undefined) {
    throw noSuchPath();
  }
  const place = { kind: kindOfResource(pods), namespace, name, key: keyOf(namespace, name) };
  await routes.nodes.stream(subresource, place, { ...upgrade, request });
}

function addressOf({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
