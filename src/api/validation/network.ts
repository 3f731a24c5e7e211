import { bitsOf, type IpAddress, parseCidr, parseIp } from "../../lib/ip.ts";
import { type FieldError, invalid, invalidEach } from "../field-error.ts";
import type { IntOrString } from "../types.ts";
import { portName, portNumber } from "./names.ts";

const ipMessage = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
/** What Kubernetes says of a text that is no range. */
export const cidrMessage = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/** The protocols that Services, endpoints and containers know. */
export const protocols: readonly string[] = ["SCTP", "TCP", "UDP"];

/** An address of either family. */
export function validateIp(text: string, field: string): FieldError[] {
  return parseIp(text) === undefined ? [invalid(field, text, ipMessage)] : [];
}

/** A range of addresses of either family. */
export function validateCidr(text: string, field: string): FieldError[] {
  return parseCidr(text) === undefined ? [invalid(field, text, cidrMessage)] : [];
}

/** An address to which traffic can be sent from other machines. */
export function validateEndpointIp(text: string, field: string): FieldError[] {
  const address = parseIp(text);
  if (address === undefined) return [invalid(field, text, ipMessage)];
  const { family, value } = unmapped(address);
  const isIn = (base: string, length: number) => {
    const range = parseIp(base);
    const shift = BigInt(bitsOf(family) - length);
    return range?.family === family && value >> shift === range.value >> shift;
  };
  const messages: string[] = [];
  if (value === 0n) messages.push(`may not be unspecified (${text})`);
  if (isIn("127.0.0.0", 8) || isIn("::1", 128)) {
    messages.push("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  }
  if (isIn("169.254.0.0", 16) || isIn("fe80::", 10)) {
    messages.push("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (isIn("224.0.0.0", 24) || isIn("ff02::", 16)) {
    messages.push("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
  return invalidEach(field, text, messages);
}

/** ::ffff:a.b.c.d means a.b.c.d to everyone who opens a connection. */
export function unmapped(address: IpAddress): IpAddress {
  return address.family === "IPv6" && address.value >> 32n === 0xffffn
    ? { family: "IPv4", value: address.value & 0xffffffffn }
    : address;
}

/** A port's number, or the name of a container's port. */
export function validatePortReference(port: IntOrString, field: string): FieldError[] {
  return invalidEach(field, port, typeof port === "number" ? portNumber(port) : portName(port));
}
