import { closeSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import { PortolanError } from "../lib/errors.ts";
import {
  AF_NETLINK,
  bind,
  errnoName,
  MSG_DONTWAIT,
  receive,
  SO_RCVBUFFORCE,
  SOCK_RAW,
  SOL_NETLINK,
  SOL_SOCKET,
  send,
  sendInBackground,
  setSocketOption,
  socket,
} from "./ffi.ts";
import type { NetworkNamespace } from "./network-namespace.ts";

/** `linux/netlink.h`. Integers are in host byte order, which is little endian on every system Portolan knows. */
export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;
const NLM_F_REQUEST = 1;
const NLM_F_ACK = 4;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_DUMP_INTR = 0x10;
const NLM_F_ACK_TLVS = 0x200;
const NLM_F_CAPPED = 0x100;
const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const NLMSGERR_ATTR_MSG = 1;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const HEADER_BYTES = 16;

/** The kernel builds a dump in parts of at most 32 KiB (`netlink_dump`). */
const RECEIVE_BYTES = 65_536;

/** Room for what a dump queues while we read it; beyond it the kernel drops and reports ENOBUFS. */
const RECEIVE_BUFFER_BYTES = 4 << 20;

/** The kernel refused a request; `code` is the errno's name, such as `EEXIST`. */
export class NetlinkError extends PortolanError {}

/** One attribute: a type, and its value as bytes. */
export interface Attribute {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface NetlinkRequest {
  readonly type: number;
  /** `NLM_F_…`; REQUEST and ACK are added. */
  readonly flags?: number;
  /** The fixed structure and then the attributes, already laid out. */
  readonly body: Uint8Array;
  /** What is being done, for the error: `add link "br0"`. */
  readonly doing: string;
}

export interface NetlinkMessage {
  readonly type: number;
  /** The fixed structure and then the attributes; valid until the next request. */
  readonly body: Buffer;
}

/** A netlink socket of one namespace. Every request runs to its end before it returns. */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  #sequence = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Sends a request and returns what the kernel answered before its acknowledgement; a dump's every part. */
  request(request: NetlinkRequest): NetlinkMessage[] {
    const sequence = ++this.#sequence;
    send(this.#fd, frame(request, sequence));
    return this.#answersTo(sequence, request.doing);
  }

  /** The same for a request that takes the kernel long; no other may be made on this socket meanwhile. */
  async requestInBackground(request: NetlinkRequest): Promise<NetlinkMessage[]> {
    const sequence = ++this.#sequence;
    await sendInBackground(this.#fd, frame(request, sequence));
    return this.#answersTo(sequence, request.doing);
  }

  /** The kernel does the work inside `send`, so an answer is there to be read: waiting for one would be for ever. */
  #answersTo(sequence: number, doing: string): NetlinkMessage[] {
    const answers: NetlinkMessage[] = [];
    for (;;) {
      const bytes = receive(this.#fd, this.#buffer, MSG_DONTWAIT);
      if (bytes === undefined) throw unanswered(doing);
      for (let at = 0; at + HEADER_BYTES <= bytes; ) {
        const length = this.#buffer.readUInt32LE(at);
        const type = this.#buffer.readUInt16LE(at + 4);
        const flags = this.#buffer.readUInt16LE(at + 6);
        const isOurs = this.#buffer.readUInt32LE(at + 8) === sequence;
        const body = Buffer.from(this.#buffer.subarray(at + HEADER_BYTES, at + length));
        at += align(length);
        if (!isOurs) continue;
        if ((flags & NLM_F_DUMP_INTR) !== 0) throw interrupted(doing);
        if (type === NLMSG_DONE || type === NLMSG_ERROR) {
          throwRefusal({ body, flags, doing });
          return answers;
        }
        answers.push({ type, body });
      }
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function frame({ type, flags = 0, body }: NetlinkRequest, sequence: number): Buffer {
  const isDump = (flags & NLM_F_DUMP) === NLM_F_DUMP;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + body.byteLength, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags | NLM_F_REQUEST | (isDump ? 0 : NLM_F_ACK), 6);
  header.writeUInt32LE(sequence, 8);
  return Buffer.concat([header, body]);
}

/** Opens a netlink socket inside a namespace, or in the one where the calling thread is. */
export function openNetlink(
  protocol: number,
  namespace?: Pick<NetworkNamespace, "run">,
): NetlinkSocket {
  const open = () => socket(AF_NETLINK, SOCK_RAW, protocol);
  const fd = namespace === undefined ? open() : namespace.run(open);
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  try {
    bind(fd, address, `netlink ${protocol}`);
    setSocketOption(fd, SOL_NETLINK, NETLINK_CAP_ACK, 1);
    setSocketOption(fd, SOL_NETLINK, NETLINK_EXT_ACK, 1);
    growReceiveBuffer(fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return new NetlinkSocket(fd);
}

function growReceiveBuffer(fd: number): void {
  try {
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
  } catch {
    // Without CAP_NET_ADMIN on the host the default (212,992 bytes) has to do; dumps are read as they come.
  }
}

function unanswered(doing: string): NetlinkError {
  return new NetlinkError("ENOMSG", `Cannot ${doing}: the kernel gives no answer`);
}

function interrupted(doing: string): NetlinkError {
  return new NetlinkError(
    "EINTR",
    `Cannot ${doing}: the kernel's list changed while it was read, it must be read again`,
  );
}

function throwRefusal(answer: { body: Buffer; flags: number; doing: string }): void {
  const { body, flags, doing } = answer;
  const errno = body.length >= 4 ? -body.readInt32LE(0) : 0;
  if (errno === 0) return;
  const code = errnoName(errno);
  const said = refusalText(body, flags);
  const text = said === undefined ? "" : `, the kernel says "${said}"`;
  throw new NetlinkError(
    code,
    `Cannot ${doing}: ${getSystemErrorMessage(-errno)} (${code})${text}`,
  );
}

/** The sentence that newer parts of the kernel add to a refusal (extended acknowledgement). */
function refusalText(body: Buffer, flags: number): string | undefined {
  if ((flags & NLM_F_ACK_TLVS) === 0 || body.length < 4 + HEADER_BYTES) return undefined;
  const echoed = (flags & NLM_F_CAPPED) === 0 ? body.readUInt32LE(4) : HEADER_BYTES;
  const text = parseAttributes(body, 4 + align(echoed)).get(NLMSGERR_ATTR_MSG);
  return text?.toString("latin1").replace(/\0.*$/, "");
}

/** Whether an error says that the thing is not there (link, address, route, neighbour). */
export function isMissing(error: unknown): boolean {
  return (
    error instanceof NetlinkError &&
    ["ENODEV", "ENOENT", "ESRCH", "EADDRNOTAVAIL"].includes(error.code)
  );
}

/** Lays out attributes one after the other, each padded to four bytes. */
export function attributes(...list: readonly (Attribute | undefined)[]): Buffer {
  return Buffer.concat(
    list.flatMap((attribute) => {
      if (attribute === undefined) return [];
      const { type, value } = attribute;
      const bytes = Buffer.alloc(align(4 + value.byteLength));
      bytes.writeUInt16LE(4 + value.byteLength, 0);
      bytes.writeUInt16LE(type, 2);
      bytes.set(value, 4);
      return [bytes];
    }),
  );
}

/** An attribute that holds attributes. */
export function nested(type: number, ...list: readonly (Attribute | undefined)[]): Attribute {
  return { type: type | NLA_F_NESTED, value: attributes(...list) };
}

/** An attribute that holds a text, closed by a zero byte. */
export function text(type: number, value: string): Attribute {
  return { type, value: Buffer.from(`${value}\0`) };
}

/** An attribute that holds a 32-bit number in host byte order. */
export function u32(type: number, value: number): Attribute {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return { type, value: bytes };
}

/** Reads attributes by type, from `offset` to the end. Of a repeated type the last one counts. */
export function parseAttributes(bytes: Buffer, offset = 0): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = offset; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4 || at + length > bytes.length) break;
    found.set(bytes.readUInt16LE(at + 2) & NLA_TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

function align(bytes: number): number {
  return (bytes + 3) & ~3;
}
