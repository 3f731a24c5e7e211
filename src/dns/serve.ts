import type { RemoteInfo, Socket as UdpSocket } from "node:dgram";
import type { Server, Socket as TcpSocket } from "node:net";
import { describeError, errorCode } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import type { Endpoint, Sockets } from "../lib/sockets.ts";
import type { Responder } from "./answer.ts";
import type { DnsCounters } from "./counters.ts";
import { FrameReader } from "./wire/frames.ts";
import { writeFrame } from "./wire/message-writer.ts";

export interface ServeLimits {
  /** Open TCP connections, in all and from one address. */
  readonly connectionsMax: number;
  readonly connectionsPerClientMax: number;
  /** Answers that one connection may wait for; further queries are read when one is out. */
  readonly pipelinedMax: number;
  /** How long a connection may take for its first query, and be without one afterwards. */
  readonly firstQueryMs: number;
  readonly idleMs: number;
  /** Bytes that wait to be sent, per connection and per UDP socket. */
  readonly unsentBytesMax: number;
}

/** CoreDNS' times for TCP: 3 s for the first query, 10 s idle. */
export const defaultServeLimits: ServeLimits = {
  connectionsMax: 512,
  connectionsPerClientMax: 64,
  pipelinedMax: 32,
  firstQueryMs: 3000,
  idleMs: 10_000,
  unsentBytesMax: 1024 * 1024,
};

export interface ServeOptions {
  readonly sockets: Sockets;
  /** IP literals, one socket each, so that answers leave from the address that was asked. Port 0 picks a free one. */
  readonly addresses: readonly Endpoint[];
  readonly responder: Responder;
  readonly counters: DnsCounters;
  readonly limits?: ServeLimits;
  readonly log: Logger;
}

/** A running server; disposing of it closes its sockets and connections. */
export interface DnsServer extends AsyncDisposable {
  /** Where it listens, with the ports that were picked. */
  readonly addresses: readonly Endpoint[];
}

/** How often a free port is looked for that both UDP and TCP can have. */
const PORT_TRIES_MAX = 10;

const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Answers over UDP and TCP on all addresses. Fails, with nothing left open, if one of them cannot be had. */
export async function serveDns(options: ServeOptions): Promise<DnsServer> {
  const opened: Listener[] = [];
  const close = async () => {
    await Promise.all(opened.map((listener) => listener[Symbol.asyncDispose]()));
  };
  try {
    for (const address of options.addresses) opened.push(await openListener(options, address));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    addresses: opened.map(({ address }) => address),
    [Symbol.asyncDispose]: close,
  };
}

interface Listener extends AsyncDisposable {
  readonly address: Endpoint;
}

async function openListener(options: ServeOptions, wanted: Endpoint): Promise<Listener> {
  for (let tries = 1; ; tries++) {
    const udp = await options.sockets.bindUdp(wanted);
    const address = { host: wanted.host, port: udp.address().port };
    try {
      const connections = new Connections(options);
      const tcp = await options.sockets.listenTcp(address, (socket) => connections.accept(socket));
      tcp.on("error", (error) => logFault(options.log, error));
      answerUdp(udp, options);
      return {
        address,
        [Symbol.asyncDispose]: async () => {
          connections.closeAll();
          await Promise.all([closeUdp(udp), closeTcp(tcp)]);
        },
      };
    } catch (error) {
      await closeUdp(udp);
      const isTaken = wanted.port === 0 && errorCode(error) === "EADDRINUSE";
      if (!isTaken || tries === PORT_TRIES_MAX) throw error;
    }
  }
}

