import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { createServer, type Server, type Socket } from "node:net";
import * as dnsPacket from "dns-packet";
import type { Endpoint } from "../../src/lib/sockets.ts";
import type { Upstream, UpstreamAnswer } from "./case-file.ts";

/** A server for other names, over UDP and TCP on one port of the loopback. */
export interface UpstreamServer extends AsyncDisposable {
  readonly address: Endpoint;
  /** Questions for names in its table, in the order they came: "name TYPE transport". */
  readonly asked: readonly string[];
  answers: Upstream;
  /** Answers nothing, whatever the table says. */
  isSilent: boolean;
  delayMs: number;
  /** Changes an answer on its way out. */
  tamper: (
    reply: Buffer,
    transport: "udp" | "tcp",
    query: dnsPacket.DecodedPacket,
  ) => Buffer | readonly Buffer[];
}

const rcodes: Readonly<Record<string, number>> = {
  NOERROR: 0,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  REFUSED: 5,
};

/** A port that both UDP and TCP can have; a free one of the one may be taken on the other. */
async function bindBoth(tcp: Server): Promise<UdpSocket> {
  for (;;) {
    const udp = createSocket("udp4");
    await new Promise<void>((resolve) => udp.bind(0, "127.0.0.1", resolve));
    const isBound = await new Promise<boolean>((resolve) => {
      tcp.once("error", () => resolve(false));
      tcp.listen(udp.address().port, "127.0.0.1", () => resolve(true));
    });
    tcp.removeAllListeners("error");
    if (isBound) return udp;
    udp.close();
  }
}

export async function openUpstream(answers: Upstream): Promise<UpstreamServer> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const tcp = createServer((socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.once("data", (chunk: Buffer) =>
      answer(chunk.subarray(2), "tcp", (reply) => {
        socket.write(Buffer.concat([Buffer.of(reply.length >> 8, reply.length & 255), reply]));
      }),
    );
  });
  const udp = await bindBoth(tcp);
  const { port } = udp.address();

  const server: UpstreamServer = {
    address: { host: "127.0.0.1", port },
    asked,
    answers,
    isSilent: false,
    delayMs: 0,
    tamper: (reply) => reply,
    [Symbol.asyncDispose]: async () => {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => udp.close(() => resolve()));
      await new Promise<void>((resolve) => tcp.close(() => resolve()));
    },
  };

  function answer(packet: Buffer, transport: "udp" | "tcp", send: (reply: Buffer) => void): void {
    const query = dnsPacket.decode(packet);
    const { name = "", type = "A" } = query.questions?.[0] ?? {};
    const key = Object.keys(server.answers).find(
      (each) => each.toLowerCase() === `${name}. ${type}`.toLowerCase(),
    );
    if (key !== undefined) asked.push(`${name}. ${type} ${transport}`);
    const entry = key === undefined ? { rcode: "NXDOMAIN" } : server.answers[key]!;
    if (server.isSilent || entry === "timeout") return;
    const encoded = encode(query, entry);
    const timer = setTimeout(() => {
      timers.delete(timer);
      const replies = server.tamper(encoded, transport, query);
      for (const reply of Buffer.isBuffer(replies) ? [replies] : replies) send(reply);
    }, server.delayMs);
    timers.add(timer);
  }
  udp.on("message", (packet, { port: clientPort, address }) =>
    answer(packet, "udp", (reply) => udp.send(reply, clientPort, address)),
  );
  return server;
}

function encode(
  query: dnsPacket.DecodedPacket,
  { rcode, an = [], ns = [], tc }: UpstreamAnswer,
): Buffer {
  const flags = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE;
  return dnsPacket.encode({
    type: "response",
    id: query.id ?? 0,
    flags: flags | (tc === true ? dnsPacket.TRUNCATED_RESPONSE : 0) | rcodes[rcode]!,
    questions: query.questions ?? [],
    answers: an.map(recordOf),
    authorities: ns.map(recordOf),
  });
}

/** Reads "owner ttl TYPE rdata". */
function recordOf(text: string): dnsPacket.Answer {
  const [name = "", ttl = "", type = "", ...data] = text.split(" ");
  const head = { name: noDot(name), ttl: Number(ttl) };
  switch (type) {
    case "A":
    case "AAAA":
      return { ...head, type, data: data[0]! };
    case "CNAME":
    case "PTR":
      return { ...head, type, data: noDot(data[0]!) };
    case "SOA": {
      const [mname = "", rname = "", serial, refresh, retry, expire, minimum] = data;
      const numbers = { serial, refresh, retry, expire, minimum };
      const values = Object.entries(numbers).map(([key, value]) => [key, Number(value)]);
      const soa = { mname: noDot(mname), rname: noDot(rname), ...Object.fromEntries(values) };
      return { ...head, type, data: soa };
    }
    default:
      throw new Error(`no upstream answers ${type} here`);
  }
}

function noDot(name: string): string {
  return name.replace(/\.$/, "");
}
