import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { closeSync } from "node:fs";
import { createServer, type Server, Socket } from "node:net";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import {
  AF_INET6,
  bind,
  connect,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  listen,
  onWritable,
  SO_REUSEADDR,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  SystemCallError,
  setSocketOption,
  socket,
  takeSocketError,
} from "./ffi.ts";
import { connectTimeout, literalLookup } from "./host-sockets.ts";
import { formatEndpoint } from "./ip-literal.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { socketAddress } from "./socket-address.ts";

/** As Node's own; the kernel cuts it to `net.core.somaxconn`. */
const LISTEN_BACKLOG = 511;

/**
 * Sockets that belong to the namespace that `run` enters. Each is made by system calls while the thread is
 * inside, and only then given to Node: `server.listen(port, host)` looks the host up asynchronously, so its
 * socket would be made after the thread has left. An IPv6 socket is for IPv6 alone.
 */
export function namespaceSockets(run: NetworkNamespace["run"]): Sockets {
  return {
    listenTcp: async (at, onConnection) =>
      adoptListener(
        run(() => listening(at)),
        onConnection,
      ),
    connectTcp: (to, options = {}) => connected(run, to, options.timeoutMs),
    bindUdp: async (at) => {
      const { fd, family } = run(() => bound(at, SOCK_DGRAM));
      return adoptUdp(fd, family);
    },
  };
}

function adoptListener(fd: number, onConnection: (socket: Socket) => void): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer(onConnection);
    server.once("error", reject);
    server.listen({ fd }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

function adoptUdp(fd: number, family: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const udp = createSocket({
      type: family === AF_INET6 ? "udp6" : "udp4",
      lookup: literalLookup,
    });
    udp.once("error", reject);
    udp.bind({ fd }, () => {
      udp.off("error", reject);
      resolve(udp);
    });
  });
}

function listening(at: Endpoint): number {
  const { fd } = bound(at, SOCK_STREAM);
  return closedOnFailure(fd, () => listen(fd, LISTEN_BACKLOG, formatEndpoint(at)));
}

function bound(at: Endpoint, kind: number): { fd: number; family: number } {
  const { bytes, family } = socketAddress(at);
  const fd = socket(family, kind | SOCK_NONBLOCK);
  closedOnFailure(fd, () => {
    if (kind === SOCK_STREAM) setSocketOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (family === AF_INET6) setSocketOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    bind(fd, bytes, formatEndpoint(at));
  });
  return { fd, family };
}

function closedOnFailure(fd: number, action: () => void): number {
  try {
    action();
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

async function connected(
  run: NetworkNamespace["run"],
  to: Endpoint,
  timeoutMs: number | undefined,
): Promise<Socket> {
  const { bytes, family } = socketAddress(to);
  const fd = run(() => socket(family, SOCK_STREAM | SOCK_NONBLOCK));
  try {
    if (!connect(fd, bytes, formatEndpoint(to))) await established(fd, to, timeoutMs);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return new Socket({ fd, readable: true, writable: true });
}

function established(fd: number, to: Endpoint, timeoutMs: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stopWaiting = onWritable(fd, () => {
      clearTimeout(timer);
      const errno = takeSocketError(fd);
      if (errno === 0) return resolve();
      reject(new SystemCallError({ syscall: "connect", errno, on: formatEndpoint(to) }));
    });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            stopWaiting();
            reject(connectTimeout(to, timeoutMs));
          }, timeoutMs);
  });
}
