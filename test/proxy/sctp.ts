import { closeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AF_INET,
  bind,
  connect,
  MSG_DONTWAIT,
  receive,
  SOCK_RAW,
  send,
  socket,
} from "../../src/kernel/ffi.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { socketAddress } from "../../src/kernel/socket-address.ts";
import type { Packet } from "../../src/proxy/table/decide.ts";

const IPPROTO_SCTP = 132;

/** Each association has its own, so that the kernel takes none for an older one. */
let sourcePort = 40_000;

/** Where an SCTP packet arrived, and from whom. */
export interface SctpArrival {
  readonly address: string;
  readonly port: number;
  readonly source: string;
}

/**
 * Sends the packet that opens an SCTP association, and catches it where it comes out (IPv4).
 *
 * It is made by hand on raw sockets: many kernels have no SCTP of their own, but forward it.
 */
export async function sendSctpInit(
  packet: Packet,
  from: NetworkNamespace,
  catchIn: readonly NetworkNamespace[],
  timeoutMs: number,
): Promise<SctpArrival | undefined> {
  const raw = () => socket(AF_INET, SOCK_RAW, IPPROTO_SCTP);
  const catchers = catchIn.map((namespace) => namespace.run(raw));
  const sender = from.run(raw);
  try {
    from.run(() => {
      const { source, destination, port } = packet;
      bind(sender, socketAddress({ host: source, port: 0 }).bytes, source);
      connect(sender, socketAddress({ host: destination, port: 0 }).bytes, destination);
      send(sender, initPacket(port));
    });
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += 2) {
      for (const fd of catchers) {
        const bytes = Buffer.alloc(1500);
        if (receive(fd, bytes, MSG_DONTWAIT) !== undefined) return parsePacket(bytes);
      }
      await sleep(2);
    }
    return undefined;
  } finally {
    for (const fd of [sender, ...catchers]) closeSync(fd);
  }
}

/** RFC 9260: a common header of 12 bytes, and a chunk INIT of 20. */
function initPacket(port: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt16BE(sourcePort++, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.writeUInt8(1, 12);
  bytes.writeUInt16BE(20, 14);
  bytes.writeUInt32BE(0x1234, 16);
  bytes.writeUInt32BE(65_536, 20);
  bytes.writeUInt16BE(1, 24);
  bytes.writeUInt16BE(1, 26);
  bytes.writeUInt32BE(1, 28);
  bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

function parsePacket(bytes: Buffer): SctpArrival {
  const headerBytes = (bytes.readUInt8(0) & 15) * 4;
  const ip = (offset: number) => [...bytes.subarray(offset, offset + 4)].join(".");
  return { address: ip(16), port: bytes.readUInt16BE(headerBytes + 2), source: ip(12) };
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}
