import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { acceptsGzip } from "../discovery-handlers.ts";
import type { Answer, Sink } from "../exchange.ts";

/** Larger answers are compressed for who asks; below it costs more than it saves (Kubernetes' number). */
const GZIP_BYTES_MIN = 128 * 1024;
/** Chunks of a large answer are joined up to this size, so that a list of 50,000 is no 100,000 writes. */
const JOINED_BYTES = 256 * 1024;

/** What HTTP/1.1 and HTTP/2 answers have in common. */
export interface Response {
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers: Record<string, string>): unknown;
  /** HTTP/2 sends them at once. */
  flushHeaders?(): void;
  write(chunk: Uint8Array): boolean;
  end(): unknown;
  once(event: "drain" | "close", listener: () => void): unknown;
  off(event: "drain" | "close", listener: () => void): unknown;
}

/** Sends an answer. `signal` aborts when the client has gone. */
export async function respond(
  response: Response,
  answer: Answer,
  options: {
    readonly headers: Readonly<Record<string, string>>;
    readonly extra: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { signal, extra } = options;
  if ("stream" in answer) {
    response.writeHead(answer.status, { ...answer.headers, ...extra });
    response.flushHeaders?.(); // The first change may be long in coming; the client waits for these.
    answer.stream(sinkOf(response), signal);
    return;
  }
  const { status, headers, body } = await compressedFor(options.headers, answer);
  const length = body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const withLength: Record<string, string> =
    status === 304 ? {} : { "content-length": String(length) };
  response.writeHead(status, { ...headers, ...extra, ...withLength });
  for (const chunk of joined(body)) {
    if (signal.aborted) return;
    if (!response.write(chunk)) await drained(response, signal);
  }
  response.end();
}

type Whole = Extract<Answer, { readonly body: readonly Uint8Array[] }>;
const gzipped = promisify(gzip);

async function compressedFor(
  headers: Readonly<Record<string, string>>,
  answer: Whole,
): Promise<Whole> {
  const bytes = answer.body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  const isCoded = answer.headers["content-encoding"] !== undefined;
  if (bytes <= GZIP_BYTES_MIN || isCoded || !acceptsGzip({ headers })) return answer;
  const level = constants.Z_BEST_SPEED;
  const body = [await gzipped(Buffer.concat(answer.body), { level })];
  return {
    status: answer.status,
    headers: { ...answer.headers, "content-encoding": "gzip", vary: "Accept-Encoding" },
    body,
  };
}

function* joined(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    waiting.push(chunk);
    bytes += chunk.byteLength;
    if (bytes < JOINED_BYTES) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** Resolves when there is room again, or nobody reads any more. */
function drained(response: Response, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    response.off("drain", done);
    signal.removeEventListener("abort", done);
    resolve();
  };
  response.once("drain", done);
  signal.addEventListener("abort", done, { once: true });
  if (signal.aborted) done();
  return promise;
}

function sinkOf(response: Response): Sink {
  const isOver = () => response.writableEnded || response.destroyed;
  return {
    write: (chunk) => isOver() || response.write(chunk),
    onDrain: (callback) => response.once("drain", callback),
    end: () => {
      if (!isOver()) response.end();
    },
  };
}
