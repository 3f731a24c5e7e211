import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { Answer, Incoming } from "../exchange.ts";
import type { Identity } from "../identity.ts";
import { BODY_BYTES_MAX, splitUrl } from "../in-process.ts";
import { errorAnswer } from "../pipeline.ts";
import { bodyTooLarge, requestTimeout, unauthorized } from "../refusals.ts";
import { parseTarget } from "../request-target.ts";
import { identityOf } from "./client-certificate.ts";
import { respond } from "./respond.ts";

/** The server's certificate and key, and the authority of client certificates. PEM. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string;
}

/** A connection that leaves HTTP. Its handler owns the socket from now on. */
export interface Upgrade {
  readonly request: Incoming;
  readonly socket: Duplex;
  /** Bytes that came right behind the request. */
  readonly first: Uint8Array;
}

export interface HttpListenerOptions {
  readonly tls: ServerTls;
  readonly log: Logger;
  readonly answer: (request: Incoming) => Promise<Answer>;
  /** Throws what the client is to be told; must not throw once bytes have gone out. */
  readonly upgrade: (upgrade: Upgrade) => Promise<void>;
  /** How long connections may keep us waiting. */
  readonly patience?: Patience;
}

export interface Patience {
  /** A connection without a request is closed after this. */
  readonly idleMs: number;
  /** The head of an HTTP/1.1 request must be there after this. */
  readonly headMs: number;
  /** The body of a request must be there after this. */
  readonly bodyMs: number;
}

/** Watches of one client share a connection; Go's HTTP/2 client opens another one beyond this. */
const STREAMS_MAX = 1000;
/**
 * Go's clients use a connection again after up to 90 s; one that we have closed by then is a reset for them. A minute
 * for the head is Node's own default, one for the body Kubernetes' limit of a request.
 */
const defaultPatience: Patience = { idleMs: 120_000, headMs: 60_000, bodyMs: 60_000 };
/** Longest Audit-ID that is taken over from a client. */
const AUDIT_ID_MAX = 64;
/** A client that vanished without a word is noticed by TCP. */
const KEEP_ALIVE_MS = 30_000;

/** Made once: every request ends in it, and a new one each time would cost its stack. */
const clientGone = new Error("The client has gone");

/** HTTP/2 and HTTP/1.1 over TLS on connections that others accept. */
export class HttpListener {
  readonly #o: HttpListenerOptions;
  readonly #server: Http2SecureServer;
  readonly #sockets = new Set<Duplex>();
  readonly #bodyMs: number;
  #isClosed = false;

