/** Record types by name (IANA); only those that Portolan treats specially. */
export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

/** Whether records of a type hold addresses: what clients connect to. */
export function isAddressType(type: number): boolean {
  return type === recordTypes.A || type === recordTypes.AAAA;
}

/** Response codes by name; those above 15 need an OPT record (RFC 6891). */
export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;

/** The Internet, the one class that is served. */
export const CLASS_IN = 1;

export const HEADER_BYTES = 12;

/** The largest answer over UDP to a client that says nothing about its buffer (RFC 1035 section 4.2.1). */
export const PLAIN_UDP_BYTES_MAX = 512;

/** The largest message over TCP: its length has two bytes. */
export const MESSAGE_BYTES_MAX = 65_535;

/** The furthest place that a compression pointer reaches (RFC 1035 section 4.1.4). */
export const POINTER_TARGET_MAX = 0x3fff;

/** Bits of the second header word (RFC 1035 section 4.1.1, RFC 4035 for AD and CD). */
export const headerFlags = {
  response: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
} as const;

/** The operation code within the second header word. */
export function opcodeOf(flags: number): number {
  return (flags >> 11) & 15;
}
