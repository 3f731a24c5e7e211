import type { Socket as UdpSocket } from "node:dgram";
import type { Socket as TcpSocket } from "node:net";
import { PortolanError } from "../../lib/errors.ts";
import type { Endpoint } from "../../lib/sockets.ts";
import { headerFlags, rcodes } from "../wire/constants.ts";
import { FrameReader } from "../wire/frames.ts";
import { isTruncated, type Message, parseMessage } from "../wire/message.ts";
import { writeFrame, writeQuery } from "../wire/message-writer.ts";
import { nameKey } from "../wire/name.ts";
import type { Question } from "./resolver.ts";
import type { Upstreams } from "./upstreams.ts";

export type ExchangeErrorCode = "DNS_BAD_REPLY" | "DNS_CLOSED" | "DNS_ABORTED";

/** Why a server gave no usable answer; faults of the socket keep their own codes. */
export class ExchangeError extends PortolanError<ExchangeErrorCode> {}

export interface ExchangeOptions {
  readonly sockets: Upstreams["sockets"];
  readonly server: Endpoint;
  readonly question: Question;
  /** Unpredictable, 0 to 65535: with the port it is what keeps forged answers out (RFC 5452). */
  readonly nextId: () => number;
  /** Whether the query has an OPT record; it has unless told. */
  readonly hasEdns?: boolean;
  readonly connectTimeoutMs: number;
  /** Gives up; every socket is closed then. */
  readonly signal: AbortSignal;
}

/** Asks one server, once more in the old way if it does not know EDNS (RFC 6891 section 6.2.2), as routers may not. */
export async function exchange(options: ExchangeOptions): Promise<Message> {
  const message = await exchangeOnce(options);
  return isLost(message) ? await exchangeOnce({ ...options, hasEdns: false }) : message;
}

/**
 * Asks over UDP, and over TCP when the answer is cut or is not an answer to the question. If TCP fails too, a cut
 * answer is better than none.
 */
async function exchangeOnce(options: ExchangeOptions): Promise<Message> {
  const overUdp = await exchangeUdp(options);
  if (overUdp !== undefined && !isTruncated(overUdp)) return overUdp;
  try {
    return await exchangeTcp(options);
  } catch (error) {
    if (overUdp === undefined || options.signal.aborted) throw error;
    return overUdp;
  }
}

/** The answer over UDP; undefined if one came with the right id but cannot be used. */
export async function exchangeUdp(options: ExchangeOptions): Promise<Message | undefined> {
  const { sockets, server, signal } = options;
  const { id, packet } = packetOf(options);
  const host = server.host.includes(":") ? "::" : "0.0.0.0";
  const socket = await sockets.bindUdp({ host, port: 0 });
  try {
    return await untilDone(signal, (done, fail) => {
      socket.on("error", fail);
      socket.on("message", (reply: Buffer) => {
        // Other ids are late or forged; the right one may still come.
        if (reply.length < 2 || reply.readUInt16BE(0) !== id) return;
        const message = parseMessage(reply);
        done(message !== undefined && isAnswerTo(message, options.question) ? message : undefined);
      });
      send(socket, server, packet, fail);
    });
  } finally {
    socket.removeAllListeners();
    // What still arrives while it closes is nobody's business.
    socket.on("error", () => {});
    socket.close();
  }
}

/** A connected socket takes packets from the server alone, and hears at once when nobody listens there. */
function send(
  socket: UdpSocket,
  { host, port }: Endpoint,
  packet: Buffer,
  fail: (error: Error) => void,
): void {
  socket.connect(port, host, (error?: Error) => {
    if (error) fail(error);
    else socket.send(packet, (problem) => problem && fail(problem));
  });
}

async function exchangeTcp(options: ExchangeOptions): Promise<Message> {
  const { sockets, server, signal, connectTimeoutMs } = options;
  const { id, packet } = packetOf(options);
  const connecting = sockets.connectTcp(server, { timeoutMs: connectTimeoutMs });
  let socket: TcpSocket | undefined;
  try {
    socket = await untilDone<TcpSocket>(signal, (done, fail) => {
      connecting.then(done, fail);
    });
    const connected = socket;
    return await untilDone<Message>(signal, (done, fail) => {
      const frames = new FrameReader();
      connected.on("error", fail);
      connected.on("close", () => fail(closed(server)));
      connected.on("data", (chunk: Buffer) => {
        for (const reply of frames.push(chunk)) {
          if (reply.length < 2 || reply.readUInt16BE(0) !== id) continue;
          const message = parseMessage(reply);
          if (message !== undefined && isAnswerTo(message, options.question)) done(message);
          else fail(badReply(server));
        }
      });
      connected.write(writeFrame(packet));
    });
  } finally {
    socket?.destroy();
    // Given up while it was still connecting.
    if (socket === undefined) connecting.then((late) => late.destroy()).catch(() => {});
  }
}

function packetOf(options: ExchangeOptions): { id: number; packet: Buffer } {
  const { question, nextId, hasEdns = true } = options;
  const id = nextId();
  return { id, packet: writeQuery({ ...question, id, hasEdns }) };
}

/** Whether the server could not make anything of the query. */
function isLost({ rcode }: Message): boolean {
  return rcode === rcodes.FORMERR || rcode === rcodes.NOTIMP;
}

function isAnswerTo(message: Message, asked: Question): boolean {
  if ((message.flags & headerFlags.response) === 0 || message.opcode !== 0) return false;
  const { question } = message;
  // Who could not read the question cannot repeat it.
  if (question === undefined) return isLost(message);
  return (
    question.type === asked.type && question.class === 1 && nameKey(question.name) === asked.key
  );
}

/** A promise that the signal ends. */
function untilDone<T>(
  signal: AbortSignal,
  start: (done: (value: T) => void, fail: (error: unknown) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () =>
      reject(new ExchangeError("DNS_ABORTED", "Cannot wait longer for an answer"));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    const settled = () => signal.removeEventListener("abort", abort);
    start(
      (value) => {
        settled();
        resolve(value);
      },
      (error) => {
        settled();
        reject(error);
      },
    );
  });
}

function closed({ host, port }: Endpoint): ExchangeError {
  return new ExchangeError(
    "DNS_CLOSED",
    `Cannot ask "${host}" port ${port}: it closed the connection before it answered`,
  );
}

function badReply({ host, port }: Endpoint): ExchangeError {
  return new ExchangeError(
    "DNS_BAD_REPLY",
    `Cannot use the reply of "${host}" port ${port}: it is no answer to the question`,
  );
}
