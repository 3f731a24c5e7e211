import { createSocket } from "node:dgram";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Responder } from "../src/dns/answer.ts";
import { createCounters } from "../src/dns/counters.ts";
import { serveDns } from "../src/dns/serve.ts";
import { createZoneSource } from "../src/dns/zone/source.ts";
import { Zone } from "../src/dns/zone/zone.ts";
import { hostSockets } from "../src/kernel/host-sockets.ts";
import { silentLogger } from "../src/lib/log.ts";
import { type Row, report, summarize } from "./report.ts";

// Queries a second: the answer function alone, and the plain server (one dgram socket, one thread) over the loopback
// with a generator in a thread of its own: 4 sockets, 8 queries outstanding on each. The echo is the limit: the same
// socket and generator, and nothing between them.

const SERVICES = 10_000;
const ENDPOINTS = 1000;
const ROUNDS = 5;
const ROUND_MS = 1000;
const SOCKETS = 4;
const OUTSTANDING = 8;

interface Load {
  readonly port: number;
  readonly kind: Kind;
}

interface Result {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

const kinds = ["A", "AAAA, none", "SRV", "unknown name", "A, headless of 1000"] as const;
type Kind = (typeof kinds)[number];

/** How many records an answer must have, so that a fast wrong answer is no result. */
const answersOf: Readonly<Record<Kind, (count: number) => boolean>> = {
  A: (count) => count === 1,
  "AAAA, none": (count) => count === 0,
  SRV: (count) => count === 1,
  "unknown name": (count) => count === 0,
  "A, headless of 1000": (count) => count > 20,
};

function queries(kind: Kind): Buffer[] {
  return Array.from({ length: 10_000 }, () => queryFor(kind, Math.floor(Math.random() * SERVICES)));
}

function queryFor(kind: Kind, i: number): Buffer {
  const service = `svc-${i}.ns-${i % 100}.svc.cluster.local`;
  switch (kind) {
    case "A":
      return query(service, 1);
    case "AAAA, none":
      return query(service, 28);
    case "SRV":
      return query(`_http._tcp.${service}`, 33);
    case "unknown name":
      return query(`www.example.org.ns-${i % 100}.svc.cluster.local`, 1);
    case "A, headless of 1000":
      return query("big.ns-0.svc.cluster.local", 1);
  }
}

function query(name: string, type: number): Buffer {
  const labels = name.split(".").flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  const head = Buffer.from("000001000001000000000000", "hex");
  return Buffer.concat([head, ...labels, Buffer.of(0, 0, type, 0, 1)]);
}

if (isMainThread) await main();
else await generate(workerData);

async function main(): Promise<void> {
  const zone = fullZone();
  const counters = createCounters();
  const responder = new Responder({
    zone,
    fallthrough: [],
    minimalAny: false,
    udpBytesMax: 65_507,
    random: Math.random,
    counters,
  });
  const rows: Row[] = [];
  for (const kind of kinds)
    rows.push({ what: `function: ${kind}`, ...functionOnly(responder, kind) });

  await using server = await serveDns({
    sockets: hostSockets,
    addresses: [{ host: "127.0.0.1", port: 0 }],
    responder,
    counters,
    log: silentLogger,
  });
  const port = server.addresses[0]?.port ?? 0;
  const answered = () => counters.rcodes.reduce((sum, count) => sum + count, 0);
  for (const kind of kinds) {
    rows.push({ what: `UDP server: ${kind}`, ...(await overUdp({ port, kind }, answered)) });
  }
  const { echoed, ...echo } = await openEcho();
  rows.push({ what: "UDP echo", ...(await overUdp({ port: echo.port, kind: "A" }, echoed)) });
  echo.close();
  report(
    "dns",
    rows,
    `${SERVICES} Services and one headless of ${ENDPOINTS} endpoints, without EDNS`,
  );
}

/** Rounds of a load; `answered` counts what the server has sent since it began. */
async function overUdp(workload: Load, answered: () => number): Promise<Omit<Row, "what">> {
  const results: Result[] = [];
  const cpuUs: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const countBefore = answered();
    const before = process.threadCpuUsage();
    const result = await load(workload);
    const used = process.threadCpuUsage(before);
    // The first round warms both sides up.
    if (round === 0) continue;
    results.push(result);
    cpuUs.push((used.user + used.system) / (answered() - countBefore));
  }
  const rates = summarize(results.map(({ perSecond }) => perSecond));
  return {
    "queries/s": rates.p50,
    "min/s": rates.min,
    "max/s": rates.max,
    "server CPU us/query": summarize(cpuUs).p50,
    "p50 us": summarize(results.map(({ p50Us }) => p50Us)).p50,
    "p99 us": summarize(results.map(({ p99Us }) => p99Us)).p50,
  };
}

