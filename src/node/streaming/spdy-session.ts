import type { IncomingMessage } from "node:http";
import { type Duplex, PassThrough, Writable } from "node:stream";
import type { TerminalSize } from "../../kernel/pty.ts";
import { parseTerminalSize, type RemoteSession, type SessionRequest } from "./remote-session.ts";
import {
  controlFrame,
  dataFrame,
  FRAMES,
  SpdyFrameCutter,
  SpdyHeaderCodec,
} from "./spdy-frames.ts";

/** What exec over SPDY calls its agreement on streams; v5 differs over WebSocket only. */
const protocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

/** How long a client may take to open its streams, in milliseconds (the kubelet's). */
const STREAMS_WITHIN_MS = 30_000;

/** Streams that one connection may open: an exec needs five. */
const STREAMS_MAX = 16;

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
  const { socket, head } = upgrade;
  const offered = [request.headers["x-stream-protocol-version"] ?? []]
    .flat()
    .flatMap((value) => value.split(/,\s*/));
  const protocol = protocols.find((candidate) => offered.includes(candidate));
  if (protocol === undefined) return undefined;
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n" +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  const connection = new SpdyConnection(socket, head);
  const needed = [
    "error",
    ...(wanted.stdin ? ["stdin"] : []),
    ...(wanted.stdout ? ["stdout"] : []),
    ...(wanted.stderr && !wanted.tty ? ["stderr"] : []),
    ...(wanted.tty ? ["resize"] : []),
  ];
  const isComplete = await connection.opened(needed);
  if (!isComplete) {
    connection.close();
    return undefined;
  }
  return connection.session(wanted);
}

interface SpdyStream {
  readonly id: number;
  readonly kind: string;
  readonly input: PassThrough;
}

class SpdyConnection {
  readonly #socket: Duplex;
  readonly #cutter = new SpdyFrameCutter();
  readonly #codec = new SpdyHeaderCodec();
  readonly #streams = new Map<number, SpdyStream>();
  readonly #closed = new AbortController();
  readonly #changed = new Set<() => void>();
  /** Frames are handled one after the other: unpacking headers takes turns of the event loop. */
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Duplex, head: Buffer) {
    this.#socket = socket;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#gone());
    socket.on("end", () => this.close());
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    if (head.length > 0) this.#take(head);
    socket.resume();
  }

  /** Resolves when all these streams are open, false if they do not come. */
  opened(kinds: readonly string[]): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => done(false), STREAMS_WITHIN_MS);
      const check = () => {
        if (kinds.every((kind) => this.#find(kind) !== undefined)) done(true);
        else if (this.#closed.signal.aborted) done(false);
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

  session(wanted: SessionRequest): RemoteSession {
    const stdin = this.#find("stdin")?.input;
    const stdout = this.#output("stdout");
    const stderr = this.#output("stderr");
    return {
      ...(wanted.stdin && stdin !== undefined ? { stdin } : {}),
      ...(stdout === undefined ? {} : { stdout }),
      ...(stderr === undefined ? {} : { stderr }),
      closed: this.#closed.signal,
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
    this.#socket.end();
    this.#gone();
  }

  #gone(): void {
    if (this.#closed.signal.aborted) return;
    for (const { input } of this.#streams.values()) input.end();
    this.#closed.abort();
    this.#codec[Symbol.dispose]();
    this.#notify();
  }

  #clientGone(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 2_000);
      this.#closed.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.#closed.signal.aborted) resolve();
    });
  }

  #take(chunk: Buffer): void {
    this.#socket.pause();
    this.#last = this.#last
      .then(async () => {
        for (const frame of this.#cutter.push(chunk)) {
          if (frame.type === "data") await this.#data(frame);
          else await this.#control(frame);
        }
        this.#socket.resume();
      })
      .catch(() => {
        // Not SPDY, or beyond a limit.
        this.#socket.destroy();
      });
  }

  async #data(frame: { streamId: number; isLast: boolean; data: Buffer }): Promise<void> {
    const input = this.#streams.get(frame.streamId)?.input;
    if (input === undefined || input.writableEnded) return;
    if (frame.data.length > 0 && !input.write(frame.data)) {
      await new Promise<void>((resolve) => {
        input.once("drain", resolve);
        input.once("close", resolve);
        this.#closed.signal.addEventListener("abort", () => resolve());
      });
    }
    if (frame.isLast) input.end();
  }

  async #control(frame: { kind: number; flags: number; body: Buffer }): Promise<void> {
    const { kind, body, flags } = frame;
    switch (kind) {
      case FRAMES.synStream: {
        const id = body.readUInt32BE(0) & 0x7fffffff;
        const headers = await this.#codec.unpack(body.subarray(10));
        if (this.#streams.size >= STREAMS_MAX) throw new Error("too many SPDY streams");
        const stream = { id, kind: headers.get("streamtype") ?? "", input: new PassThrough() };
        // Nobody reads what comes on the outputs' streams.
        if (stream.kind !== "stdin" && stream.kind !== "resize") stream.input.resume();
        if ((flags & 1) !== 0) stream.input.end();
        this.#streams.set(id, stream);
        const reply = await this.#codec.pack(new Map());
        this.#socket.write(controlFrame(FRAMES.synReply, Buffer.concat([uint32(id), reply])));
        this.#notify();
        return;
      }
      case FRAMES.headers:
        // Unpacked for the sake of the compression state only.
        await this.#codec.unpack(body.subarray(4));
        return;
      case FRAMES.rstStream:
        this.#streams.get(body.readUInt32BE(0))?.input.end();
        return;
      case FRAMES.ping:
        this.#socket.write(controlFrame(FRAMES.ping, body));
        return;
      case FRAMES.goAway:
        this.close();
        return;
      default:
        // Settings and window updates: Kubernetes' SPDY knows no flow control but TCP's.
        return;
    }
  }

  #notify(): void {
    for (const check of [...this.#changed]) check();
  }

  #find(kind: string): SpdyStream | undefined {
    return [...this.#streams.values()].find((stream) => stream.kind === kind);
  }

  #output(kind: string): Writable | undefined {
    if (this.#find(kind) === undefined) return undefined;
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        void this.#send(kind, chunk).then(() => done());
      },
    });
  }

  /** Resolves when it is on its way, or the client gone. */
  #send(kind: string, data: Buffer, isLast = false): Promise<void> {
    const stream = this.#find(kind);
    if (stream === undefined || this.#closed.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.write(dataFrame(stream.id, data, isLast), () => resolve());
    });
  }

  /** Each size is a JSON object on the resize stream, one after the other, without anything between. */
  #followSizes(listener: (size: TerminalSize) => void): void {
    let text = "";
    this.#find("resize")?.input.on("data", (chunk: Buffer) => {
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

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
