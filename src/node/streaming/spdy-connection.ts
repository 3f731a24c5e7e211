import { type Duplex, PassThrough } from "node:stream";
import {
  controlFrame,
  dataFrame,
  FRAMES,
  SpdyFrameCutter,
  SpdyHeaderCodec,
} from "./spdy-frames.ts";

/** One stream that a client has opened. */
export interface SpdyStream {
  readonly id: number;
  readonly headers: ReadonlyMap<string, string>;
  /** What the client sends; whoever does not want it must `resume()` it. */
  readonly input: PassThrough;
}

export interface SpdyOptions {
  /** Streams that may be open at one time; a client that opens more is cut off. */
  readonly streamsMax: number;
  readonly onStream: (stream: SpdyStream) => void;
}

/**
 * The server's end of a SPDY/3.1 connection, as Kubernetes' clients use it: they open streams and name their purpose
 * in headers; both sides send data and end their half. There is no flow control but TCP's.
 */
export class SpdyConnection {
  readonly #socket: Duplex;
  readonly #options: SpdyOptions;
  readonly #cutter = new SpdyFrameCutter();
  readonly #codec = new SpdyHeaderCodec();
  readonly #streams = new Map<number, SpdyStream>();
  /** Streams whose half of ours has ended. */
  readonly #answered = new Set<number>();
  readonly #closed = new AbortController();
  /** Frames are handled one after the other: unpacking headers takes turns of the event loop. */
  #last: Promise<void> = Promise.resolve();

  constructor(socket: Duplex, head: Buffer, options: SpdyOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#gone());
    socket.on("end", () => this.close());
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    if (head.length > 0) this.#take(head);
    socket.resume();
  }

  /** Aborts when the client has gone. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Resolves when it is on its way, or the client gone. `isLast` ends our half of the stream. */
  send({ id }: SpdyStream, data: Buffer, isLast = false): Promise<void> {
    if (this.closed.aborted || !this.#streams.has(id)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#socket.write(dataFrame(id, data, isLast), () => resolve());
      if (!isLast) return;
      this.#answered.add(id);
      this.#forgetIfOver(id);
    });
  }

  close(): void {
    this.#socket.end();
    this.#gone();
  }

  #gone(): void {
    if (this.closed.aborted) return;
    for (const { input } of this.#streams.values()) input.end();
    this.#closed.abort();
    this.#codec[Symbol.dispose]();
  }

  #forgetIfOver(id: number): void {
    if (!this.#answered.has(id) || this.#streams.get(id)?.input.writableEnded !== true) return;
    this.#streams.delete(id);
    this.#answered.delete(id);
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
    const { streamId } = frame;
    const input = this.#streams.get(streamId)?.input;
    if (input === undefined || input.writableEnded) return;
    if (frame.data.length > 0 && !input.write(frame.data)) await this.#drained(input);
    if (frame.isLast) this.#end(streamId);
  }

  /** Resolves when the reader has caught up, or will never do so. */
  async #drained(input: PassThrough): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const goOn = () => resolve();
    input.on("drain", goOn).on("close", goOn);
    this.closed.addEventListener("abort", goOn);
    await promise;
    input.off("drain", goOn).off("close", goOn);
    this.closed.removeEventListener("abort", goOn);
  }

  #end(streamId: number): void {
    this.#streams.get(streamId)?.input.end();
    this.#forgetIfOver(streamId);
  }

  async #control(frame: { kind: number; flags: number; body: Buffer }): Promise<void> {
    const { kind, body, flags } = frame;
    switch (kind) {
      case FRAMES.synStream:
        await this.#open(body, (flags & 1) !== 0);
        return;
      case FRAMES.headers:
        // Unpacked for the sake of the compression state only.
        await this.#codec.unpack(body.subarray(4));
        return;
      case FRAMES.rstStream: {
        const id = body.readUInt32BE(0);
        this.#answered.add(id);
        this.#end(id);
        return;
      }
      case FRAMES.ping:
        this.#socket.write(controlFrame(FRAMES.ping, body));
        return;
      case FRAMES.goAway:
        this.close();
        return;
      default:
        // Settings and window updates.
        return;
    }
  }

  async #open(body: Buffer, isEnded: boolean): Promise<void> {
    const id = body.readUInt32BE(0) & 0x7fffffff;
    const headers = await this.#codec.unpack(body.subarray(10));
    if (this.#streams.size >= this.#options.streamsMax) throw new Error("too many SPDY streams");
    const stream = { id, headers, input: new PassThrough() };
    if (isEnded) stream.input.end();
    this.#streams.set(id, stream);
    const reply = await this.#codec.pack(new Map());
    // The client may have gone meanwhile: nobody would tell the stream that comes after.
    if (this.closed.aborted) return;
    this.#socket.write(controlFrame(FRAMES.synReply, Buffer.concat([uint32(id), reply])));
    this.#options.onStream(stream);
  }
}

/** Answers an upgrade to SPDY. */
export function acceptUpgrade(socket: Duplex, protocol: string): void {
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n" +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
}

/** What a client offers in the header `X-Stream-Protocol-Version`. */
export function offeredProtocols(header: string | readonly string[] | undefined): string[] {
  return [header ?? []].flat().flatMap((value) => value.split(/,\s*/));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
