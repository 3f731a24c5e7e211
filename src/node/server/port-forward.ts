import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { describeError } from "../../lib/errors.ts";
import type { Sockets } from "../../lib/sockets.ts";
import type { PodManager } from "../agent/pod-manager.ts";
import {
  acceptUpgrade,
  offeredProtocols,
  SpdyConnection,
  type SpdyStream,
} from "../streaming/spdy-connection.ts";
import { refuseUpgrade } from "./refuse-upgrade.ts";

const PROTOCOL = "portforward.k8s.io";
/** Connections of one client at one time; each has two streams. */
const CONNECTIONS_MAX = 256;
const STREAMS_MAX = 2 * CONNECTIONS_MAX;
const CONNECT_TIMEOUT_MS = 10_000;
/** Where a pod's programs listen at least: those that bind one family only are found by the other's refusal. */
const loopbacks = ["127.0.0.1", "::1"];

/** The pod that is meant. */
export interface ForwardTarget {
  readonly manager: PodManager;
  readonly namespace: string;
  readonly pod: string;
}

/**
 * Serves `kubectl port-forward`: for each connection that it takes, the client opens a stream for data and one for
 * an error, which name a port of the pod and belong together by their `requestid`.
 */
export function runPortForward(
  request: IncomingMessage,
  upgrade: { readonly socket: Duplex; readonly head: Buffer },
  target: ForwardTarget,
): void {
  const { socket, head } = upgrade;
  const worker = target.manager.find(target.namespace, target.pod);
  const life = worker?.container()?.life;
  if (life === undefined) {
    const why = worker === undefined ? "does not exist" : "is not running";
    refuseUpgrade(socket, worker === undefined ? 404 : 500, `pod ${why}`);
    return;
  }
  // Newer clients ask for a WebSocket first, and for SPDY when they do not get it.
  const isSpdy = /^spdy\/3\.1$/i.test(request.headers.upgrade ?? "");
  const offered = offeredProtocols(request.headers["x-stream-protocol-version"]);
  if (!isSpdy || !offered.includes(PROTOCOL)) {
    refuseUpgrade(socket, 400, `only ${PROTOCOL} over SPDY/3.1 is served`);
    return;
  }
  acceptUpgrade(socket, PROTOCOL);
  /** Streams whose other half has not come yet, by request. */
  const waiting = new Map<string, SpdyStream>();
  const connection: SpdyConnection = new SpdyConnection(socket, head, {
    streamsMax: STREAMS_MAX,
    onStream: (stream) => {
      const id = stream.headers.get("requestid") ?? "";
      const other = waiting.get(id);
      if (other === undefined) {
        // More than may be open at a time: the client has reset the oldest.
        const [oldest] = waiting.keys();
        if (oldest !== undefined && waiting.size >= STREAMS_MAX) waiting.delete(oldest);
        waiting.set(id, stream);
        return;
      }
      waiting.delete(id);
      const [data, error] = isData(stream) ? [stream, other] : [other, stream];
      void forward({ connection, data, error }, life.sockets);
    },
  });
}

function isData({ headers }: SpdyStream): boolean {
  return headers.get("streamtype") === "data";
}

/** One connection at the client. */
export interface Forwarded {
  readonly connection: SpdyConnection;
  readonly data: SpdyStream;
  readonly error: SpdyStream;
}

/** Serves one of them; resolves when the connection in the pod is closed, or could not be made. */
export async function forward(
  { connection, data, error }: Forwarded,
  sockets: Sockets,
): Promise<void> {
  const port = Number(data.headers.get("port"));
  error.input.resume();
  let failure = "";
  try {
    const socket = await connect(sockets, port);
    await join(socket, connection, data);
  } catch (reason) {
    failure = `error forwarding port ${data.headers.get("port")}: ${describeError(reason)}`;
    data.input.resume();
  }
  await connection.send(data, Buffer.alloc(0), true);
  await connection.send(error, Buffer.from(failure), true);
}

async function connect(sockets: Sockets, port: number): Promise<Socket> {
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error("it is no port number");
  const [first = "", second = ""] = loopbacks;
  try {
    return await sockets.connectTcp({ host: first, port }, { timeoutMs: CONNECT_TIMEOUT_MS });
  } catch (reason) {
    const other = { host: second, port };
    return await sockets.connectTcp(other, { timeoutMs: CONNECT_TIMEOUT_MS }).catch(() => {
      throw reason;
    });
  }
}

/** Passes bytes both ways, each half on its own; resolves when the connection in the pod is closed. */
function join(socket: Socket, connection: SpdyConnection, data: SpdyStream): Promise<void> {
  const leave = () => socket.destroy();
  connection.closed.addEventListener("abort", leave, { once: true });
  data.input.on("error", leave).pipe(socket);
  // The client may have gone while the connection was made.
  if (connection.closed.aborted) leave();
  return new Promise((resolve) => {
    socket.on("error", leave);
    socket.on("data", (chunk: Buffer) => {
      socket.pause();
      void connection.send(data, chunk).then(() => socket.resume());
    });
    socket.on("end", () => void connection.send(data, Buffer.alloc(0), true));
    socket.on("close", () => {
      connection.closed.removeEventListener("abort", leave);
      data.input.unpipe(socket).resume();
      resolve();
    });
  });
}
