// Stands in for the image serve_hostname: answers every request with the host name, without a line end.
// This file runs inside pods, alone: it may import nothing but Node's own modules.
import { createSocket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { hostname } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "9376" },
    http: { type: "boolean", default: true },
    tcp: { type: "boolean", default: false },
    udp: { type: "boolean", default: false },
    close: { type: "boolean", default: false },
  },
  allowNegative: true,
  strict: false,
});

const port = Number(values.port);
const name = hostname();
const say = (text: string) => process.stdout.write(`${new Date().toISOString()} ${text}\n`);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));

if (values.udp === true) {
  const socket = createSocket("udp4");
  socket.on("message", (_, peer) => {
    // Port 0 cannot be answered at; a client that is gone is no fault.
    if (peer.port > 0) socket.send(name, peer.port, peer.address, () => {});
  });
  socket.bind(port, () => say(`Serving on UDP port ${port}`));
}
if (values.tcp === true) {
  const server = createTcpServer((socket) => socket.on("error", () => {}).end(name));
  server.listen(port, () => say(`Serving on TCP port ${port}`));
} else if (values.http === true) {
  const server = createHttpServer((request, response) => {
    say(`HTTP request from ${request.socket.remoteAddress}:${request.socket.remotePort}`);
    if (values.close === true) response.setHeader("Connection", "close");
    response.setHeader("Content-Type", "text/plain; charset=utf-8");
    response.end(name);
  });
  server.listen(port, () => say(`Serving on port ${port}`));
}
