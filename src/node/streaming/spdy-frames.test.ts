import assert from "node:assert/strict";
import { test } from "node:test";
import { spdyDictionary } from "./spdy-dictionary.ts";
import {
  controlFrame,
  dataFrame,
  FRAMES,
  SpdyFrameCutter,
  SpdyHeaderCodec,
} from "./spdy-frames.ts";

/** RFC 1950 section 8.2. */
function adler32(bytes: Buffer): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

test("spdyDictionary: has the checksum that every SPDY/3 client sends", () => {
  assert.equal(spdyDictionary.length, 1423);
  assert.equal(adler32(spdyDictionary), 0xe3c6a7c2);
});

test("SpdyFrameCutter: frames come out whole, however they were cut", () => {
  const bytes = Buffer.concat([
    dataFrame(3, Buffer.from("hello")),
    controlFrame(FRAMES.ping, Buffer.from([0, 0, 0, 1])),
    dataFrame(5, Buffer.alloc(0), true),
  ]);
  const cutter = new SpdyFrameCutter();
  const frames = [...bytes].flatMap((byte) => cutter.push(Buffer.from([byte])));
  assert.deepEqual(frames, [
    { type: "data", streamId: 3, isLast: false, data: Buffer.from("hello") },
    { type: "control", kind: FRAMES.ping, flags: 0, body: Buffer.from([0, 0, 0, 1]) },
    { type: "data", streamId: 5, isLast: true, data: Buffer.alloc(0) },
  ]);
});

test("SpdyFrameCutter: a frame beyond the limit is refused before it is there", () => {
  assert.throws(() => new SpdyFrameCutter().push(Buffer.from([0, 0, 0, 1, 0, 255, 255, 255])));
});

test("SpdyHeaderCodec: blocks of one connection build on one another", async () => {
  using here = new SpdyHeaderCodec();
  using there = new SpdyHeaderCodec();
  const sizes: number[] = [];
  for (const kind of ["error", "stdout", "stdout"]) {
    const headers = new Map([
      ["streamtype", kind],
      ["x-long", "y".repeat(100)],
    ]);
    const block = await here.pack(headers);
    sizes.push(block.length);
    assert.deepEqual(await there.unpack(block), headers);
  }
  assert.ok((sizes[2] ?? 0) < (sizes[0] ?? 0), sizes.join());
});
