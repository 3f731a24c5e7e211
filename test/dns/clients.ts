import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { systemClock } from "../../src/lib/clock.ts";
import type { Endpoint } from "../../src/lib/sockets.ts";

/** How long a client waits: a loaded machine may be slow, and no test is about that. */
const PATIENCE_MS = 60_000;

/** Tries until the check holds; fails as it does when that takes too long. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; ; ) {
    try {
      await check();
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await systemClock.sleep(20);
    }
  }
}

/** Sends one packet and waits for one; undefined after `waitMs` without an answer. */
export function askUdp(
  to: Endpoint,
  packet: Buffer,
  waitMs = PATIENCE_MS,
): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(to.host.includes(":") ? "udp6" : "udp4");
    const timer = setTimeout(() => finish(undefined), waitMs);
    const finish = (reply: Buffer | undefined) => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    socket.on("error", reject);
    // Connected, so that an answer from another address would not arrive.
    socket.connect(to.port, to.host, () => {
      socket.on("message", finish);
      socket.send(packet);
    });
  });
}

/**
 * Sends packets over one connection, in chunks of `chunkBytes`, and waits for as many answers, or for the server to
 * close it; `untilClosed` waits for that in any case, `isLast` closes its own side first.
 */
export function askTcp(
  to: Endpoint,
  packets: readonly Buffer[],
  { chunkBytes = 65_536, isLast = false, untilClosed = false } = {},
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const replies: Buffer[] = [];
    let pending: Buffer = Buffer.alloc(0);
    const socket = connect(to.port, to.host);
    socket.setNoDelay(true);
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no end after ${replies.length} of ${packets.length} answers`));
    }, PATIENCE_MS);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(replies);
    };
    socket.on("error", reject);
    socket.on("close", finish);
    socket.on("data", (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
        const end = 2 + pending.readUInt16BE(0);
        replies.push(pending.subarray(2, end));
        pending = pending.subarray(end);
      }
      if (replies.length >= packets.length && !untilClosed && !isLast) finish();
    });
    const stream = Buffer.concat(packets.flatMap((packet) => [lengthOf(packet), packet]));
    for (let at = 0; at < stream.length; at += chunkBytes) {
      socket.write(stream.subarray(at, at + chunkBytes));
    }
    if (isLast) socket.end();
  });
}

function lengthOf(packet: Buffer): Buffer {
  return Buffer.of(packet.length >> 8, packet.length & 255);
}
