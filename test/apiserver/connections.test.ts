import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as http2Connect } from "node:http2";
import { createServer, connect as tcpConnect } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { jsonAnswer } from "../../src/apiserver/exchange.ts";
import { HttpListener } from "../../src/apiserver/http/listener.ts";
import { errorAnswer } from "../../src/apiserver/pipeline.ts";
import { silentLogger } from "../../src/lib/log.ts";
import { seededRandom } from "../api/seeded-random.ts";
import { httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

// Connections that do what no client should, with a certificate and without.

let lab: Lab;
before(async () => {
  lab = await startLab();
});
after(async () => {
  await lab[Symbol.asyncDispose]();
});

const namespace = "/api/v1/namespaces/default";
const head = "host: api\r\ncontent-type: application/json\r\n";
const upgrade = "connection: Upgrade\r\nupgrade: websocket\r\n";
/** With it every HTTP/2 connection begins (RFC 9113 §3.4). */
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** What is sent over HTTP/1.1, whole or in part. */
const texts = [
  `GET ${namespace}/pods?watch=1 HTTP/1.1\r\n${head}\r\n`,
  `GET ${namespace}/configmaps HTTP/1.1\r\n${head}\r\n`.repeat(20),
  `POST ${namespace}/configmaps HTTP/1.1\r\n${head}content-length: 200000\r\n\r\n${"x".repeat(100_000)}`,
  `POST ${namespace}/configmaps HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\n5\r\nabcde\r\nzz`,
  `POST ${namespace}/pods/x/exec HTTP/1.1\r\n${head}${upgrade}\r\n${"y".repeat(50_000)}`,
  `GET /healthz HTTP/1.1\r\n${head}${upgrade}\r\n`,
  "CONNECT example.org:1 HTTP/1.1\r\nhost: api\r\n\r\n",
  `POST /healthz HTTP/1.1\r\n${head}expect: 100-continue\r\ncontent-length: 9\r\n\r\n`,
  `GET /${"a".repeat(70_000)} HTTP/1.1\r\n\r\n`,
  preface,
  "\0\0\0 no HTTP at all\r\n\r\n",
];
const paths = [`${namespace}/pods?watch=1`, `${namespace}/configmaps`, "/healthz", "/openapi/v3"];

const credentials = (random: () => number) => (random() < 0.8 ? lab.admin : {});

async function open(protocol: string, random: () => number) {
  const raw = tcpConnect({ host: "127.0.0.1", port: lab.port });
  const options = { ca: lab.authority.cert, ...credentials(random), host: "127.0.0.1" };
  const socket = tlsConnect({ socket: raw, ALPNProtocols: [protocol], ...options });
  for (const end of [raw, socket]) end.on("error", () => {});
  await once(socket, "secureConnect");
  return { raw, socket };
}

function hangUp(end: Awaited<ReturnType<typeof open>>, random: () => number): void {
  if (random() < 0.5) end.raw.resetAndDestroy();
  else end.socket.destroy();
}

async function speakHttp1(random: () => number): Promise<void> {
  const end = await open("http/1.1", random);
  const text = texts[Math.floor(random() * texts.length)] ?? "";
  end.socket.write(text.slice(0, random() < 0.5 ? text.length : text.length * random()), "latin1");
  end.socket.resume();
  await sleep(random() * 10);
  hangUp(end, random);
}

async function speakNonsense(random: () => number): Promise<void> {
  const end = await open("h2", random);
  const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
  const noise = Array.from({ length: random() * 2000 }, () => random() * 256);
  end.socket.write(preface);
  end.socket.write(Buffer.from([...settings, ...noise]));
  end.socket.resume();
  await sleep(random() * 10);
  hangUp(end, random);
}

async function speakHttp2(random: () => number): Promise<void> {
  const session = http2Connect(lab.url, { ca: lab.authority.cert, ...credentials(random) });
  session.on("error", () => {});
  for (let i = 0; i < 8; i++) {
    const path = paths[Math.floor(random() * paths.length)] ?? "/";
    const method = random() < 0.5 ? "GET" : "POST";
    const stream = session.request({ ":method": method, ":path": path }, { endStream: false });
    stream.on("error", () => {});
    if (random() < 0.5) stream.write("{".repeat(random() * 100_000));
    if (random() < 0.3) stream.end();
    if (random() < 0.3) stream.close(Math.floor(random() * 13));
  }
  await sleep(random() * 20);
  session.destroy();
}

test("the server survives connections that are cut at random moments", async () => {
  const seed = Date.now() % 1_000_000;
  const random = seededRandom(seed);
  const ways = [speakHttp1, speakHttp2, speakNonsense];
  for (let i = 0; i < 90; i++) await ways[i % ways.length]?.(random);
  using client = httpClient(lab, null);
  assert.equal((await client.get("/healthz")).status, 200, `seed ${seed}`);
});

test("a connection that comes after the end is cut", async () => {
  const other = await startLab();
  const server = createServer((socket) => other.server.accept(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  await other[Symbol.asyncDispose]();
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const late = tcpConnect(address.port, "127.0.0.1").resume();
  await once(late, "close", { signal: AbortSignal.timeout(60_000) });
  await new Promise((resolve) => server.close(resolve));
});

test("who keeps a connection and says nothing loses it", async (t) => {
  const serving = await lab.authority.issueServer({
    commonName: "api",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  const listener = new HttpListener({
    tls: { ...serving, clientCa: lab.authority.cert },
    log: silentLogger,
    async answer(request) {
      if (request.method === "GET") return jsonAnswer(200, {});
      return request.readBody().then(
        () => jsonAnswer(200, {}),
        (error) => errorAnswer(error, silentLogger, request.path),
      );
    },
    upgrade: async () => {},
    // A head that comes whole is never late, however slow this machine is.
    patience: { idleMs: 200, headMs: 2_000, bodyMs: 200 },
  });
  const server = createServer((socket) => listener.accept(socket)).listen(0, "127.0.0.1");
  t.after(() => {
    listener.close();
    server.close();
  });
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  const at = { host: "127.0.0.1", port: address.port, ca: lab.authority.cert };
  const signal = AbortSignal.timeout(60_000);

  const session = http2Connect(`https://127.0.0.1:${address.port}`, at);
  session.on("error", () => {});
  session
    .request({ ":path": "/" })
    .on("error", () => {})
    .resume();
  const slow = tlsConnect({ ...at, ALPNProtocols: ["http/1.1"] });
  slow.write("GET / HTTP/1.1\r\nhos");
  const late = tlsConnect({ ...at, ALPNProtocols: ["http/1.1"] });
  late.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{");
  const [[answer]] = await Promise.all([
    once(late, "data", { signal }),
    once(session, "close", { signal }),
    ending(slow, signal),
    once(late, "close", { signal }),
  ]);
  assert.match(String(answer), /^HTTP\/1\.1 504 /);
});

async function ending(socket: TLSSocket, signal: AbortSignal): Promise<void> {
  socket.resume();
  await once(socket, "close", { signal });
}
