import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { errorCode } from "../lib/errors.ts";
import type { Sockets } from "../lib/sockets.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

export interface HttpsTransportOptions {
  /** Such as `https://127.0.0.1:6443`. A path in it is put before each request's path. */
  readonly server: string;
  /** PEM of the authorities that may have signed the server's certificate; the system's when absent. */
  readonly ca?: string;
  /** PEM of the client certificate and its key. */
  readonly cert?: string;
  readonly key?: string;
  /** Bearer token, asked for on each request, since mounted tokens are renewed in place. */
  readonly token?: () => string;
  /** Name to expect in the certificate instead of the URL's host. */
  readonly serverName?: string;
  /** Accepts any certificate; for tests and broken set-ups only. */
  readonly insecureSkipVerify?: boolean;
  /** Where connections are made; the host's own network when absent. The URL's host must then be an IP literal. */
  readonly sockets?: Sockets;
}

/** Watches hold a connection each, so this bounds kinds followed plus calls in flight. */
const CONNECTIONS_MAX = 128;
/** Idle connections kept; shorter-lived than the servers' own idle limit (Go's is 90 s). */
const IDLE_CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 10_000;
/** First keep-alive probe of a silent connection; Node then probes each second and gives up after ten. */
const KEEP_ALIVE_MS = 15_000;

/**
 * HTTPS to any Kubernetes API server. A connection whose other end vanished without a word dies by TCP keep-alive
 * within half a minute, watches included.
 */
export function httpsTransport(options: HttpsTransportOptions): Transport {
  const base = new URL(options.server);
  const agent = createAgent(options, base);

  function send(request: ApiRequest, signal: AbortSignal | undefined): Promise<ApiResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<ApiResponse>();
    const token = options.token?.();
    const outgoing = httpsRequest(
      {
        agent,
        host: hostOf(base),
        port: base.port === "" ? 443 : Number(base.port),
        method: request.method,
        path: base.pathname.replace(/\/$/, "") + request.path,
        headers: {
          ...request.headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(request.body === undefined ? {} : { "content-length": request.body.byteLength }),
        },
        ...(signal === undefined ? {} : { signal }),
      },
      (incoming) => resolve(responseFrom(incoming)),
    );
    outgoing.on("error", (error) => {
      // The server closed an idle connection in the very moment we took it again; reads may be sent once more.
      const isStale = outgoing.reusedSocket && errorCode(error) === "ECONNRESET";
      if (isStale && request.method === "GET") send(request, signal).then(resolve, reject);
      else reject(error);
    });
    outgoing.end(request.body);
    return promise;
  }

  return {
    request: send,
    async [Symbol.asyncDispose]() {
      agent.destroy();
    },
  };
}

function createAgent(options: HttpsTransportOptions, base: URL): Agent {
  const { ca, cert, key, sockets, serverName, insecureSkipVerify = false } = options;
  const host = hostOf(base);
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    // An IP literal is no server name (RFC 6066 section 3).
    ...(serverName === undefined ? {} : { servername: serverName }),
    rejectUnauthorized: !insecureSkipVerify,
    ALPNProtocols: ["http/1.1"],
  };
  const agent = new Agent({
    ...tls,
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxSockets: CONNECTIONS_MAX,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
  });
  if (sockets === undefined) return agent;

  // Node hands connections made elsewhere to the agent through this hook; the callback form is part of its contract.
  agent.createConnection = (_, callback) => {
    const at = { host, port: base.port === "" ? 443 : Number(base.port) };
    sockets.connectTcp(at, { timeoutMs: CONNECT_TIMEOUT_MS }).then(
      (raw) => {
        raw.setNoDelay(true);
        raw.setKeepAlive(true, KEEP_ALIVE_MS);
        callback?.(null, tlsConnect({ ...tls, host, socket: raw }));
      },
      (error: Error) => callback?.(error, new Duplex()),
    );
    return undefined;
  };
  return agent;
}

function responseFrom(incoming: IncomingMessage): ApiResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { status: incoming.statusCode ?? 0, headers, body: incoming };
}

/** The URL's host without the brackets of an IPv6 literal. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "");
}
