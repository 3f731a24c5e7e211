import { HEADER_BYTES, headerFlags, opcodeOf, recordTypes } from "./constants.ts";
import { LABEL_BYTES_MAX, NAME_BYTES_MAX } from "./name.ts";

/** A record whose names, in owner and data, are written out in full. */
export interface ResourceRecord {
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: Uint8Array;
}

/** A whole message, as another server sends it. */
export interface Message {
  readonly id: number;
  readonly flags: number;
  readonly opcode: number;
  /** With the upper bits that the OPT record carries. */
  readonly rcode: number;
  readonly question: Question | undefined;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  /** Without the OPT record. */
  readonly additional: readonly ResourceRecord[];
}

export interface Question {
  /** Wire form, in the case it came in. */
  readonly name: Uint8Array;
  readonly type: number;
  readonly class: number;
}

/** How many pointers a name may follow: no name has more labels than this. */
const POINTERS_MAX = 127;

/**
 * Types whose data may hold compressed names (RFC 1035, and those RFC 3597 section 4 lists): bytes before the names,
 * and how many names follow one another. What comes after them is copied.
 */
const namesInData: ReadonlyMap<number, { readonly before: number; readonly names: number }> =
  new Map([
    ...[2, 3, 4, 5, 7, 8, 9, 12, 39].map((type) => [type, { before: 0, names: 1 }] as const),
    ...[6, 14, 17].map((type) => [type, { before: 0, names: 2 }] as const),
    ...[15, 18, 21, 36].map((type) => [type, { before: 2, names: 1 }] as const),
    [26, { before: 2, names: 2 }],
    [33, { before: 6, names: 1 }],
  ]);

/** Reads a message; undefined if it is cut, loops, or has more than one question. */
export function parseMessage(packet: Uint8Array): Message | undefined {
  if (packet.length < HEADER_BYTES) return undefined;
  const view = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  const flags = view.readUInt16BE(2);
  const questions = view.readUInt16BE(4);
  if (questions > 1) return undefined;

  let at = HEADER_BYTES;
  let question: Question | undefined;
  if (questions === 1) {
    const name = readName(packet, at);
    if (name === undefined || name.end + 4 > packet.length) return undefined;
    question = {
      name: name.wire,
      type: view.readUInt16BE(name.end),
      class: view.readUInt16BE(name.end + 2),
    };
    at = name.end + 4;
  }
  const sections: ResourceRecord[][] = [[], [], []];
  let extendedRcode = 0;
  for (const [index, section] of sections.entries()) {
    for (let count = view.readUInt16BE(6 + 2 * index); count > 0; count--) {
      const found = readRecord(view, at);
      if (found === undefined) return undefined;
      at = found.end;
      if (found.record.type === recordTypes.OPT) extendedRcode = (found.record.ttl >>> 24) << 4;
      else section.push(found.record);
    }
  }
  const [answers = [], authority = [], additional = []] = sections;
  return {
    id: view.readUInt16BE(0),
    flags,
    opcode: opcodeOf(flags),
    rcode: (flags & 15) | extendedRcode,
    question,
    answers,
    authority,
    additional,
  };
}

export function isTruncated(message: Message): boolean {
  return (message.flags & headerFlags.truncated) !== 0;
}

function readRecord(
  view: Buffer,
  at: number,
): { readonly record: ResourceRecord; readonly end: number } | undefined {
  const name = readName(view, at);
  if (name === undefined || name.end + 10 > view.length) return undefined;
  const head = name.end;
  const type = view.readUInt16BE(head);
  const end = head + 10 + view.readUInt16BE(head + 8);
  if (end > view.length) return undefined;
  const data = readData(view, type, head + 10, end);
  if (data === undefined) return undefined;
  const record = {
    name: name.wire,
    type,
    class: view.readUInt16BE(head + 2),
    ttl: view.readUInt32BE(head + 4),
    data,
  };
  return { record, end };
}

/** The data with its names written out. */
function readData(view: Buffer, type: number, at: number, end: number): Uint8Array | undefined {
  const layout = namesInData.get(type);
  if (layout === undefined) return view.subarray(at, end);
  let next = at + layout.before;
  if (next > end) return undefined;
  const parts: Uint8Array[] = [view.subarray(at, next)];
  for (let i = 0; i < layout.names; i++) {
    const name = readName(view, next);
    if (name === undefined || name.end > end) return undefined;
    parts.push(name.wire);
    next = name.end;
  }
  parts.push(view.subarray(next, end));
  return Buffer.concat(parts);
}

/** A name with its pointers followed, and where it ends in the message. Pointers must lead backwards. */
function readName(
  packet: Uint8Array,
  at: number,
): { readonly wire: Uint8Array; readonly end: number } | undefined {
  const wire = new Uint8Array(NAME_BYTES_MAX);
  let length = 0;
  let end = -1;
  let next = at;
  for (let pointers = 0; pointers <= POINTERS_MAX; ) {
    const labelBytes = packet[next];
    if (labelBytes === undefined) return undefined;
    if (labelBytes >= 0xc0) {
      const low = packet[next + 1];
      if (low === undefined) return undefined;
      const target = ((labelBytes & 0x3f) << 8) | low;
      if (target >= next) return undefined;
      if (end < 0) end = next + 2;
      next = target;
      pointers++;
      continue;
    }
    const labelEnd = next + 1 + labelBytes;
    if (labelBytes > LABEL_BYTES_MAX || labelEnd > packet.length) return undefined;
    if (length + 1 + labelBytes > NAME_BYTES_MAX) return undefined;
    wire.set(packet.subarray(next, labelEnd), length);
    length += 1 + labelBytes;
    next = labelEnd;
    if (labelBytes === 0) return { wire: wire.subarray(0, length), end: end < 0 ? next : end };
  }
  return undefined;
}
