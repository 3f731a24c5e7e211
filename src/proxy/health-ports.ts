import { createServer, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import type { Clock } from "../lib/clock.ts";
import { describeError } from "../lib/errors.ts";
import { familyOf, type IpFamily } from "../lib/ip.ts";
import type { Logger } from "../lib/log.ts";
import type { Sockets } from "../lib/sockets.ts";
import type { ProxyHealth } from "./health.ts";
import type { ForwardingTable } from "./table/forwarding-table.ts";
import { isNodePortAddress, type ProxyConfig } from "./table/proxy-config.ts";

export interface HealthPortsOptions {
  readonly sockets: Sockets;
  readonly config: ProxyConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: () => ProxyHealth;
}

/** Where kube-proxy answers `/healthz` and `/livez`. */
const PROXY_HEALTH_PORT = 10_256;

/** A connection is closed after this, whatever became of it; a load balancer's question is one line. */
const REQUEST_MS_MAX = 10_000;

/** Connections to one port at a time; more are closed at once. Each is one question. */
const CONNECTIONS_MAX = 100;

/** A port that somebody else holds is tried again after this. */
const LISTEN_AGAIN_MS = 1000;

/** A Service whose load balancer asks each node whether it has endpoints. */
interface Check {
  readonly port: number;
  /** How many ready endpoints are on this node. */
  ready: ReadonlyMap<IpFamily, number>;
  readonly stop: AbortController;
}

/**
 * Answers load balancers: on the health check node port of each Service with externalTrafficPolicy Local whether this
 * node has ready endpoints of it, and on port 10256 whether the node can take connections at all.
 */
export class HealthPorts implements Disposable {
  readonly #options: HealthPortsOptions;
  /** By Service. */
  readonly #checks = new Map<string, Check>();
  readonly #changed = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: HealthPortsOptions) {
    this.#options = options;
    this.#listen(options.config.nodeIps, PROXY_HEALTH_PORT, this.#stop.signal, (path, response) =>
      this.#answerForNode(path, response),
    );
  }

  /** These Services are different when the next round succeeds. */
  note(services: Iterable<string>): void {
    for (const service of services) this.#changed.add(service);
  }

  /** The rules are in force: what they promise may be said. */
  publish(table: ForwardingTable): void {
    for (const service of this.#changed) this.#update(service, table);
    this.#changed.clear();
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    for (const { stop } of this.#checks.values()) stop.abort();
    this.#checks.clear();
  }

  #update(service: string, table: ForwardingTable): void {
    const routings = table.get(service) ?? [];
    const port = routings.find(({ healthCheck }) => healthCheck !== undefined)?.healthCheck?.port;
    const ready = new Map(
      [...Map.groupBy(routings, ({ family }) => family)].map(([family, ofFamily]) => {
        const addresses = ofFamily.flatMap(({ healthCheck }) => healthCheck?.readyHere ?? []);
        return [family, new Set(addresses).size] as const;
      }),
    );
    const known = this.#checks.get(service);
    if (known !== undefined && known.port === port) {
      known.ready = ready;
      return;
    }
    known?.stop.abort();
    this.#checks.delete(service);
    if (port === undefined) return;
    const check: Check = { port, ready, stop: new AbortController() };
    this.#checks.set(service, check);
    const { config } = this.#options;
    const hosts = config.nodeIps.filter((ip) => isNodePortAddress(config, ip));
    this.#listen(hosts, port, check.stop.signal, (_, response, host) => {
      this.#answerForService(service, check.ready.get(familyOf(host) ?? "IPv4") ?? 0, response);
    });
  }

  #answerForService(service: string, localEndpoints: number, response: ServerResponse): void {
    const [namespace, name] = service.split("/");
    const serviceProxyHealthy = this.#options.health().isHealthy;
    response.setHeader("X-Load-Balancing-Endpoint-Weight", String(localEndpoints));
    answer(response, localEndpoints > 0 && serviceProxyHealthy, {
      service: { namespace, name },
      localEndpoints,
      serviceProxyHealthy,
    });
  }

  #answerForNode(path: string, response: ServerResponse): void {
    const { isHealthy, isNodeEligible, lastUpdatedMs } = this.#options.health();
    const said = {
      lastUpdated: lastUpdatedMs === undefined ? "" : new Date(lastUpdatedMs).toISOString(),
      currentTime: new Date(this.#options.clock.now()).toISOString(),
    };
    if (path === "/livez") answer(response, isHealthy, said);
    else if (path === "/healthz") {
      answer(response, isHealthy && isNodeEligible, { ...said, nodeEligible: isNodeEligible });
    } else {
      response.statusCode = 404;
      response.end("404 page not found\n");
    }
  }

  /** On each of the hosts, until the signal aborts; on one where it can not, it tries again and again. */
  #listen(
    hosts: readonly string[],
    port: number,
    signal: AbortSignal,
    respond: (path: string, response: ServerResponse, host: string) => void,
  ): void {
    for (const host of hosts) void this.#listenAt(host, port, signal, respond);
  }

  async #listenAt(
    host: string,
    port: number,
    signal: AbortSignal,
    respond: (path: string, response: ServerResponse, host: string) => void,
  ): Promise<void> {
    const { sockets, clock, log } = this.#options;
    const http = createServer((request, response) => {
      response.setHeader("Connection", "close");
      // What is no URL, such as "//", is no path that anything has.
      respond(URL.parse(request.url ?? "/", "http://node")?.pathname ?? "", response, host);
    });
    const open = new Set<Socket>();
    const accept = (socket: Socket) => {
      open.add(socket);
      const closed = new AbortController();
      socket.on("error", () => socket.destroy());
      socket.once("close", () => {
        open.delete(socket);
        closed.abort();
      });
      // The limits of a server of Node's hold only where it listens itself.
      void clock.sleep(REQUEST_MS_MAX, closed.signal).then(() => socket.destroy());
      http.emit("connection", socket);
    };
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        const listener = await sockets.listenTcp({ host, port }, accept);
        listener.maxConnections = CONNECTIONS_MAX;
        closeWith(signal, listener, open);
        return;
      } catch (error) {
        const fields = { host, port, reason: describeError(error) };
        if (tries === 1) log.warn("Cannot answer health checks, will try again", fields);
        await clock.sleep(LISTEN_AGAIN_MS, signal);
      }
    }
  }
}

function closeWith(signal: AbortSignal, listener: Server, open: ReadonlySet<Socket>): void {
  const close = () => {
    listener.close();
    for (const socket of open) socket.destroy();
  };
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
}

function answer(response: ServerResponse, isWell: boolean, body: object): void {
  response.setHeader("Content-Type", "application/json");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.statusCode = isWell ? 200 : 503;
  response.end(JSON.stringify(body));
}
