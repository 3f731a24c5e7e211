import type { Answer, Incoming, Sink } from "./exchange.ts";
import type { Identity } from "./identity.ts";
import { bodyTooLarge } from "./refusals.ts";
import { parseTarget } from "./request-target.ts";

/** Largest request body, as in Kubernetes. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** A request from this process; the same shape as the client room's `ApiRequest`. */
export interface LocalRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** Its answer; the same shape as the client room's `ApiResponse`. */
export interface LocalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Makes a request of this process look like any other. */
export function incomingOf(
  request: LocalRequest,
  identity: Identity,
  signal: AbortSignal,
): Incoming {
  const { path, query } = splitUrl(request.path);
  const body = request.body ?? new Uint8Array();
  return {
    method: request.method,
    path,
    query,
    target: parseTarget(path),
    headers: request.headers,
    identity,
    signal,
    readBody: async () => {
      if (body.byteLength > BODY_BYTES_MAX) throw bodyTooLarge(BODY_BYTES_MAX);
      return body;
    },
  };
}

export function splitUrl(url: string): { readonly path: string; readonly query: URLSearchParams } {
  const at = url.indexOf("?");
  return at < 0
    ? { path: url, query: new URLSearchParams() }
    : { path: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
}

/** Turns an answer into one whose body is iterated over. */
export function localResponse(answer: Answer, signal: AbortSignal): LocalResponse {
  const { status, headers } = answer;
  if ("body" in answer) {
    const chunks = answer.body;
    return {
      status,
      headers,
      body: (async function* () {
        yield* chunks;
      })(),
    };
  }
  return { status, headers, body: streamed(answer.stream, signal) };
}

/** So many bytes wait for a reader in this process before the stream is held back. */
const WAITING_BYTES_MAX = 1024 * 1024;

async function* streamed(
  start: (sink: Sink, signal: AbortSignal) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const waiting: Uint8Array[] = [];
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  let bytes = 0;
  let isOver = false;
  let wake = () => {};
  let drained = () => {};
  start(
    {
      write(chunk) {
        waiting.push(chunk);
        bytes += chunk.byteLength;
        wake();
        return bytes < WAITING_BYTES_MAX;
      },
      onDrain(callback) {
        drained = callback;
      },
      end() {
        isOver = true;
        wake();
      },
    },
    ended,
  );
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      if (signal.aborted) return;
      const chunk = waiting.shift();
      if (chunk !== undefined) {
        bytes -= chunk.byteLength;
        if (bytes < WAITING_BYTES_MAX / 2) {
          const callback = drained;
          drained = () => {};
          callback();
        }
        yield chunk;
        continue;
      }
      if (isOver) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      await promise;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    stop.abort();
  }
}
