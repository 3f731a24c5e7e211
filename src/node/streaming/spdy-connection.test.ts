import assert from "node:assert/strict";
import { once } from "node:events";
import { type Duplex, duplexPair } from "node:stream";
import { test } from "node:test";
import { SpdyConnection, type SpdyStream } from "./spdy-connection.ts";
import { controlFrame, dataFrame, FRAMES, SpdyHeaderCodec } from "./spdy-frames.ts";

/** A client's end, by frames; the server's streams as they come. */
class Client implements Disposable {
  readonly socket: Duplex;
  readonly connection: SpdyConnection;
  readonly streams: SpdyStream[] = [];
  readonly #codec = new SpdyHeaderCodec();
  #arrived = () => {};
  #lastId = -1;

  constructor(streamsMax: number) {
    const [client, server] = duplexPair();
    this.socket = client;
    client.resume();
    this.connection = new SpdyConnection(server, Buffer.alloc(0), {
      streamsMax,
      onStream: (stream) => {
        this.streams.push(stream);
        this.#arrived();
      },
    });
  }

  async open(): Promise<void> {
    this.#lastId += 2;
    const block = await this.#codec.pack(new Map([["streamtype", "data"]]));
    const head = Buffer.alloc(10);
    head.writeUInt32BE(this.#lastId);
    this.socket.write(controlFrame(FRAMES.synStream, Buffer.concat([head, block])));
  }

  /** Opens a stream and waits until the server has it. */
  async stream(): Promise<SpdyStream> {
    const arrived = new Promise<void>((resolve) => (this.#arrived = resolve));
    await this.open();
    await arrived;
    const stream = this.streams.at(-1);
    assert(stream !== undefined);
    return stream;
  }

  send(id: number, data: Buffer, isLast = false): void {
    this.socket.write(dataFrame(id, data, isLast));
  }

  [Symbol.dispose](): void {
    this.connection.close();
    this.socket.destroy();
    this.#codec[Symbol.dispose]();
  }
}

test("streams that both sides have ended do not count", async () => {
  using client = new Client(2);
  for (let index = 0; index < 20; index++) {
    const stream = await client.stream();
    stream.input.resume();
    const ended = once(stream.input, "end");
    client.send(stream.id, Buffer.from("bye"), true);
    await client.connection.send(stream, Buffer.alloc(0), true);
    await ended;
  }
  assert.equal(client.streams.length, 20);
  assert.equal(client.connection.closed.aborted, false);
});

test("a client that has too many streams open is cut off", async () => {
  using client = new Client(2);
  await client.stream();
  await client.stream();
  const closed = once(client.connection.closed, "abort");
  await client.open();
  await closed;
  assert.equal(client.streams.length, 2);
});

test("a stream that is reset is over for both sides", async () => {
  using client = new Client(1);
  const stream = await client.stream();
  const ended = once(stream.input.resume(), "end");
  const body = Buffer.alloc(8);
  body.writeUInt32BE(stream.id);
  client.socket.write(controlFrame(FRAMES.rstStream, body));
  await ended;
  await client.connection.send(stream, Buffer.from("into the void"));
  await client.stream();
});

test("a reader that is slower than the client gets everything, and leaves no listener behind", async () => {
  using client = new Client(1);
  const { id, input } = await client.stream();
  for (let index = 0; index < 40; index++) client.send(id, Buffer.alloc(50_000, index));
  client.send(id, Buffer.alloc(0), true);
  let bytes = 0;
  for await (const chunk of input) bytes += chunk.length;
  assert.equal(bytes, 40 * 50_000);
  // The loop above leaves one itself.
  assert.ok(input.listenerCount("close") + input.listenerCount("drain") <= 1);
});
