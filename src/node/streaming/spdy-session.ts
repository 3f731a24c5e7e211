import type { IncomingMessage } from "node:http";
import { type Duplex, Writable } from "node:stream";
import type { TerminalSize } from "../../kernel/pty.ts";
import { parseTerminalSize, type RemoteSession, type SessionRequest } from "./remote-session.ts";
import {
  acceptUpgrade,
  offeredProtocols,
  SpdyConnection,
  type SpdyStream,
} from "./spdy-connection.ts";

/** What exec over SPDY calls its agreement on streams; v5 differs over WebSocket only. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** How long a client may take to open its streams, in milliseconds (the kubelet's). */
const STREAMS_WITHIN_MS = 30_000;

/** Streams that one connection may open: an exec needs five. */
const STREAMS_MAX = 16;

/** How long a client that was told the end may take to hang up, in milliseconds. */
const LEAVE_WITHIN_MS = 2_000;

/**
 * Takes an upgrade over as SPDY/3.1: what kubectl up to 1.29 speaks. The client opens a stream for each of error,
 * stdin, stdout, stderr and resize, named by the header `streamtype`. Undefined if it speaks no protocol of ours, or
 * does not open its streams.
 */
export async function acceptSpdy(
  request: IncomingMessage,
  upgrade: { readonly socket: Duplex; readonly head: Buffer },
  wanted: SessionRequest,
): Promise<RemoteSession | undefined> {
  const offered = offeredProtocols(request.headers["x-stream-protocol-version"]);
  const protocol = protocols.find((candidate) => offered.includes(candidate));
  if (protocol === undefined) return undefined;
  acceptUpgrade(upgrade.socket, protocol);
  const session = new SpdySession(upgrade);
  const needed = [
    "error",
    ...(wanted.stdin ? ["stdin"] : []),
    ...(wanted.stdout ? ["stdout"] : []),
    ...(wanted.stderr && !wanted.tty ? ["stderr"] : []),
    ...(wanted.tty ? ["resize"] : []),
  ];
  if (await session.opened(needed)) return session.streams(wanted);
  session.close();
  return undefined;
}

class SpdySession {
  readonly #connection: SpdyConnection;
  /** By the kind that their header names. */
  readonly #streams = new Map<string, SpdyStream>();
  readonly #changed = new Set<() => void>();

  constructor({ socket, head }: { readonly socket: Duplex; readonly head: Buffer }) {
    this.#connection = new SpdyConnection(socket, head, {
      streamsMax: STREAMS_MAX,
      onStream: (stream) => this.#add(stream),
    });
    this.#connection.closed.addEventListener("abort", () => this.#notify(), { once: true });
  }

  /** Resolves when all these streams are open, false if they do not come. */
  opened(kinds: readonly string[]): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), STREAMS_WITHIN_MS);
      const check = () => {
        if (kinds.every((kind) => this.#streams.has(kind))) done(true);
        else if (this.#connection.closed.aborted) done(false);
      };
      const done = (isComplete: boolean) => {
        clearTimeout(timer);
        this.#changed.delete(check);
        resolve(isComplete);
      };
      this.#changed.add(check);
      check();
    });
  }

  streams(wanted: SessionRequest): RemoteSession {
    const stdin = this.#streams.get("stdin")?.input;
    const stdout = this.#output("stdout");
    const stderr = this.#output("stderr");
    return {
      ...(wanted.stdin && stdin !== undefined ? { stdin } : {}),
      ...(stdout === undefined ? {} : { stdout }),
      ...(stderr === undefined ? {} : { stderr }),
      closed: this.#connection.closed,
      onResize: (listener) => this.#followSizes(listener),
      finish: async (status) => {
        const text = Buffer.from(JSON.stringify(status));
        for (const kind of ["stdout", "stderr"]) await this.#send(kind, Buffer.alloc(0), true);
        await this.#send("error", text, true);
        // The client closes when it has read all; closing first could cut its reading short.
        await this.#clientGone();
        this.close();
      },
    };
  }

  close(): void {
    this.#connection.close();
  }

  #add(stream: SpdyStream): void {
    const kind = stream.headers.get("streamtype") ?? "";
    // Nobody reads what comes on the outputs' streams.
    if (kind !== "stdin" && kind !== "resize") stream.input.resume();
    this.#streams.set(kind, stream);
    this.#notify();
  }

  #notify(): void {
    for (const check of [...this.#changed]) check();
  }

  #clientGone(): Promise<void> {
    const { closed } = this.#connection;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, LEAVE_WITHIN_MS);
      closed.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
      if (closed.aborted) resolve();
    });
  }

  #output(kind: string): Writable | undefined {
    if (!this.#streams.has(kind)) return undefined;
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        void this.#send(kind, chunk).then(() => done());
      },
    });
  }

  async #send(kind: string, data: Buffer, isLast = false): Promise<void> {
    const stream = this.#streams.get(kind);
    if (stream !== undefined) await this.#connection.send(stream, data, isLast);
  }

  /** Each size is a JSON object on the resize stream, one after the other, without anything between. */
  #followSizes(listener: (size: TerminalSize) => void): void {
    let text = "";
    this.#streams.get("resize")?.input.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const parts = text.split("}");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const size = parseTerminalSize(`${part}}`);
        if (size !== undefined) listener(size);
      }
    });
  }
}
