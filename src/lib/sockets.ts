import type { Socket as UdpSocket } from "node:dgram";
import type { Server, Socket } from "node:net";

/** An address and port; `host` is an IP literal, never a name. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/**
 * Who listens or sends gets its sockets through this, so that the same code serves the host's own
 * network and a network namespace. A socket belongs to the namespace where it was made, for ever.
 */
export interface Sockets {
  /**
   * A TCP listener that is already bound and accepting; `attach` it to a server.
   * Fails with EADDRINUSE or EACCES as Node does. Port 0 picks a free one.
   */
  listenTcp(at: Endpoint, onConnection: (socket: Socket) => void): Promise<Server>;
  /** A TCP connection; fails with ECONNREFUSED, ETIMEDOUT … as Node does. */
  connectTcp(to: Endpoint, options?: { readonly timeoutMs?: number }): Promise<Socket>;
  /** A bound UDP socket. Port 0 picks a free one. */
  bindUdp(at: Endpoint): Promise<UdpSocket>;
}