  constructor(options: HttpListenerOptions) {
    this.#o = options;
    const { cert, key, clientCa } = options.tls;
    const { idleMs, headMs, bodyMs } = options.patience ?? defaultPatience;
    this.#bodyMs = bodyMs;
    const http1Options = {
      keepAliveTimeout: idleMs,
      headersTimeout: headMs,
      connectionsCheckingInterval: headMs / 2,
    };
    this.#server = createSecureServer({
      cert,
      key,
      ca: clientCa,
      allowHTTP1: true,
      http1Options,
      // Who has no certificate may still ask for the health and the version.
      requestCert: true,
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: STREAMS_MAX },
    });
    this.#server.on("request", (request, response) => void this.#take(request, response));
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      void this.#upgrade(request, socket, head);
    });
    this.#server.on("tlsClientError", (error) => {
      options.log.debug("A TLS handshake failed", { error: describeError(error) });
    });
    this.#server.on("sessionError", () => {}); // The connection is closed already.
    this.#server.on("session", (session) => closeWhenIdle(session, idleMs));
    // Node looks for slow requests from the moment a server listens; this one is handed its connections instead.
    this.#server.emit("listening");
  }

  /** Takes over a connection. One that comes after the end is cut: nobody would serve it, and its listener waits for it. */
  accept(socket: Socket): void {
    if (this.#isClosed) return void socket.destroy();
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    // Without a listener an ECONNRESET would end the process.
    socket.on("error", () => socket.destroy());
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#server.emit("connection", socket);
  }

  /** Cuts all connections. */
  close(): void {
    this.#isClosed = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #take(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ): Promise<void> {
    const gone = new AbortController();
    const leave = () => gone.abort(clientGone);
    response.on("close", leave);
    response.on("error", leave);
    request.on("error", leave);
    const headers = headersOf(request);
    const extra = { "audit-id": headers["audit-id"]?.slice(0, AUDIT_ID_MAX) ?? randomUUID() };
    const { signal } = gone;
    let answer: Answer;
    try {
      const incoming = this.#incoming(request, { headers, signal });
      answer = await this.#o.answer(incoming);
    } catch (error) {
      answer = errorAnswer(error, this.#o.log, request.url ?? "");
    }
    if (signal.aborted) return;
    try {
      await respond(response, answer, { headers, extra, signal });
      if (answer.status === 413 || answer.status === 504) leaveRest(request);
    } catch (error) {
      this.#o.log.debug("Cannot send an answer", { error: describeError(error) });
      response.destroy();
    }
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, first: Buffer): Promise<void> {
    const gone = new AbortController();
    socket.on("error", () => socket.destroy());
    socket.on("close", () => gone.abort(clientGone));
    try {
      const headers = headersOf(request);
      await this.#o.upgrade({
        request: this.#incoming(request, { headers, signal: gone.signal }),
        socket,
        first,
      });
    } catch (error) {
      refuseUpgrade(socket, errorAnswer(error, this.#o.log, request.url ?? ""));
    }
  }

  #incoming(
    request: IncomingMessage | Http2ServerRequest,
    about: Pick<Incoming, "headers" | "signal">,
  ): Incoming {
    const identity = callerOf(request);
    if (identity === undefined) throw unauthorized();
    const { path, query } = splitUrl(request.url ?? "/");
    return {
      method: request.method ?? "GET",
      path,
      query,
      target: parseTarget(path),
      identity,
      ...about,
      readBody: () => readBody(request, this.#bodyMs),
    };
  }
}

/** A quiet watch keeps its connection; one that carries nothing is closed in order. */
function closeWhenIdle(session: ServerHttp2Session, idleMs: number): void {
  let streams = 0;
  session.on("stream", (stream) => {
    streams += 1;
    stream.once("close", () => {
      streams -= 1;
    });
  });
  session.setTimeout(idleMs, () => {
    if (streams === 0) session.close();
  });
}

/** The rest of a body that is too large or too late is not worth reading: HTTP/1.1 has no other way to stop it. */
function leaveRest(request: IncomingMessage | Http2ServerRequest): void {
  if (request.complete) return;
  if (request.httpVersionMajor === 1) setTimeout(() => request.socket.destroy(), 1_000).unref();
}

function refuseUpgrade(socket: Duplex, answer: Answer): void {
  const body = "body" in answer ? Buffer.concat(answer.body) : Buffer.alloc(0);
  const lines = [
    `HTTP/1.1 ${answer.status} Refused`,
    ...Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.byteLength}`,
    "connection: close",
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]));
}

function headersOf(
  request: IncomingMessage | Http2ServerRequest,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    headers[name] = typeof value === "string" ? value : value.join(",");
  }
  return headers;
}

function callerOf({ socket }: IncomingMessage | Http2ServerRequest): Identity | undefined {
  // Over HTTP/2 the socket is a proxy for the TLS socket.
  const secured = socket instanceof TLSSocket ? socket : undefined;
  return secured === undefined ? undefined : identityOf(secured);
}

async function readBody(
  request: IncomingMessage | Http2ServerRequest,
  limitMs: number,
): Promise<Uint8Array> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) {
    throw bodyTooLarge(BODY_BYTES_MAX);
  }
  if (request.destroyed) throw clientGone;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  request.on("data", (chunk: Uint8Array) => {
    bytes += chunk.byteLength;
    if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    else reject(bodyTooLarge(BODY_BYTES_MAX));
  });
  request.on("end", () => resolve(Buffer.concat(chunks)));
  request.on("error", reject);
  request.on("close", () => reject(clientGone));
  // It holds one of the places for requests in flight meanwhile.
  const timer = setTimeout(() => reject(requestTimeout()), limitMs);
  return promise.finally(() => clearTimeout(timer));
}
