import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { Socket as UdpSocket } from "node:dgram";
import { connect } from "node:net";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import * as dnsPacket from "dns-packet";
import type { Resolver } from "../../src/dns/forward/resolver.ts";
import { type DnsServer, defaultServeLimits, serveDns } from "../../src/dns/serve.ts";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import { silentLogger } from "../../src/lib/log.ts";
import type { Endpoint, Sockets } from "../../src/lib/sockets.ts";
import { type Ask, type Case, readCases } from "./case-file.ts";
import { askTcp, askUdp, eventually } from "./clients.ts";
import { expectReply, isPair, packetOf } from "./expect.ts";
import { objectsOf, responderOf, zoneOf } from "./fixtures.ts";

const { cases, defaults, fixtures } = readCases();
const run = promisify(execFile);

const servers = new Map<string, Promise<DnsServer>>();
after(async () => {
  for (const server of servers.values()) await (await server)[Symbol.asyncDispose]();
});

function open(
  { use, set }: Pick<Case, "use" | "set">,
  { limits = defaultServeLimits, sockets = hostSockets } = {},
) {
  const settings = { ...defaults, ...set };
  const objects = objectsOf(use.map((name) => fixtures[name]!));
  const { zone } = zoneOf(settings, objects, Math.random);
  const { responder, options } = responderOf(settings, zone, Math.random);
  return serveDns({
    sockets,
    addresses: [{ host: "127.0.0.1", port: 0 }],
    responder,
    counters: options.counters,
    limits,
    log: silentLogger,
  });
}

/** One server for each kind of settings. */
async function addressFor(each: Pick<Case, "use" | "set">): Promise<Endpoint> {
  const key = JSON.stringify([each.use, each.set]);
  const server = servers.get(key) ?? open(each);
  servers.set(key, server);
  return (await server).addresses[0]!;
}

const simple = cases.filter(
  (each) =>
    each.upstream === undefined &&
    each.repeat === undefined &&
    (each.want?.rcode !== undefined || each.want?.reply !== undefined),
);

describe("over real sockets", { concurrency: 8 }, () => {
  for (const each of simple) {
    const { id, level, q, want } = each;
    const isTcp = !isPair(q!) && q!.tcp === true;
    if (!isTcp) {
      test(`UDP, ${level}: ${id}`, async () => {
        const packet = packetOf(q!);
        const waitMs = want!.reply === "none" ? 200 : undefined;
        expectReply(await askUdp(await addressFor(each), packet, waitMs), packet, want!);
      });
    }
    // Over TCP nothing is cut, so rows about UDP's limits do not apply.
    if (isTcp || (want!.maxBytes === undefined && id !== "axfr-udp")) {
      test(`TCP, ${level}: ${id}`, async () => {
        const packet = packetOf(q!);
        const [reply] = await askTcp(await addressFor(each), [packet]);
        expectReply(reply, packet, want!);
      });
    }
    if (isPair(q!) && want!.maxBytes === undefined && q![1] !== "OPT") {
      test(`UDP with EDNS, ${level}: ${id}`, async () => {
        const [name, type] = q! as readonly [string, string];
        const packet = packetOf({ name, type, edns: { size: 4096 } });
        expectReply(await askUdp(await addressFor(each), packet), packet, want!);
      });
    }
  }
});

const base = { use: ["base"] };
const webA: Ask = ["web.shop.svc.cluster.local.", "A"];

async function dig(...args: readonly string[]): Promise<string> {
  const { host, port } = await addressFor(base);
  const { stdout } = await run("dig", [`@${host}`, "-p", String(port), "+tries=1", ...args]);
  return stdout;
}

const hasDig = await run("dig", ["-v"]).then(
  () => true,
  () => false,
);

describe("dig understands", { skip: hasDig ? false : "dig is not installed" }, () => {
  const rows = [
    { args: ["web.shop.svc.cluster.local", "A", "+short"], want: /^10\.96\.0\.11\n$/ },
    { args: ["web.shop.svc.cluster.local", "A", "+short", "+tcp"], want: /^10\.96\.0\.11\n$/ },
    { args: ["dual.shop.svc.cluster.local", "AAAA", "+short"], want: /^fd00:96::17\n$/ },
    {
      args: ["_http._tcp.web.shop.svc.cluster.local", "SRV", "+short"],
      want: /^0 100 80 web\.shop\./,
    },
    { args: ["-x", "10.96.0.11", "+short"], want: /^web\.shop\.svc\.cluster\.local\.\n$/ },
    { args: ["-x", "fd00:1::1", "+short"], want: /^fd00-1--1\.db\.shop\.svc\.cluster\.local\.\n$/ },
    {
      args: ["nosuch.shop.svc.cluster.local"],
      want: /status: NXDOMAIN[\s\S]*SOA\tns\.dns\.cluster\.local\./,
    },
    { args: ["db.shop.svc.cluster.local", "+noedns", "+noall", "+answer"], want: /(.*\n){4}/ },
    { args: ["web.shop.svc.cluster.local", "+cookie", "+nsid"], want: /10\.96\.0\.11/ },
    { args: ["web.shop.svc.cluster.local", "+edns=1", "+noednsneg"], want: /status: BADVERS/ },
  ] as const;
  for (const { args, want } of rows) {
    test(args.join(" "), async () => {
      const text = await dig(...args);
      assert.match(text, want);
      assert.doesNotMatch(text, /malformed|extra bytes|mismatch/i);
    });
  }
});

