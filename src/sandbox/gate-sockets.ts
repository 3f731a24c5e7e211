import { Socket as UdpSocket } from "node:dgram";
import { Server, Socket } from "node:net";
import { PortolanError } from "../lib/errors.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import type { Order, SocketRequest } from "./messages.ts";

/** Requests that may wait for the gate at one time; more than DNS forwarding ever needs. */
const PENDING_MAX = 1024;

/** How long the gate may take for a socket when the caller sets no limit, in milliseconds. */
const ANSWER_LIMIT_MS = 10_000;

interface Pending {
  readonly resolve: (handle: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Sockets of the host's network for the process inside, which can not make them itself: the gate hands them over. */
export class GateSockets implements Sockets {
  readonly #send: (request: SocketRequest) => void;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(send: (request: SocketRequest) => void) {
    this.#send = send;
  }

  /** Takes the gate's answers; the handle is what came with the message. */
  accept(order: Order, handle: unknown): void {
    if (order.type !== "socket" && order.type !== "socket-failed") return;
    const pending = this.#pending.get(order.id);
    this.#pending.delete(order.id);
    if (order.type === "socket-failed")
      pending?.reject(new PortolanError(order.code, order.message));
    else if (pending !== undefined) pending.resolve(handle);
    else closeHandle(handle);
  }

  async listenTcp(at: Endpoint, onConnection: (socket: Socket) => void): Promise<Server> {
    const server = await this.#ask({ kind: "listen-tcp", at });
    if (!(server instanceof Server)) throw wrongHandle();
    return server.on("connection", onConnection);
  }

  async connectTcp(to: Endpoint, options: { readonly timeoutMs?: number } = {}): Promise<Socket> {
    const socket = await this.#ask({ kind: "connect-tcp", at: to, ...options });
    if (!(socket instanceof Socket)) throw wrongHandle();
    return socket;
  }

  async bindUdp(at: Endpoint): Promise<UdpSocket> {
    const socket = await this.#ask({ kind: "bind-udp", at });
    if (!(socket instanceof UdpSocket)) throw wrongHandle();
    return socket;
  }

  #ask(request: Omit<SocketRequest, "type" | "id">): Promise<unknown> {
    if (this.#pending.size >= PENDING_MAX) {
      throw new PortolanError("EAGAIN", "Cannot get a host socket: too many requests are waiting");
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      // The gate keeps the caller's limit itself; this one is for a gate that does not answer.
      const limitMs = ANSWER_LIMIT_MS + (request.timeoutMs ?? 0);
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(
          new PortolanError("ETIMEDOUT", "Cannot get a host socket: the gate does not answer"),
        );
      }, limitMs);
      timer.unref();
      const settled =
        <T>(action: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          action(value);
        };
      this.#pending.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.#send({ type: "socket-request", id, ...request });
    });
  }
}

function closeHandle(handle: unknown): void {
  if (handle instanceof Socket) handle.destroy();
  else if (handle instanceof Server || handle instanceof UdpSocket) handle.close();
}

function wrongHandle(): PortolanError {
  return new PortolanError("EPROTO", "Cannot use the host socket: the gate sent another kind");
}
