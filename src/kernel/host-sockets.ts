import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { connect, createServer, isIP, type Server, type Socket } from "node:net";
import { PortolanError } from "../lib/errors.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import { formatEndpoint, requireIp } from "./ip-literal.ts";

/**
 * Sockets of the network namespace that this process started in. An IPv6 socket is for IPv6 alone, so that
 * `0.0.0.0` and `::` can be bound side by side.
 */
export const hostSockets: Sockets = { listenTcp, connectTcp, bindUdp };

function listenTcp(at: Endpoint, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    requireIp(at.host);
    const server = createServer(onConnection);
    server.once("error", reject);
    server.listen({ host: at.host, port: at.port, ipv6Only: true }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/** A connection of the host whose first bytes are left in the kernel, for another process to read. */
export function connectUnread(to: Endpoint, timeoutMs: number | undefined): Promise<Socket> {
  return connected(to, timeoutMs, (socket) => socket.pause());
}

function connectTcp(to: Endpoint, options: { readonly timeoutMs?: number } = {}): Promise<Socket> {
  return connected(to, options.timeoutMs, () => {});
}

function connected(
  to: Endpoint,
  timeoutMs: number | undefined,
  prepare: (socket: Socket) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    requireIp(to.host);
    const socket = connect({ host: to.host, port: to.port });
    prepare(socket);
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => socket.destroy(connectTimeout(to, timeoutMs)), timeoutMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.off("error", failed);
      resolve(socket);
    });
  });
}

function bindUdp(at: Endpoint): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const { family } = requireIp(at.host);
    const socket = createSocket(
      family === "IPv4"
        ? { type: "udp4", lookup: literalLookup }
        : { type: "udp6", ipv6Only: true, lookup: literalLookup },
    );
    socket.once("error", reject);
    socket.bind({ address: at.host, port: at.port }, () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

/**
 * Looks nothing up: an `Endpoint` has a literal. Node's own resolver would hand each of a socket's datagrams back in a
 * later turn.
 */
export function literalLookup(
  host: string,
  _options: unknown,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, isIP(host));
}

/** What a connection that takes too long fails with. */
export function connectTimeout(to: Endpoint, timeoutMs: number | undefined): PortolanError {
  return new PortolanError(
    "ETIMEDOUT",
    `Cannot connect to "${formatEndpoint(to)}": no answer within ${timeoutMs} ms`,
  );
}
