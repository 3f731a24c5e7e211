import type { Duplex } from "node:stream";

const reasons = { 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error" } as const;

/** Answers a request for an upgrade with an ordinary error, and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: keyof typeof reasons, message: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}
