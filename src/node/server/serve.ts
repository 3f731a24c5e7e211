import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { ContainerSlot } from "../agent/container-slot.ts";
import { AGENT_PORT } from "../agent/node-object.ts";
import type { PodManager } from "../agent/pod-manager.ts";
import { type LogTarget, serveLogs } from "./container-logs.ts";
import { runExec } from "./exec.ts";
import { type LogQuery, parseLogQuery } from "./log-query.ts";
import { runPortForward } from "./port-forward.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";
import { requestUrl } from "./request-url.ts";

/** PEM texts. Clients must show a certificate that `clientCa` has signed. */
export interface AgentCertificates {
  readonly clientCa: string;
  readonly cert: string;
  readonly key: string;
}

/** Where the server listens, and whose containers it serves. */
export interface ServeAgentOptions {
  readonly namespace: NetworkNamespace;
  readonly nodeIps: readonly string[];
  readonly certs: AgentCertificates;
  readonly manager: PodManager;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** `/VERB/NAMESPACE/POD/CONTAINER`; `portForward` names no container. */
interface Target {
  readonly verb: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/**
 * The agent's server on every address of the node, port 10250: `/containerLogs`, `/exec`, `/attach`, `/portForward`, `/healthz`.
 * Resolves once it listens; closes when the signal aborts. Only the API server has a certificate for it.
 */
export async function serveAgent(options: ServeAgentOptions): Promise<void> {
  const { namespace, nodeIps, certs, signal, log } = options;
  const { clientCa: ca, cert, key } = certs;
  const server = createServer(
    { ca, cert, key, requestCert: true, rejectUnauthorized: true },
    (request, response) => answer(request, response, options),
  );
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    const target = targetOf(request);
    const verb = target?.verb;
    if (target !== undefined && verb === "portForward") {
      runPortForward(request, { socket, head }, { ...target, manager: options.manager });
      return;
    }
    if (target === undefined || (verb !== "exec" && verb !== "attach")) {
      refuseUpgrade(socket, 404, "404 page not found");
      return;
    }
    void runExec(request, { socket, head }, { ...target, verb, manager: options.manager }).catch(
      (error: unknown) => {
        log.warn("Could not serve an exec", { pod: target.pod, error: describeError(error) });
        socket.destroy();
      },
    );
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  // Node's server closes no connection that it was handed.
  const open = new Set<Socket>();
  const listeners = await Promise.all(
    nodeIps.map((host) =>
      namespace.sockets.listenTcp({ host, port: AGENT_PORT }, (socket) => {
        open.add(socket);
        socket.on("error", () => socket.destroy()).on("close", () => open.delete(socket));
        // Opening a stream is a small message each way: held back for others it would cost 40 ms.
        socket.setNoDelay(true);
        server.emit("connection", socket);
      }),
    ),
  );
  const close = () => {
    for (const listener of listeners) listener.close();
    for (const socket of open) socket.destroy();
  };
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ServeAgentOptions,
): void {
  const url = requestUrl(request);
  if (url.pathname === "/healthz") {
    response.end("ok");
    return;
  }
  const wanted = logsOf(request, url.searchParams, options);
  if ("status" in wanted) {
    response.writeHead(wanted.status, { "content-type": "text/plain; charset=utf-8" });
    response.end(wanted.message);
    return;
  }
  serveLogs(wanted.target, wanted.query, { request, response });
}

type WantedLogs =
  | { readonly status: number; readonly message: string }
  | { readonly target: LogTarget; readonly query: LogQuery };

function logsOf(
  request: IncomingMessage,
  search: URLSearchParams,
  { manager, clock }: ServeAgentOptions,
): WantedLogs {
  const target = targetOf(request);
  if (target?.verb !== "containerLogs" || request.method !== "GET") {
    return { status: 404, message: "404 page not found" };
  }
  const worker = manager.find(target.namespace, target.pod);
  const slot = worker?.container(target.container);
  if (worker === undefined || slot === undefined) {
    const what = worker === undefined ? `pod "${target.pod}"` : `container "${target.container}"`;
    return { status: 404, message: `${what} does not exist on this node` };
  }
  const query = parseLogQuery(search, clock.now());
  if (typeof query === "string") return { status: 400, message: query };
  const path = worker.logPath(slot, query.previous ? "previous" : "current");
  if (path === undefined) return { status: 400, message: whyNoLog(slot, target.pod, query) };
  return { target: { path, log: slot.log }, query };
}

/** The kubelet's words. */
function whyNoLog(slot: ContainerSlot, pod: string, { previous }: LogQuery): string {
  const where = `container "${slot.name}" in pod "${pod}"`;
  if (previous) return `previous terminated ${where} not found`;
  const reason = slot.waiting?.reason ?? "ContainerCreating";
  const words: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: "trying and failing to pull image",
  };
  return `${where} is waiting to start: ${words[reason] ?? reason}`;
}

function targetOf(request: IncomingMessage): Target | undefined {
  const { pathname } = requestUrl(request);
  const [, verb, namespace, pod, container = "", ...rest] = pathname.split("/").map(decodePart);
  if (!verb || !namespace || !pod || rest.length > 0) return undefined;
  if ((container === "") !== (verb === "portForward")) return undefined;
  return { verb, namespace, pod, container };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}
