import { HEADER_BYTES, headerFlags, opcodeOf, rcodes, recordTypes } from "./constants.ts";
import { LABEL_BYTES_MAX, lowerCase, NAME_BYTES_MAX, type NameKey } from "./name.ts";

/** What the OPT record of a query says (RFC 6891). */
export interface Edns {
  /** The largest answer over UDP that the client takes, as it says. */
  readonly udpBytes: number;
  readonly version: number;
  readonly isDnssecOk: boolean;
  /** The client asks for the server's identity (RFC 5001). */
  readonly wantsNsid: boolean;
}

/** A question that could be read. */
export interface Query {
  /** The whole message as it came; the question starts at byte 12 and holds no pointer. */
  readonly packet: Uint8Array;
  readonly id: number;
  readonly flags: number;
  /** The code that refuses its operation, for any but QUERY. */
  readonly refusal: number | undefined;
  /** Where the question ends in the packet. */
  readonly questionEnd: number;
  readonly name: NameKey;
  readonly type: number;
  readonly class: number;
  readonly edns: Edns | undefined;
}

/** What to do with a packet: answer it, refuse it with a code and empty sections, or stay silent. */
export type Verdict =
  | { readonly kind: "query"; readonly query: Query }
  | { readonly kind: "refuse"; readonly rcode: number }
  | { readonly kind: "silent" };

const silent: Verdict = { kind: "silent" };

const OPCODE_QUERY = 0;
const OPCODE_NOTIFY = 4;

/** EDNS options that are read. */
const OPTION_NSID = 3;
const OPTION_COOKIE = 10;

/** Records that a query may carry per section, as CoreDNS has it: a SOA for IXFR, OPT and a signature. */
const ANSWERS_MAX = 1;
const AUTHORITIES_MAX = 1;
const ADDITIONALS_MAX = 2;

const lowerCased = Buffer.alloc(NAME_BYTES_MAX);

/**
 * Reads a query by the rules of miekg/dns, so that other servers' clients get the answers they know. An answer is
 * never answered. Bytes after the last record are ignored.
 */
export function parseQuery(packet: Uint8Array): Verdict {
  if (packet.length < HEADER_BYTES) return silent;
  const flags = word(packet, 2);
  if ((flags & headerFlags.response) !== 0) return silent;
  // What could be read is refused with its question and OPT record (RFC 6891 section 6.1.1).
  const refusal = refusalOf(opcodeOf(flags));
  const unreadable: Verdict = { kind: "refuse", rcode: refusal ?? rcodes.FORMERR };

  const answers = word(packet, 6);
  const authorities = word(packet, 8);
  const additionals = word(packet, 10);
  if (word(packet, 4) !== 1 || answers > ANSWERS_MAX) return unreadable;
  if (authorities > AUTHORITIES_MAX || additionals > ADDITIONALS_MAX) return unreadable;

  const nameBytes = readQuestionName(packet);
  const questionEnd = HEADER_BYTES + nameBytes + 4;
  if (nameBytes === 0 || questionEnd > packet.length) return unreadable;

  let at = questionEnd;
  for (let i = answers + authorities; i > 0; i--) {
    at = endOfRecord(packet, at);
    if (at < 0) return unreadable;
  }
  let edns: Edns | undefined;
  for (let i = additionals; i > 0; i--) {
    const nameEnd = endOfName(packet, at);
    const end = endOfRecord(packet, at);
    if (end < 0) return unreadable;
    if (word(packet, nameEnd) === recordTypes.OPT) {
      // One OPT at most, owned by the root (RFC 6891 section 6.1.1).
      if (edns !== undefined || nameEnd !== at + 1) return unreadable;
      edns = parseEdns(packet, nameEnd, end);
      if (edns === undefined) return unreadable;
    }
    at = end;
  }
  return {
    kind: "query",
    query: {
      packet,
      id: word(packet, 0),
      flags,
      refusal,
      questionEnd,
      name: lowerCased.toString("latin1", 0, nameBytes),
      type: word(packet, questionEnd - 4),
      class: word(packet, questionEnd - 2),
      edns,
    },
  };
}

function refusalOf(opcode: number): number | undefined {
  if (opcode === OPCODE_QUERY) return undefined;
  // Nothing is transferred to this server, so there is nothing to be notified of.
  return opcode === OPCODE_NOTIFY ? rcodes.REFUSED : rcodes.NOTIMP;
}

/** Leaves the lower-cased name in `lowerCased` and returns its length; 0 if it is none or holds a pointer. */
function readQuestionName(packet: Uint8Array): number {
  let length = 0;
  for (;;) {
    const labelBytes = packet[HEADER_BYTES + length] ?? LABEL_BYTES_MAX + 1;
    if (labelBytes > LABEL_BYTES_MAX) return 0;
    const end = length + 1 + labelBytes;
    if (HEADER_BYTES + end > packet.length || end > NAME_BYTES_MAX) return 0;
    for (; length < end; length++) {
      lowerCased[length] = lowerCase(packet[HEADER_BYTES + length] ?? 0);
    }
    if (labelBytes === 0) return length;
  }
}

/** Where the name at `at` ends; -1 if it is cut. A pointer ends a name; where it points to does not matter. */
function endOfName(packet: Uint8Array, at: number): number {
  for (let next = at; next < packet.length; ) {
    const length = packet[next] ?? 0;
    if (length === 0) return next + 1;
    if (length >= 0xc0) return next + 2 <= packet.length ? next + 2 : -1;
    if (length > LABEL_BYTES_MAX) return -1;
    next += length + 1;
    if (next - at > NAME_BYTES_MAX) return -1;
  }
  return -1;
}

/** Where the record at `at` ends; -1 if it is cut. */
function endOfRecord(packet: Uint8Array, at: number): number {
  const nameEnd = endOfName(packet, at);
  if (nameEnd < 0 || nameEnd + 10 > packet.length) return -1;
  const end = nameEnd + 10 + word(packet, nameEnd + 8);
  return end <= packet.length ? end : -1;
}

function parseEdns(packet: Uint8Array, nameEnd: number, end: number): Edns | undefined {
  let wantsNsid = false;
  for (let at = nameEnd + 10; at < end; ) {
    if (at + 4 > end) return undefined;
    const code = word(packet, at);
    const length = word(packet, at + 2);
    at += 4 + length;
    if (at > end) return undefined;
    if (code === OPTION_NSID) wantsNsid = true;
    if (code === OPTION_COOKIE && !isCookieLength(length)) return undefined;
  }
  return {
    udpBytes: word(packet, nameEnd + 2),
    version: packet[nameEnd + 5] ?? 0,
    isDnssecOk: ((packet[nameEnd + 6] ?? 0) & 0x80) !== 0,
    wantsNsid,
  };
}

/** A client's cookie alone, or with a server's of 8 to 32 bytes (RFC 7873 section 5.2.2). */
function isCookieLength(length: number): boolean {
  return length === 8 || (length >= 16 && length <= 40);
}

function word(packet: Uint8Array, at: number): number {
  return ((packet[at] ?? 0) << 8) | (packet[at + 1] ?? 0);
}
