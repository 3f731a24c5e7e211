import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { kindOfResource } from "../api/kinds.ts";
import { nodes, pods } from "../api/resource.ts";
import type { KubeObject, Node, Pod } from "../api/types.ts";
import { describeError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Sockets } from "../lib/sockets.ts";
import type { Answer, Incoming, Sink } from "./exchange.ts";
import { badRequest, internalError, notFound } from "./refusals.ts";
import { objectOf } from "./store/item.ts";
import { keyOf, type ObjectStore } from "./store/object-store.ts";
import type { Place } from "./write/write-context.ts";

/** How the API server proves itself to node agents, and whom it trusts. PEM. */
export interface NodeClient {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface NodeTunnelOptions {
  readonly store: ObjectStore;
  readonly client: NodeClient;
  readonly sockets: Sockets;
  readonly log: Logger;
}

/** What a client can open a two-way stream for, by the name of the sub-resource. */
export type StreamVerb = keyof typeof streamWords;

/** What is done to a container, as refusals say it. */
const streamWords = {
  attach: "attach",
  exec: "exec into",
  portforward: "forward ports of",
} as const;

export function isStreamVerb(subresource: string | undefined): subresource is StreamVerb {
  return subresource !== undefined && Object.hasOwn(streamWords, subresource);
}

/** Where the agent of a node listens unless the node says otherwise. */
const AGENT_PORT = 10250;
const CONNECT_TIMEOUT_MS = 10_000;
/** So long may one end still take what the other has said before it hung up. */
const LINGER_MS = 10_000;
/** Longest error text of an agent that is passed on. */
const ERROR_BYTES_MAX = 8 * 1024;

const podKind = kindOfResource(pods);
const nodeKind = kindOfResource(nodes);

/** Passes requests for logs and streams on to the agent of the pod's node. */
export class NodeTunnel {
  readonly #o: NodeTunnelOptions;

  constructor(options: NodeTunnelOptions) {
    this.#o = options;
  }

  /** `pods/log`. */
  async logs(place: Place, request: Incoming): Promise<Answer> {
    const pod = this.#pod(place);
    const container = containerOf(pod, place.name, request.query.get("container") ?? "");
    const node = pod.spec?.nodeName ?? "";
    // A pod without a node has said nothing yet.
    if (node === "") return { status: 200, headers: { "content-type": "text/plain" }, body: [] };
    const query = new URLSearchParams([...request.query].filter(([name]) => logOptions.has(name)));
    const path = `/containerLogs/${place.namespace}/${place.name}/${container}?${query}`;
    const socket = await this.#connect(node, request.signal);
    const incoming = await getFrom(socket, path, request.signal);
    const status = incoming.statusCode ?? 500;
    if (status >= 400) throw badRequest(await textOf(incoming));
    return {
      status,
      headers: { "content-type": incoming.headers["content-type"] ?? "text/plain" },
      stream: (sink, signal) => pipeTo(incoming, sink, signal),
    };
  }

  /**
   * `exec`, `attach` and `portforward` of a pod: the agent gets the client's upgrade as it is and answers it, WebSocket
   * or SPDY; then bytes flow both ways until one end closes. `headers` are the client's, `first` what it has sent beyond them.
   */
  async stream(
    verb: StreamVerb,
    place: Place,
    upgrade: {
      readonly request: Pick<Incoming, "method" | "query" | "headers" | "signal">;
      readonly socket: Duplex;
      readonly first: Uint8Array;
    },
  ): Promise<void> {
    const { request, socket, first } = upgrade;
    const pod = this.#pod(place);
    const phase = pod.status?.phase;
    if (phase === "Succeeded" || phase === "Failed") {
      throw badRequest(
        `cannot ${streamWords[verb]} a container in a completed pod; current phase is ${phase}`,
      );
    }
    const target = agentPath(verb, place, pod, request.query);
    const node = pod.spec?.nodeName ?? "";
    if (node === "") throw badRequest(`pod ${place.name} does not have a host assigned`);
    const agent = await this.#connect(node, request.signal);
    const headers = Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name));
    const lines = [
      `${request.method} ${target} HTTP/1.1`,
      `host: ${node}`,
      ...headers.map(([name, value]) => `${name}: ${value}`),
    ];
    agent.write(`${lines.join("\r\n")}\r\n\r\n`);
    agent.write(first);
    join(socket, agent);
  }

  #pod({ key, name }: Place): Pod {
    const item = this.#o.store.get(podKind, key);
    if (item === undefined) throw notFound(podKind, name);
    return objectOf(item);
  }

  /** A connection to a node's agent, whose certificate must be for the node's address. Given up when the caller goes. */
  async #connect(nodeName: string, signal: AbortSignal): Promise<TLSSocket> {
    const item = this.#o.store.get(nodeKind, keyOf(undefined, nodeName));
    if (item === undefined) throw notFound(nodeKind, nodeName);
    const at = agentOf(objectOf(item));
    if (at === undefined) throw internalError(`node ${nodeName} has no internal address`);
    const { client, sockets } = this.#o;
    const failed = (error: unknown) => {
      const message = `error dialing backend: ${describeError(error)}`;
      if (!signal.aborted) {
        this.#o.log.warn("Cannot reach a node agent", { node: nodeName, error: message });
      }
      return internalError(message);
    };
    try {
      const raw = await sockets.connectTcp(at, { timeoutMs: CONNECT_TIMEOUT_MS });
      // SPDY sends many small frames; held back for each other's acknowledgement they cost 40 ms apiece.
      raw.setNoDelay(true);
      const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
      const secured: TLSSocket = tlsConnect(
        { socket: raw, host: at.host, ...client, ALPNProtocols: ["http/1.1"] },
        () => resolve(secured),
      );
      secured.once("error", reject);
      const timer = setTimeout(() => secured.destroy(new Error("timeout")), CONNECT_TIMEOUT_MS);
      const leave = () => secured.destroy(new Error("the client has gone"));
      signal.addEventListener("abort", leave, { once: true });
      if (signal.aborted) leave();
      return await promise.finally(() => {
        clearTimeout(timer);
        signal.removeEventListener("abort", leave);
      });
    } catch (error) {
      throw failed(error);
    }
  }
}

