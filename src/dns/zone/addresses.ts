import { bitsOf, type Cidr, formatIp, type IpAddress, parseIp } from "../../lib/ip.ts";
import { type NameKey, relativeKey } from "../wire/name.ts";

const IPV4_ROOT = `${relativeKey("in-addr", "arpa")}\0`;
const IPV6_ROOT = `${relativeKey("ip6", "arpa")}\0`;

/**
 * An address as a record carries it: 4 or 16 bytes, one character for each. A string compares by value and takes a
 * tenth of a typed array's memory, of which a zone would hold one per endpoint.
 */
export type Address = string;

/** Reads an address literal. Undefined if it is none. */
export function parseAddress(text: string): Address | undefined {
  const address = parseIp(text);
  return address === undefined ? undefined : String.fromCharCode(...bytesOf(address));
}

export function isIpv4(address: Address): boolean {
  return address.length === 4;
}

/** The address as the data of a record. */
export function addressData(address: Address): Uint8Array {
  return Buffer.from(address, "latin1");
}

/** The name under which an address has its PTR records (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseKey(address: Address): NameKey {
  const bytes = addressData(address);
  return isIpv4(address)
    ? relativeKey(...Array.from(bytes, String).reverse()) + IPV4_ROOT
    : relativeKey(...nibblesOf(bytes).reverse()) + IPV6_ROOT;
}

/**
 * The reverse zones that cover a range and nothing else: one, or several where the range does not end at a label's
 * border (10.96.0.0/12 gives 96.10.in-addr.arpa to 111.10.in-addr.arpa).
 */
export function reverseZonesOf(range: Cidr): NameKey[] {
  const bitsPerLabel = range.family === "IPv4" ? 8 : 4;
  const labels = Math.ceil(range.prefixLength / bitsPerLabel);
  const zones = 2 ** (labels * bitsPerLabel - range.prefixLength);
  const step = 1n << BigInt(bitsOf(range.family) - labels * bitsPerLabel);
  const root = range.family === "IPv4" ? IPV4_ROOT : IPV6_ROOT;
  return Array.from({ length: zones }, (_, i) => {
    const bytes = bytesOf({ family: range.family, value: range.base + step * BigInt(i) });
    const all = range.family === "IPv4" ? Array.from(bytes, String) : nibblesOf(bytes);
    return relativeKey(...all.slice(0, labels).reverse()) + root;
  });
}

/** The host name of an endpoint without one: its address with dashes. A final dash would make it no host name. */
export function dashedAddress(text: string): string {
  const dashed = text.replaceAll(/[.:]/g, "-");
  return dashed.endsWith("-") ? `${dashed}0` : dashed;
}

/** The address that a label with dashes stands for; undefined if it is none, or written in another way. */
export function undashAddress(label: string): Address | undefined {
  if (!/^[0-9a-f-]+$/.test(label)) return undefined;
  const isDotted = /^(?:0|[1-9]\d*)(?:-(?:0|[1-9]\d*)){3}$/.test(label);
  return parseAddress(label.replaceAll("-", isDotted ? "." : ":"));
}

/** The canonical text of an address; undefined if the text is none. */
export function canonicalText(text: string): string | undefined {
  const address = parseIp(text);
  return address === undefined ? undefined : formatIp(address);
}

function bytesOf({ family, value }: IpAddress): Uint8Array {
  const bytes = new Uint8Array(bitsOf(family) / 8);
  let rest = value;
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 255n);
    rest >>= 8n;
  }
  return bytes;
}

function nibblesOf(bytes: Uint8Array): string[] {
  return Array.from(bytes).flatMap((byte) => [(byte >> 4).toString(16), (byte & 15).toString(16)]);
}
