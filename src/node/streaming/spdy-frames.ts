import { constants, createDeflate, createInflate } from "node:zlib";
import { spdyDictionary } from "./spdy-dictionary.ts";

/** Types of control frames (SPDY/3.1 section 2.6). */
export const FRAMES = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

/** The last frame of a stream in this direction. */
const FLAG_FIN = 1;

/** Longest frame that is taken, in bytes. Its length field allows 16 MB; Kubernetes' clients send 32 KiB. */
const FRAME_BYTES_MAX = 1024 * 1024;

/** Limits of one header block, unpacked. */
const HEADER_BYTES_MAX = 64 * 1024;
const HEADERS_MAX = 100;

/** A data frame, or a control frame of one of `FRAMES`. */
export type SpdyFrame =
  | {
      readonly type: "data";
      readonly streamId: number;
      readonly isLast: boolean;
      readonly data: Buffer;
    }
  | {
      readonly type: "control";
      readonly kind: number;
      readonly flags: number;
      readonly body: Buffer;
    };

/** Cuts a byte stream into frames. Throws if one is too long. */
export class SpdyFrameCutter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): SpdyFrame[] {
    const frames: SpdyFrame[] = [];
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (bytes.length >= 8) {
      const first = bytes.readUInt32BE(0);
      const flags = bytes.readUInt8(4);
      const length = bytes.readUIntBE(5, 3);
      if (length > FRAME_BYTES_MAX) throw new Error(`SPDY frame of ${length} bytes`);
      if (bytes.length < 8 + length) break;
      const body = bytes.subarray(8, 8 + length);
      const isControl = first >= 0x80000000;
      frames.push(
        isControl
          ? { type: "control", kind: first & 0xffff, flags, body }
          : { type: "data", streamId: first, isLast: (flags & FLAG_FIN) !== 0, data: body },
      );
      bytes = bytes.subarray(8 + length);
    }
    this.#rest = Buffer.from(bytes);
    return frames;
  }
}

/** Bytes of a stream, as they go over the wire. */
export function dataFrame(streamId: number, data: Buffer, isLast = false): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32BE(streamId, 0);
  header.writeUInt8(isLast ? FLAG_FIN : 0, 4);
  header.writeUIntBE(data.length, 5, 3);
  return Buffer.concat([header, data]);
}

/** A control frame of one of `FRAMES`, as it goes over the wire. */
export function controlFrame(kind: number, body: Buffer, flags = 0): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(0x8003, 0);
  header.writeUInt16BE(kind, 2);
  header.writeUInt8(flags, 4);
  header.writeUIntBE(body.length, 5, 3);
  return Buffer.concat([header, body]);
}

/**
 * Packs and unpacks header blocks. There is one compression state for each direction of a connection, so blocks must
 * be given in the order of their frames, one after the other.
 */
export class SpdyHeaderCodec implements Disposable {
  readonly #inflate = createInflate({
    dictionary: spdyDictionary,
    finishFlush: constants.Z_SYNC_FLUSH,
  });
  readonly #deflate = createDeflate({ dictionary: spdyDictionary });
  #unpacked: Buffer[] = [];
  #packed: Buffer[] = [];

  constructor() {
    this.#inflate.on("data", (chunk: Buffer) => this.#unpacked.push(chunk));
    this.#deflate.on("data", (chunk: Buffer) => this.#packed.push(chunk));
    this.#deflate.on("error", () => {});
  }

  async unpack(block: Buffer): Promise<ReadonlyMap<string, string>> {
    this.#unpacked = [];
    await new Promise<void>((resolve, reject) => {
      this.#inflate.once("error", reject);
      this.#inflate.write(block, () => {
        this.#inflate.off("error", reject);
        resolve();
      });
    });
    return parseHeaders(Buffer.concat(this.#unpacked));
  }

  async pack(headers: ReadonlyMap<string, string>): Promise<Buffer> {
    this.#packed = [];
    await new Promise<void>((resolve) => {
      this.#deflate.write(renderHeaders(headers));
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => resolve());
    });
    return Buffer.concat(this.#packed);
  }

  [Symbol.dispose](): void {
    this.#inflate.destroy();
    this.#deflate.destroy();
  }
}

function parseHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  if (bytes.length > HEADER_BYTES_MAX) throw new Error("SPDY headers too long");
  const headers = new Map<string, string>();
  const count = bytes.readUInt32BE(0);
  if (count > HEADERS_MAX) throw new Error("too many SPDY headers");
  let at = 4;
  const next = () => {
    const length = bytes.readUInt32BE(at);
    const value = bytes.toString("utf8", at + 4, at + 4 + length);
    at += 4 + length;
    return value;
  };
  for (let i = 0; i < count; i++) {
    const name = next().toLowerCase();
    headers.set(name, next());
  }
  return headers;
}

function renderHeaders(headers: ReadonlyMap<string, string>): Buffer {
  const number = (n: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(n);
    return bytes;
  };
  const texts = [...headers].flat().map((text) => Buffer.from(text));
  return Buffer.concat([number(headers.size), ...texts.flatMap((t) => [number(t.length), t])]);
}
