/** The two address families, in Kubernetes' spelling. */
export type IpFamily = "IPv4" | "IPv6";

/** An address as a number with its family; compare with `===` on `value` and `family`. */
export interface IpAddress {
  readonly family: IpFamily;
  readonly value: bigint;
}

/** A range: `base` has its host bits cleared. */
export interface Cidr {
  readonly family: IpFamily;
  readonly base: bigint;
  readonly prefixLength: number;
}

/** Address bits of a family: 32 or 128. */
export function bitsOf(family: IpFamily): 32 | 128 {
  return family === "IPv4" ? 32 : 128;
}

/**
 * Reads an IPv4 or IPv6 literal, without a zone. Numbers of IPv4 are decimal, also with leading zeros: Kubernetes has
 * such addresses in old objects and goes on accepting them. Undefined if it is none.
 */
export function parseIp(text: string): IpAddress | undefined {
  if (text.includes(":")) {
    const value = parseIpv6(text);
    return value === undefined ? undefined : { family: "IPv6", value };
  }
  const value = parseIpv4(text);
  return value === undefined ? undefined : { family: "IPv4", value: BigInt(value) };
}

function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^0*\d{1,3}$/.test(part)) return undefined;
    const byte = Number(part);
    if (byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

/** 16-bit groups of one side of "::"; a dotted IPv4 tail counts as two. */
function groupsOf(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (part.includes(".")) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === undefined || !mayEndInIpv4 || index !== parts.length - 1) return undefined;
      groups.push(Math.floor(ipv4 / 65536), ipv4 % 65536);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}

/** The canonical text: dotted decimal, or RFC 5952. */
export function formatIp(address: IpAddress): string {
  const { family, value } = address;
  if (family === "IPv4") {
    const n = Number(value);
    return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
  }
  const groups: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) groups.push(Number((value >> shift) & 0xffffn));
  // ::ffff:a.b.c.d (RFC 5952 section 5).
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIp({ family: "IPv4", value: value & 0xffffffffn })}`;
  }
  const run = longestZeroRun(groups);
  const hex = (list: readonly number[]) => list.map((g) => g.toString(16)).join(":");
  if (run === undefined) return hex(groups);
  return `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`;
}

/** The first longest run of at least two zero groups. */
function longestZeroRun(
  groups: readonly number[],
): { readonly start: number; readonly length: number } | undefined {
  let best: { start: number; length: number } | undefined;
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length >= 2 && length > (best?.length ?? 0)) best = { start, length };
    start += length;
  }
  return best;
}

/** The family of an address literal; undefined if it is none. */
export function familyOf(text: string): IpFamily | undefined {
  return parseIp(text)?.family;
}

/** The canonical text of an address literal; undefined if it is none. */
export function canonicalIp(text: string): string | undefined {
  const address = parseIp(text);
  return address === undefined ? undefined : formatIp(address);
}

/** Reads `address/length`. Host bits may be set; they are cleared. Undefined if it is none. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseIp(text.slice(0, slash));
  const lengthText = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined;
  const prefixLength = Number(lengthText);
  if (prefixLength > bitsOf(address.family)) return undefined;
  const hostBits = BigInt(bitsOf(address.family) - prefixLength);
  return { family: address.family, base: (address.value >> hostBits) << hostBits, prefixLength };
}

/** `base/length`, canonical. */
export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.base })}/${cidr.prefixLength}`;
}

/** How many addresses the range holds, all of them counted. */
export function cidrSize(cidr: Cidr): bigint {
  return 1n << BigInt(bitsOf(cidr.family) - cidr.prefixLength);
}

/** Whether the address lies in the range; false across families. */
export function cidrContains(cidr: Cidr, address: IpAddress): boolean {
  if (cidr.family !== address.family) return false;
  const hostBits = BigInt(bitsOf(cidr.family) - cidr.prefixLength);
  return address.value >> hostBits === cidr.base >> hostBits;
}

/** The address `offset` places after the range's base; undefined outside the range. */
export function cidrAddress(cidr: Cidr, offset: bigint): IpAddress | undefined {
  if (offset < 0n || offset >= cidrSize(cidr)) return undefined;
  return { family: cidr.family, value: cidr.base + offset };
}

/** Part number `index` of the range when cut into parts of `prefixLength`; undefined outside the range. */
export function subCidr(cidr: Cidr, prefixLength: number, index: number): Cidr | undefined {
  const count = 1n << BigInt(prefixLength - cidr.prefixLength);
  if (prefixLength < cidr.prefixLength || BigInt(index) >= count) return undefined;
  const step = 1n << BigInt(bitsOf(cidr.family) - prefixLength);
  return { family: cidr.family, base: cidr.base + step * BigInt(index), prefixLength };
}
