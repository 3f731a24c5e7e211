import type { Endpoint, Sockets } from "../../lib/sockets.ts";

/**
 * The servers that know other names, and who makes the sockets to reach them: in the sandbox that is the gate, since
 * the host's resolvers cannot be reached from inside. Each query takes a fresh UDP socket, so its port is new.
 */
export interface Upstreams {
  /** In the order they are tried; read anew for each question, so it may change. Empty refuses every question. */
  readonly servers: readonly Endpoint[];
  readonly sockets: Pick<Sockets, "bindUdp" | "connectTcp">;
}
