import { PortolanError } from "../lib/errors.ts";
import { type IpAddress, parseIp } from "../lib/ip.ts";
import type { Endpoint } from "../lib/sockets.ts";

/** Reads an address literal, or throws `INVALID_ADDRESS`: a name must have been resolved before. */
export function requireIp(text: string): IpAddress {
  const address = parseIp(text);
  if (address !== undefined) return address;
  throw new PortolanError(
    "INVALID_ADDRESS",
    `Cannot use the address "${text}": it is no IP literal, an IPv4 or IPv6 address is needed`,
  );
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
