import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest, type RequestOptions } from "node:https";
import type { KeyPair } from "../../src/pki/authority.ts";
import type { Lab } from "./lab.ts";

/** What a test asks. Objects become JSON bodies. */
export interface Ask {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What came back; `json` is what the test looks into. */
export interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly bytes: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly json: any;
}

/** A watch that has begun. */
export interface Watching extends AsyncDisposable {
  /** The next event; fails when none comes in time or the stream is over. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  next(): Promise<any>;
  /** Resolves when the server ends the stream. */
  readonly ended: Promise<void>;
}

export interface HttpClient extends Disposable {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Got>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Got>;
  put(path: string, body: unknown): Promise<Got>;
  patch(path: string, body: unknown, type?: "json" | "merge" | "strategic"): Promise<Got>;
  delete(path: string, body?: unknown): Promise<Got>;
  ask(method: string, path: string, ask?: Ask): Promise<Got>;
  watch(path: string, headers?: Readonly<Record<string, string>>): Promise<Watching>;
}

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** How long a test waits for an event that must come. */
const EVENT_LIMIT_MS = 60_000;

/** HTTPS with a client certificate; without one when `credentials` is null. */
export function httpClient(
  lab: Pick<Lab, "port" | "admin"> & { readonly authority: { readonly cert: string } },
  credentials: KeyPair | null = lab.admin,
): HttpClient {
  const agent = new Agent({ keepAlive: true });
  const base: RequestOptions = {
    agent,
    host: "127.0.0.1",
    port: lab.port,
    ca: lab.authority.cert,
    ...(credentials ?? {}),
  };

  function open(method: string, path: string, { body, headers = {} }: Ask, signal?: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const bytes = body === undefined ? undefined : toBytes(body);
    const typed =
      bytes === undefined
        ? {}
        : { "content-type": "application/json", "content-length": bytes.byteLength };
    const options = { ...base, method, path, headers: { ...typed, ...headers } };
    const outgoing = httpsRequest(signal === undefined ? options : { ...options, signal }, resolve);
    outgoing.on("error", reject);
    outgoing.end(bytes);
    return promise;
  }

  async function ask(method: string, path: string, options: Ask = {}): Promise<Got> {
    const incoming = await open(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const isJson = /json/.test(incoming.headers["content-type"] ?? "");
    const isPlain = incoming.headers["content-encoding"] === undefined;
    const json = isJson && isPlain && bytes.length > 0 ? JSON.parse(bytes.toString()) : undefined;
    return { status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, json };
  }

  return {
    ask,
    get: (path, headers = {}) => ask("GET", path, { headers }),
    post: (path, body, headers = {}) => ask("POST", path, { body, headers }),
    put: (path, body) => ask("PUT", path, { body }),
    patch: (path, body, type = "merge") =>
      ask("PATCH", path, { body, headers: { "content-type": patchTypes[type] } }),
    delete: (path, body) => ask("DELETE", path, body === undefined ? {} : { body }),
    async watch(path, headers = {}) {
      const stop = new AbortController();
      const incoming = await open("GET", path, { headers }, stop.signal);
      return watching(incoming, stop);
    },
    [Symbol.dispose]: () => agent.destroy(),
  };
}

function toBytes(body: unknown): Buffer {
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function watching(incoming: IncomingMessage, stop: AbortController): Watching {
  const events: unknown[] = [];
  const over = Promise.withResolvers<void>();
  let wake = () => {};
  let rest = "";
  incoming.setEncoding("utf8");
  incoming.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    events.push(...lines.map((line) => JSON.parse(line) as unknown));
    wake();
  });
  incoming.on("error", () => {});
  incoming.on("close", () => {
    over.resolve();
    wake();
  });
  return {
    ended: over.promise,
    async next() {
      const deadline = Date.now() + EVENT_LIMIT_MS;
      while (events.length === 0) {
        if (incoming.destroyed) throw new Error("the watch is over");
        const left = deadline - Date.now();
        if (left <= 0) throw new Error("no event came");
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        const timer = setTimeout(resolve, left);
        await promise;
        clearTimeout(timer);
      }
      return events.shift();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await over.promise;
    },
  };
}