test("dns-packet's own queries are answered", async () => {
  const query = dnsPacket.encode({
    type: "query",
    id: 7,
    questions: [{ type: "SRV", name: "_sql._tcp.db.shop.svc.cluster.local" }],
  });
  const reply = dnsPacket.decode((await askUdp(await addressFor(base), query))!);
  assert.equal(reply.id, 7);
  assert.equal(reply.answers?.length, 5);
  assert.equal(reply.additionals?.length, 6);
});

test("TCP: queries in one go, in single bytes, and more than may wait are all answered", async () => {
  const address = await addressFor(base);
  const packets = Array.from({ length: 200 }, (_, i) => packetOf(webA, i));
  const together = await askTcp(address, packets);
  assert.deepEqual(
    together.map((reply) => reply.readUInt16BE(0)),
    packets.map((_, i) => i),
  );
  const single = await askTcp(address, packets.slice(0, 3), { chunkBytes: 1 });
  assert.equal(single.length, 3);
});

test("TCP: a client that closes its side behind its queries gets all answers, then the end", async () => {
  const settings = { ...defaults };
  const { zone } = zoneOf(settings, objectsOf([fixtures["base"]!]), Math.random);
  const slow: Resolver = {
    resolve: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { kind: "failed" };
    },
  };
  const { responder, options } = responderOf(settings, zone, Math.random, slow);
  await using server = await serveDns({
    sockets: hostSockets,
    addresses: [{ host: "127.0.0.1", port: 0 }],
    responder,
    counters: options.counters,
    log: silentLogger,
  });
  const packets = [
    packetOf(["www.example.org.", "A"], 1),
    packetOf(webA, 2),
    packetOf(["www.example.net.", "A"], 3),
  ];
  const replies = await askTcp(server.addresses[0]!, packets, { isLast: true });
  assert.deepEqual(replies.map((reply) => reply.readUInt16BE(0)).toSorted(), [1, 2, 3]);
});

test("TCP: a connection without a query is closed, first and later, and garbage ends it", async () => {
  const untilClosed = true;
  const long = { ...defaultServeLimits, firstQueryMs: 3_600_000, idleMs: 3_600_000 };
  await using impatient = await open(base, { limits: { ...long, firstQueryMs: 150 } });
  assert.deepEqual(await askTcp(impatient.addresses[0]!, [], { untilClosed }), []);
  await using idle = await open(base, { limits: { ...long, idleMs: 300 } });
  const startMs = performance.now();
  const replies = await askTcp(idle.addresses[0]!, [packetOf(webA)], { untilClosed });
  const openMs = performance.now() - startMs;
  assert.equal(replies.length, 1);
  assert.ok(openMs > 250, `closed after ${openMs} ms`);
  const garbage = [Buffer.from("no")];
  assert.deepEqual(await askTcp(idle.addresses[0]!, garbage, { untilClosed }), []);
});

test("TCP: one client may hold so many connections, not more", async () => {
  const limits = { ...defaultServeLimits, connectionsPerClientMax: 2, firstQueryMs: 60_000 };
  await using server = await open(base, { limits });
  const address = server.addresses[0]!;
  const held = [0, 1].map(() => connect(address.port, address.host));
  await Promise.all(held.map((socket) => new Promise((resolve) => socket.on("connect", resolve))));
  // The server resets it, with or without a word before.
  assert.deepEqual(await askTcp(address, [packetOf(webA)]).catch(() => []), []);
  held[0]!.destroy();
  await eventually(async () => assert.equal((await askTcp(address, [packetOf(webA)])).length, 1));
  for (const socket of held) socket.destroy();
});

test("a packet from port 0, which nobody can be answered at, is let go", async () => {
  const bound: UdpSocket[] = [];
  const sockets: Sockets = {
    ...hostSockets,
    bindUdp: async (at) => {
      const socket = await hostSockets.bindUdp(at);
      bound.push(socket);
      return socket;
    },
  };
  await using server = await open(base, { sockets });
  const packet = packetOf(webA);
  const client = { address: "127.0.0.1", family: "IPv4", port: 0, size: packet.length };
  // The kernel lets such a packet in; to send one takes a raw socket, which a test need not have.
  bound[0]!.emit("message", packet, client);
  assert.ok((await askUdp(server.addresses[0]!, packet)) !== undefined);
});

test("a server that cannot have all its addresses leaves none open", async () => {
  const address = await addressFor(base);
  const { zone } = zoneOf(defaults, objectsOf([]), Math.random);
  const { responder, options } = responderOf(defaults, zone, Math.random);
  const addresses = [{ host: "127.0.0.1", port: 0 }, address];
  const opening = serveDns({
    sockets: hostSockets,
    addresses,
    responder,
    counters: options.counters,
    log: silentLogger,
  });
  await assert.rejects(opening, { code: "EADDRINUSE" });
});
