// The echo server: over HTTP, TCP and UDP it says who answers, and who called from which address.
// This file runs inside pods, alone: it may import nothing but Node's own modules.
import { createSocket } from "node:dgram";
import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { hostname } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";

/** Longest request body that is given back, in bytes. */
const BODY_BYTES_MAX = 65_536;

const { values } = parseArgs({
  options: {
    http: { type: "string", multiple: true },
    tcp: { type: "string", multiple: true },
    udp: { type: "string", multiple: true },
  },
  strict: false,
});

const name = hostname();

/** Ports of a protocol: `--http=8080` (may be repeated), else `HTTP_PORT=8080,8081`, else none. */
function portsOf(protocol: "http" | "tcp" | "udp"): number[] {
  const given = values[protocol] ?? process.env[`${protocol.toUpperCase()}_PORT`]?.split(",") ?? [];
  return [given].flat().map(Number);
}

const asked = { http: portsOf("http"), tcp: portsOf("tcp"), udp: portsOf("udp") };
const nothingAsked = Object.values(asked).every((ports) => ports.length === 0);
const ports = nothingAsked ? { http: [8080], tcp: [9000], udp: [9000] } : asked;

function endpoint(address: string | undefined, port: number | undefined): string {
  const plain = (address ?? "").replace(/^::ffff:/, "");
  return plain.includes(":") ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/** One line, the same for all protocols. */
function introduction(protocol: string, client: string, server: string): string {
  return `${protocol} ${client} -> ${server} answered by ${name}\n`;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));

for (const port of ports.http) {
  const server = createHttpServer((request, response) => {
    void readBody(request).then((body) => {
      const { remoteAddress, remotePort, localAddress, localPort } = request.socket;
      const client = endpoint(remoteAddress, remotePort);
      const here = endpoint(localAddress, localPort);
      process.stdout.write(introduction("HTTP", client, here));
      const path = request.url?.split("?", 1)[0];
      if (path === "/hostname") return response.end(name);
      if (path === "/clientip") return response.end(client);
      response.setHeader("Content-Type", "application/json");
      const answer = {
        hostname: name,
        protocol: "HTTP",
        client,
        server: here,
        method: request.method,
        path: request.url,
        headers: request.headers,
        body,
      };
      return response.end(`${JSON.stringify(answer, null, 2)}\n`);
    });
  });
  server.listen(port);
}

for (const port of ports.tcp) {
  const server = createTcpServer((socket) => {
    socket.on("error", () => socket.destroy());
    const client = endpoint(socket.remoteAddress, socket.remotePort);
    const text = introduction("TCP", client, endpoint(socket.localAddress, socket.localPort));
    process.stdout.write(text);
    socket.write(text);
    socket.pipe(socket);
  });
  server.listen(port);
}

for (const port of ports.udp) {
  const socket = createSocket("udp4");
  socket.on("message", (message, peer) => {
    const client = endpoint(peer.address, peer.port);
    const text = introduction("UDP", client, `${name}:${port}`);
    process.stdout.write(text);
    // Port 0 cannot be answered at, and an echo may be too large for a datagram: its sender is the one to miss it.
    if (peer.port > 0) socket.send([text, message], peer.port, peer.address, () => {});
  });
  socket.bind(port);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      bytes += chunk.length;
      if (bytes <= BODY_BYTES_MAX) chunks.push(chunk);
    }
  } catch {
    // The caller went away; there is nobody to answer.
  }
  return Buffer.concat(chunks).toString();
}
