import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket } from "node:net";
import { connectUnread, hostSockets } from "../kernel/host-sockets.ts";
import type { SocketRequest } from "./messages.ts";

/** What goes over the channel beside a message. */
export type Handle = Server | Socket | UdpSocket;

/** Makes a socket of the host for the process inside; `sent` lets go of our side of it, once it has gone. */
export async function makeHostSocket(
  request: SocketRequest,
): Promise<{ readonly handle: Handle; readonly sent: () => void }> {
  const { kind, at, timeoutMs } = request;
  switch (kind) {
    case "listen-tcp": {
      const server = await hostSockets.listenTcp(at, (socket) => socket.resetAndDestroy());
      return { handle: server, sent: () => server.close() };
    }
    case "bind-udp": {
      const socket = await hostSockets.bindUdp(at);
      return { handle: socket, sent: () => socket.close() };
    }
    case "connect-tcp": {
      // Node closes our side of a connection itself once the other process has it.
      return { handle: await connectUnread(at, timeoutMs), sent: () => {} };
    }
  }
}
