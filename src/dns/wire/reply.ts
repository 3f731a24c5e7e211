import {
  CLASS_IN,
  HEADER_BYTES,
  headerFlags,
  MESSAGE_BYTES_MAX,
  PLAIN_UDP_BYTES_MAX,
  recordTypes,
} from "./constants.ts";
import type { ResourceRecord } from "./message.ts";
import type { Query } from "./query.ts";
import type { RecordSet } from "./record-set.ts";
import { bytesFrom, copyAdditional, copyRing, fitting, fittingAdditional } from "./ring.ts";

export type Transport = "udp" | "tcp";

/** What a server tells about itself and allows itself in every answer. */
export interface ReplyOptions {
  /** The largest answer over UDP, however much the client takes. */
  readonly udpBytesMax: number;
  /** The identity told to those who ask for it (RFC 5001); absent tells none. */
  readonly nsid?: Uint8Array;
  /**
   * Whether the server asks others for names it does not know (RA). It is said in every answer: nslookup and dig warn
   * of a server without, even where it knows the name.
   */
  readonly isRecursive: boolean;
}

/** The start of authority of a zone; its name is taken from the question. */
export interface Soa {
  readonly serial: number;
  readonly ttlSeconds: number;
}

/** The sections of an answer from prepared records. */
export interface Reply {
  readonly rcode: number;
  readonly isAuthoritative: boolean;
  readonly answers?: RecordSet;
  /** Which of the answers comes first; the others follow in a ring. */
  readonly first?: number;
  readonly soa?: {
    readonly section: "answer" | "authority";
    readonly zoneAt: number;
    readonly soa: Soa;
  };
  /** Where the zone's name starts within the question's; for sets with zone tails. */
  readonly zoneAt?: number;
}

/** Timers of every zone, in seconds (RFC 1035 section 3.3.13); the values of CoreDNS. */
const REFRESH_SECONDS = 7200;
const RETRY_SECONDS = 1800;
const EXPIRE_SECONDS = 86_400;
/** A denial is not remembered for longer than this, however long records live. */
const SOA_TTL_SECONDS_MAX = 300;

/** `ns.dns` and `hostmaster`, each with room for a pointer to the zone. */
const soaNames = Buffer.from("\x02ns\x03dns\0\0\x0ahostmaster\0\0", "latin1");
const SOA_BYTES = 12 + soaNames.length + 20;
/** Where the two names of a SOA record's data point to the zone. */
const MASTER_POINTER_AT = 7;
const CONTACT_POINTER_AT = 20;

/** An OPT record without options. */
export const OPT_BYTES = 11;
const OPTION_NSID = 3;

/** The operation within the second header word. */
const OPCODE_BITS = 0x7800;

/** How many bytes an answer to this query may have. */
export function replyBytesMax(query: Query, transport: Transport, options: ReplyOptions): number {
  if (transport === "tcp") return MESSAGE_BYTES_MAX;
  const wanted = Math.max(query.edns?.udpBytes ?? 0, PLAIN_UDP_BYTES_MAX);
  return Math.min(wanted, options.udpBytesMax);
}

/**
 * Writes the answer. What does not fit is left out at a record's border: answers with the TC bit, additional
 * records without it. The OPT record always stays.
 */
export function writeReply(
  query: Query,
  reply: Reply,
  transport: Transport,
  options: ReplyOptions,
): Buffer {
  const { packet, questionEnd } = query;
  const optBytes = optBytesOf(query, options);
  const soaBytes = reply.soa === undefined ? 0 : SOA_BYTES;
  const room = replyBytesMax(query, transport, options) - questionEnd - optBytes - soaBytes;

  const set = reply.answers;
  const total = set === undefined ? 0 : set.answers.starts.length - 1;
  const first = total > 1 ? (reply.first ?? 0) % total : 0;
  const count = set === undefined ? 0 : fitting(set.answers, first, room);
  const isTruncated = count < total;
  const answerBytes = set === undefined ? 0 : bytesFrom(set.answers, first, count);
  const additional = isTruncated ? undefined : set?.additional;
  const additionalCount =
    set === undefined || additional === undefined
      ? 0
      : fittingAdditional(set.answers, additional, questionEnd, first, room - answerBytes);
  const additionalBytes = 2 * additionalCount + (additional?.bodies.starts[additionalCount] ?? 0);

  const out = Buffer.allocUnsafe(questionEnd + answerBytes + soaBytes + additionalBytes + optBytes);
  out.set(packet.subarray(0, questionEnd));
  const aa = reply.isAuthoritative ? headerFlags.authoritative : 0;
  writeFlags(out, query, reply.rcode, aa | (isTruncated ? headerFlags.truncated : 0), options);
  const soaInAnswer = reply.soa?.section === "answer" ? 1 : 0;
  out.writeUInt16BE(count + soaInAnswer, 6);
  out.writeUInt16BE(reply.soa?.section === "authority" ? 1 : 0, 8);
  out.writeUInt16BE(additionalCount + (optBytes > 0 ? 1 : 0), 10);

  let at = questionEnd;
  if (set !== undefined) {
    at = copyRing(out, at, set.answers, first, count);
    if (set.zoneTailBytes > 0) copyZoneCase(out, query, reply.zoneAt ?? 0, set, first, count);
  }
  if (reply.soa !== undefined) at = writeSoa(out, at, reply.soa.zoneAt, reply.soa.soa);
  if (set !== undefined && additional !== undefined) {
    at = copyAdditional(out, at, set.answers, additional, questionEnd, first, additionalCount);
  }
  if (query.edns !== undefined) writeOpt(out, at, query, reply.rcode, options);
  return out;
}