const logOptions = new Set([
  "follow",
  "limitBytes",
  "previous",
  "sinceSeconds",
  "sinceTime",
  "stream",
  "tailLines",
  "timestamps",
]);
const streamOptions = new Set(["command", "stderr", "stdin", "stdout", "tty"]);
/** Headers that are between the client and this server. */
const ownHeaders = new Set(["authorization", "host"]);

/** What the agent calls a stream: the ports of a pod are no container's. */
function agentPath(verb: StreamVerb, place: Place, pod: Pod, query: URLSearchParams): string {
  const path = `${place.namespace}/${place.name}`;
  if (verb === "portforward") return `/portForward/${path}`;
  const container = containerOf(pod, place.name, query.get("container") ?? "");
  const passed = new URLSearchParams([...query].filter(([name]) => streamOptions.has(name)));
  return `/${verb}/${path}/${container}?${passed}`;
}

function agentOf({ status }: KubeObject & Pick<Node, "status">) {
  const host = status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port ?? AGENT_PORT;
  return host === undefined ? undefined : { host, port };
}

/** The container that is meant; throws Kubernetes' 400 answers when that is not clear. */
function containerOf({ spec }: Pod, name: string, wanted: string): string {
  const namesOf = (list: readonly { readonly name: string }[] | undefined) =>
    (list ?? []).map((container) => container.name);
  const regular = namesOf(spec?.containers);
  const initial = namesOf(spec?.initContainers);
  if (wanted !== "") {
    if (regular.includes(wanted) || initial.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  const [only, ...others] = regular;
  if (only !== undefined && others.length === 0) return only;
  const init = initial.length > 0 ? ` or one of the init containers: [${initial.join(" ")}]` : "";
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${regular.join(" ")}]${init}`,
  );
}

function getFrom(socket: TLSSocket, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = httpsRequest(
    { createConnection: () => socket, path, host: "node", signal },
    resolve,
  );
  outgoing.once("error", (error) => reject(internalError(describeError(error))));
  outgoing.end();
  return promise;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  let text = "";
  incoming.setEncoding("utf8");
  for await (const chunk of incoming) {
    text += String(chunk);
    if (text.length > ERROR_BYTES_MAX) break;
  }
  return text.trim();
}

/** Follows the log until it ends, or the reader goes. */
function pipeTo(incoming: IncomingMessage, sink: Sink, signal: AbortSignal): void {
  signal.addEventListener("abort", () => incoming.destroy(), { once: true });
  incoming.on("error", () => sink.end());
  incoming.on("close", () => sink.end());
  incoming.on("data", (chunk: Uint8Array) => {
    if (sink.write(chunk)) return;
    incoming.pause();
    sink.onDrain(() => incoming.resume());
  });
}

/** Joins two connections. An error of one cuts the other; after an orderly end it still gets what is on the way. */
function join(a: Duplex, b: Duplex): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => (from.readableEnded ? closeSoon(to) : to.destroy()));
    from.pipe(to);
  }
}

function closeSoon(socket: Duplex): void {
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  socket.once("close", () => clearTimeout(timer));
}
