import { endianness } from "node:os";
import type { IpAddress } from "../lib/ip.ts";
import type { Endpoint } from "../lib/sockets.ts";
import { AF_INET, AF_INET6 } from "./ffi.ts";
import { requireIp } from "./ip-literal.ts";

/** The kernel's number for the family of an address. */
export function addressFamily(address: IpAddress): number {
  return address.family === "IPv4" ? AF_INET : AF_INET6;
}

/** The address in network byte order: 4 or 16 bytes. */
export function addressBytes(address: IpAddress): Buffer {
  if (address.family === "IPv4") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(Number(address.value));
    return bytes;
  }
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64BE(address.value >> 64n, 0);
  bytes.writeBigUInt64BE(address.value & 0xffffffffffffffffn, 8);
  return bytes;
}

/** `sockaddr_in` or `sockaddr_in6`. The family is in host order, everything else in network order. */
export function socketAddress(endpoint: Endpoint): { bytes: Buffer; family: number } {
  const address = requireIp(endpoint.host);
  const family = addressFamily(address);
  const bytes = Buffer.alloc(family === AF_INET ? 16 : 28);
  if (endianness() === "LE") bytes.writeUInt16LE(family, 0);
  else bytes.writeUInt16BE(family, 0);
  bytes.writeUInt16BE(endpoint.port, 2);
  addressBytes(address).copy(bytes, family === AF_INET ? 4 : 8);
  return { bytes, family };
}