/** Sends every packet back as it came, but for the count of answers that the generator looks at. */
async function openEcho() {
  const socket = await hostSockets.bindUdp({ host: "127.0.0.1", port: 0 });
  let count = 0;
  socket.on("message", (packet, { port, address }) => {
    packet.writeUInt16BE(1, 6);
    count++;
    socket.send(packet, port, address);
  });
  return { port: socket.address().port, echoed: () => count, close: () => socket.close() };
}

function fullZone(): Zone {
  const zone = new Zone({
    clusterDomain: "cluster.local",
    reverseZones: [],
    ttlSeconds: 5,
    podRecords: "disabled",
    hideEmpty: false,
    zonalNames: false,
    now: Date.now,
    random: Math.random,
  });
  const source = createZoneSource(zone.objects, {
    endpointNames: "address",
    endpoints: true,
    namespaces: [],
  });
  for (let i = 0; i < SERVICES; i++) {
    const metadata = { name: `svc-${i}`, namespace: `ns-${i % 100}` };
    const clusterIPs = [`172.30.${i >> 8}.${i & 255}`];
    const ports = [{ name: "http", protocol: "TCP", port: 80 }];
    source.onService({ type: "ADDED", object: { metadata, spec: { clusterIPs, ports } } });
  }
  const big = { name: "big", namespace: "ns-0" };
  source.onService({ type: "ADDED", object: { metadata: big, spec: { clusterIPs: ["None"] } } });
  for (let i = 0; i < ENDPOINTS / 100; i++) {
    const labels = { "kubernetes.io/service-name": "big" };
    const endpoints = Array.from({ length: 100 }, (_, j) => ({
      addresses: [`10.0.${i}.${j + 1}`],
    }));
    const metadata = { name: `big-${i}`, namespace: "ns-0", labels };
    source.onSlice({ type: "ADDED", object: { metadata, addressType: "IPv4", endpoints } });
  }
  zone.markSynced();
  return zone;
}

/** The answer function, without sockets. */
function functionOnly(responder: Responder, kind: Kind): Row {
  const packets = queries(kind);
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const startMs = performance.now();
    let done = 0;
    for (; performance.now() - startMs < ROUND_MS / 2; ) {
      for (const packet of packets) {
        const reply = responder.answer(packet, "udp");
        if (!(reply instanceof Buffer) || !answersOf[kind](reply.readUInt16BE(6))) {
          throw new Error(`wrong answer to ${kind}`);
        }
        done++;
      }
    }
    if (round > 0) rates.push((done / (performance.now() - startMs)) * 1000);
  }
  const { min, p50, max } = summarize(rates);
  const perQuery = 1e6 / p50;
  return {
    "queries/s": p50,
    "min/s": min,
    "max/s": max,
    "server CPU us/query": perQuery,
    "p50 us": "-",
    "p99 us": "-",
  };
}

function load(workload: Load): Promise<Result> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: workload });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Keeps queries outstanding on a few sockets for the length of a round. */
async function generate({ port, kind }: Load): Promise<void> {
  const packets = queries(kind);
  const latencies: number[] = [];
  let answered = 0;
  let next = 0;
  const sockets = await Promise.all(
    Array.from({ length: SOCKETS }, async () => {
      const socket = createSocket({ type: "udp4", recvBufferSize: 4 * 2 ** 20 });
      await new Promise<void>((resolve) => socket.connect(port, "127.0.0.1", resolve));
      return socket;
    }),
  );
  const startMs = performance.now();
  const sentMs = new Float64Array(SOCKETS * 65_536);
  for (const [index, socket] of sockets.entries()) {
    let id = 0;
    const send = () => {
      const packet = packets[next++ % packets.length];
      if (packet === undefined) return;
      id = (id + 1) & 0xffff;
      packet.writeUInt16BE(id, 0);
      sentMs[index * 65_536 + id] = performance.now();
      socket.send(packet);
    };
    socket.on("message", (reply) => {
      if (!answersOf[kind](reply.readUInt16BE(6))) throw new Error(`wrong answer to ${kind}`);
      const took = performance.now() - (sentMs[index * 65_536 + reply.readUInt16BE(0)] ?? 0);
      latencies.push(took * 1000);
      answered++;
      send();
    });
    for (let i = 0; i < OUTSTANDING; i++) send();
  }
  await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  const perSecond = (answered / (performance.now() - startMs)) * 1000;
  for (const socket of sockets) socket.close();
  const { p50, p99 } = summarize(latencies);
  const result: Result = { perSecond, p50Us: p50, p99Us: p99 };
  parentPort?.postMessage(result);
}