/** A refusal without sections, for packets that could not be read. */
export function writeRefusal(packet: Uint8Array, rcode: number): Buffer {
  const out = Buffer.alloc(HEADER_BYTES);
  out.set(packet.subarray(0, 4));
  const kept = out.readUInt16BE(2) & (OPCODE_BITS | headerFlags.recursionDesired);
  out.writeUInt16BE(headerFlags.response | kept | rcode, 2);
  return out;
}

/** Writes id and flags: what the client set and an answer repeats, and what the answer adds. */
export function writeFlags(
  out: Buffer,
  query: Query,
  rcode: number,
  added: number,
  { isRecursive }: ReplyOptions,
): void {
  const repeated = OPCODE_BITS | headerFlags.recursionDesired | headerFlags.checkingDisabled;
  const own = headerFlags.response | (isRecursive ? headerFlags.recursionAvailable : 0);
  out.writeUInt16BE(query.id, 0);
  out.writeUInt16BE(own | added | (query.flags & repeated) | (rcode & 15), 2);
  out.writeUInt16BE(1, 4);
}

/** How many bytes the OPT record of the answer has; none without one in the query (RFC 6891 section 7). */
export function optBytesOf(query: Query, options: ReplyOptions): number {
  if (query.edns === undefined) return 0;
  const hasNsid = query.edns.wantsNsid && options.nsid !== undefined;
  return OPT_BYTES + (hasNsid ? 4 + (options.nsid?.length ?? 0) : 0);
}

/** Writes the OPT record: the client's own size and DO bit come back, as CoreDNS does it. */
export function writeOpt(
  out: Buffer,
  at: number,
  query: Query,
  rcode: number,
  options: ReplyOptions,
): void {
  const { edns } = query;
  if (edns === undefined) return;
  out[at] = 0;
  out.writeUInt16BE(recordTypes.OPT, at + 1);
  out.writeUInt16BE(edns.udpBytes, at + 3);
  out.writeUInt8(rcode >> 4, at + 5);
  out.writeUInt8(0, at + 6);
  out.writeUInt16BE(edns.isDnssecOk ? 0x8000 : 0, at + 7);
  out.writeUInt16BE(optBytesOf(query, options) - OPT_BYTES, at + 9);
  if (!edns.wantsNsid || options.nsid === undefined) return;
  out.writeUInt16BE(OPTION_NSID, at + OPT_BYTES);
  out.writeUInt16BE(options.nsid.length, at + OPT_BYTES + 2);
  out.set(options.nsid, at + OPT_BYTES + 4);
}

/** The SOA record of a zone, for answers that are put together from records. */
export function soaRecord(zone: Uint8Array, soa: Soa): ResourceRecord {
  const numbers = Buffer.alloc(20);
  writeSoaNumbers(numbers, 0, soa);
  const master = soaNames.subarray(0, MASTER_POINTER_AT);
  const contact = soaNames.subarray(MASTER_POINTER_AT + 2, CONTACT_POINTER_AT);
  const data = Buffer.concat([master, zone, contact, zone, numbers]);
  return { name: zone, type: recordTypes.SOA, class: CLASS_IN, ttl: soaTtlSeconds(soa), data };
}

/** The TTL of a SOA record: it bounds how long a denial is remembered (RFC 2308 section 5). */
function soaTtlSeconds({ ttlSeconds }: Soa): number {
  return Math.min(ttlSeconds, SOA_TTL_SECONDS_MAX);
}

function writeSoaNumbers(out: Buffer, at: number, { serial, ttlSeconds }: Soa): number {
  let next = at;
  for (const number of [serial, REFRESH_SECONDS, RETRY_SECONDS, EXPIRE_SECONDS, ttlSeconds]) {
    next = out.writeUInt32BE(number, next);
  }
  return next;
}

function writeSoa(out: Buffer, at: number, zoneAt: number, soa: Soa): number {
  const pointer = 0xc000 | (HEADER_BYTES + zoneAt);
  out.writeUInt16BE(pointer, at);
  out.writeUInt16BE(recordTypes.SOA, at + 2);
  out.writeUInt16BE(CLASS_IN, at + 4);
  out.writeUInt32BE(soaTtlSeconds(soa), at + 6);
  out.writeUInt16BE(soaNames.length + 20, at + 10);
  out.set(soaNames, at + 12);
  out.writeUInt16BE(pointer, at + 12 + MASTER_POINTER_AT);
  out.writeUInt16BE(pointer, at + 12 + CONTACT_POINTER_AT);
  return writeSoaNumbers(out, at + 12 + soaNames.length, soa);
}

/** Writes the zone's name, in the case of the query, over the end of each copied answer. */
function copyZoneCase(
  out: Buffer,
  query: Query,
  zoneAt: number,
  set: RecordSet,
  first: number,
  count: number,
): void {
  const { starts } = set.answers;
  const total = starts.length - 1;
  const from = HEADER_BYTES + zoneAt;
  const zone = query.packet.subarray(from, from + set.zoneTailBytes);
  let at = query.questionEnd;
  for (let i = 0; i < count; i++) {
    const index = (first + i) % total;
    at += (starts[index + 1] ?? 0) - (starts[index] ?? 0);
    out.set(zone, at - zone.length);
  }
}

/** An answer without records: a refusal of a query that could be read. */
export function writeEmptyReply(
  query: Query,
  rcode: number,
  transport: Transport,
  options: ReplyOptions,
): Buffer {
  return writeReply(query, { rcode, isAuthoritative: false }, transport, options);
}