function answerUdp(socket: UdpSocket, { responder, counters, limits, log }: ServeOptions): void {
  const { unsentBytesMax } = limits ?? defaultServeLimits;
  // The kernel cuts it to net.core.rmem_max. Bursts at the start of many pods would overflow the usual 208 KiB.
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  let isOpen = true;
  socket.on("close", () => {
    isOpen = false;
  });
  socket.on("error", (error) => logFault(log, error));
  const send = (reply: Buffer, { port, address }: RemoteInfo) => {
    if (!isOpen) return;
    if (socket.getSendQueueSize() > unsentBytesMax) {
      counters.dropped++;
      return;
    }
    // A client that cannot be reached is not a fault of the server.
    socket.send(reply, port, address, (error) => {
      if (error) counters.dropped++;
    });
  };
  socket.on("message", (packet, client) => {
    // Who wants no answer may write port 0 as its own (RFC 768); sending there throws.
    if (client.port === 0) {
      counters.ignored++;
      return;
    }
    const outcome = responder.answer(packet, "udp");
    if (outcome instanceof Promise) {
      outcome.then((reply) => send(reply, client)).catch((error) => logFault(log, error));
    } else if (outcome !== undefined) {
      send(outcome, client);
    }
  });
}

/** The TCP connections of one listener. */
class Connections {
  readonly #options: ServeOptions;
  readonly #limits: ServeLimits;
  readonly #open = new Set<TcpSocket>();
  readonly #perClient = new Map<string, number>();

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultServeLimits;
  }

  accept(socket: TcpSocket): void {
    const { connectionsMax, connectionsPerClientMax } = this.#limits;
    const client = socket.remoteAddress ?? "";
    const ofClient = this.#perClient.get(client) ?? 0;
    // A reset by the client shows up as an error; there is nothing to do but to let go.
    socket.on("error", () => socket.destroy());
    if (this.#open.size >= connectionsMax || ofClient >= connectionsPerClientMax) {
      this.#options.counters.rejectedConnections++;
      socket.destroy();
      return;
    }
    this.#open.add(socket);
    this.#perClient.set(client, ofClient + 1);
    socket.on("close", () => {
      this.#open.delete(socket);
      const left = (this.#perClient.get(client) ?? 1) - 1;
      if (left > 0) this.#perClient.set(client, left);
      else this.#perClient.delete(client);
    });
    this.#answer(socket);
  }

  closeAll(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #answer(socket: TcpSocket): void {
    const { responder, log } = this.#options;
    const { pipelinedMax, firstQueryMs, idleMs, unsentBytesMax } = this.#limits;
    const frames = new FrameReader();
    const queries: Buffer[] = [];
    let pending = 0;
    let hasEnded = false;
    // A client may close its side behind its last query; the answers still go out.
    socket.allowHalfOpen = true;
    let timer = setTimeout(() => socket.destroy(), firstQueryMs);
    socket.on("close", () => clearTimeout(timer));

    const write = (reply: Buffer) => {
      if (!socket.destroyed && socket.writable) socket.write(writeFrame(reply));
    };
    /** Takes queries while there is room for their answers, and reads on only when all are taken. */
    const proceed = () => {
      while (pending < pipelinedMax && socket.writableLength <= unsentBytesMax) {
        const query = queries.shift();
        if (query === undefined) break;
        const outcome = responder.answer(query, "tcp");
        if (outcome instanceof Promise) {
          pending++;
          outcome
            .then(write)
            .catch((error) => logFault(log, error))
            .finally(() => {
              pending--;
              proceed();
            });
        } else if (outcome === undefined) {
          // Whoever sends what is no query will not send a better one.
          socket.destroy();
          return;
        } else {
          write(outcome);
        }
      }
      if (queries.length > 0) socket.pause();
      else if (!hasEnded) socket.resume();
      else if (pending === 0) socket.end();
    };
    socket.on("end", () => {
      hasEnded = true;
      proceed();
    });
    socket.on("drain", proceed);
    socket.on("data", (chunk: Buffer) => {
      const complete = frames.push(chunk);
      if (complete.length === 0) return;
      // Only whole queries count: a byte now and then does not keep a connection.
      clearTimeout(timer);
      timer = setTimeout(() => socket.destroy(), idleMs);
      queries.push(...complete);
      proceed();
    });
  }
}

function logFault(log: Logger, error: unknown): void {
  log.warn("A DNS socket failed", { reason: describeError(error) });
}

function closeUdp(socket: UdpSocket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

function closeTcp(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
