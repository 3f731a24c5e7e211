import {
  CLASS_IN,
  HEADER_BYTES,
  headerFlags,
  MESSAGE_BYTES_MAX,
  POINTER_TARGET_MAX,
  recordTypes,
} from "./constants.ts";
import type { ResourceRecord } from "./message.ts";
import { nameKey } from "./name.ts";
import type { Query } from "./query.ts";
import {
  OPT_BYTES,
  optBytesOf,
  type ReplyOptions,
  replyBytesMax,
  type Transport,
  writeFlags,
  writeOpt,
} from "./reply.ts";

/** The sections of an answer that was put together from records, such as a forwarded one. */
export interface Sections {
  readonly rcode: number;
  /** Flags beside those that every answer has: AA, AD, TC. */
  readonly flags: number;
  readonly answers: readonly ResourceRecord[];
  readonly authority: readonly ResourceRecord[];
  readonly additional: readonly ResourceRecord[];
}

const EDNS_UDP_BYTES = 1232;

/** Writes an answer with compressed owner names, cut at a record's border where it does not fit. */
export function writeSections(
  query: Query,
  sections: Sections,
  transport: Transport,
  options: ReplyOptions,
): Buffer {
  const limit = replyBytesMax(query, transport, options) - optBytesOf(query, options);
  const writer = new RecordWriter(query, limit);
  const answers = writer.append(sections.answers);
  let isTruncated = answers < sections.answers.length;
  const authority = isTruncated ? 0 : writer.append(sections.authority);
  // A denial without its SOA would be remembered by nobody, or for ever.
  if (sections.answers.length === 0 && authority < sections.authority.length) isTruncated = true;
  const additional = isTruncated ? 0 : writer.append(sections.additional);

  const records = writer.bytes();
  const optBytes = optBytesOf(query, options);
  const out = Buffer.allocUnsafe(records.length + optBytes);
  out.set(records);
  const flags = sections.flags | (isTruncated ? headerFlags.truncated : 0);
  writeFlags(out, query, sections.rcode, flags, options);
  out.writeUInt16BE(answers, 6);
  out.writeUInt16BE(authority, 8);
  out.writeUInt16BE(additional + (optBytes > 0 ? 1 : 0), 10);
  writeOpt(out, records.length, query, sections.rcode, options);
  return out;
}

/** Collects records behind a copy of the question, as far as they fit. */
class RecordWriter {
  readonly #out: Buffer;
  readonly #names = new Map<string, number>();
  #at: number;

  constructor(query: Query, limit: number) {
    this.#out = Buffer.allocUnsafe(limit);
    this.#out.set(query.packet.subarray(0, query.questionEnd));
    this.#at = query.questionEnd;
    // An owner that equals the question's name points to it, so it takes the case of the query.
    this.#names.set(query.name, HEADER_BYTES);
  }

  /** Writes records until one does not fit; how many fitted. */
  append(records: readonly ResourceRecord[]): number {
    let count = 0;
    for (const record of records) {
      const key = nameKey(record.name);
      const pointer = this.#names.get(key);
      const ownerBytes = pointer === undefined ? record.name.length : 2;
      if (this.#at + ownerBytes + 10 + record.data.length > this.#out.length) break;
      if (pointer === undefined) {
        if (this.#at <= POINTER_TARGET_MAX && key.length > 1) this.#names.set(key, this.#at);
        this.#out.set(record.name, this.#at);
      } else {
        this.#out.writeUInt16BE(0xc000 | pointer, this.#at);
      }
      this.#at += ownerBytes;
      this.#out.writeUInt16BE(record.type, this.#at);
      this.#out.writeUInt16BE(record.class, this.#at + 2);
      this.#out.writeUInt32BE(record.ttl, this.#at + 4);
      this.#out.writeUInt16BE(record.data.length, this.#at + 8);
      this.#out.set(record.data, this.#at + 10);
      this.#at += 10 + record.data.length;
      count++;
    }
    return count;
  }

  bytes(): Buffer {
    return this.#out.subarray(0, this.#at);
  }
}

/**
 * A query to another server: recursion wanted, and whether the answer was proved; with EDNS, whose size no path cuts
 * into fragments.
 */
export function writeQuery(question: {
  readonly id: number;
  readonly name: Uint8Array;
  readonly type: number;
  readonly isDnssecOk: boolean;
  readonly isCheckingDisabled: boolean;
  readonly hasEdns: boolean;
}): Buffer {
  const { name, hasEdns } = question;
  const out = Buffer.alloc(HEADER_BYTES + name.length + 4 + (hasEdns ? OPT_BYTES : 0));
  out.writeUInt16BE(question.id, 0);
  const checking = question.isCheckingDisabled ? headerFlags.checkingDisabled : 0;
  out.writeUInt16BE(headerFlags.recursionDesired | headerFlags.authenticData | checking, 2);
  out.writeUInt16BE(1, 4);
  out.writeUInt16BE(hasEdns ? 1 : 0, 10);
  out.set(name, HEADER_BYTES);
  const at = HEADER_BYTES + name.length;
  out.writeUInt16BE(question.type, at);
  out.writeUInt16BE(CLASS_IN, at + 2);
  if (!hasEdns) return out;
  out.writeUInt16BE(recordTypes.OPT, at + 5);
  out.writeUInt16BE(EDNS_UDP_BYTES, at + 7);
  out.writeUInt16BE(question.isDnssecOk ? 0x8000 : 0, at + 11);
  return out;
}

/** A message behind its length, as TCP carries it (RFC 1035 section 4.2.2). */
export function writeFrame(message: Uint8Array): Buffer {
  if (message.length > MESSAGE_BYTES_MAX)
    throw new RangeError("A DNS message has two bytes of length");
  const out = Buffer.allocUnsafe(2 + message.length);
  out.writeUInt16BE(message.length, 0);
  out.set(message, 2);
  return out;
}
