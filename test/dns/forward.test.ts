import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, test } from "node:test";
import type { Responder } from "../../src/dns/answer.ts";
import { defaultCacheOptions } from "../../src/dns/forward/cache.ts";
import { Forwarder } from "../../src/dns/forward/forwarder.ts";
import { serveDns } from "../../src/dns/serve.ts";
import { parseMessage } from "../../src/dns/wire/message.ts";
import { formatName } from "../../src/dns/wire/name.ts";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/lib/log.ts";
import type { Endpoint } from "../../src/lib/sockets.ts";
import { type Ask, type Case, readCases, type Step, type Want } from "./case-file.ts";
import { askUdp } from "./clients.ts";
import { expectReply, packetOf, recordText } from "./expect.ts";
import { type Objects, objectsOf, responderOf, zoneOf } from "./fixtures.ts";
import { openUpstream, type UpstreamServer } from "./upstream-server.ts";

const { cases, defaults, fixtures } = readCases();

/** Stands still until it is moved on: however slow the machine, no server seems silent and nothing ages. */
class MovedClock implements Clock {
  /** Whether waiting is no more than moving on: right where nothing else would happen meanwhile. */
  skipsWaits = false;
  #nowMs = 0;
  now(): number {
    return this.#nowMs;
  }
  monotonicMs(): number {
    return this.#nowMs;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await systemClock.sleep(this.skipsWaits ? 1 : WAIT_MS_MAX, signal);
    if (this.skipsWaits && signal?.aborted !== true) this.#nowMs += ms;
  }
  move(ms: number): void {
    this.#nowMs += ms;
  }
}

/** Longer than any test: what waits is called off before. */
const WAIT_MS_MAX = 3_600_000;

interface SetUp extends AsyncDisposable {
  readonly responder: Responder;
  readonly forwarder: Forwarder;
  readonly upstream: UpstreamServer;
  readonly clock: MovedClock;
  readonly source: ReturnType<typeof zoneOf>["source"];
  readonly objects: Objects;
}

async function setUp(
  each: Pick<Case, "use" | "set" | "upstream">,
  others: readonly Endpoint[] = [],
): Promise<SetUp> {
  const settings = { ...defaults, ...each.set };
  const objects = objectsOf(each.use.map((name) => fixtures[name]!));
  const { zone, source } = zoneOf(settings, objects, Math.random);
  const upstream = await openUpstream(each.upstream ?? {});
  const clock = new MovedClock();
  const end = new AbortController();
  const { max, staleTtl } = settings.cache ?? {};
  const forwarder = new Forwarder({
    upstreams: { servers: [...others, upstream.address], sockets: hostSockets },
    cache: {
      ...defaultCacheOptions,
      ...(max === undefined ? {} : { positiveSecondsMax: max, negativeSecondsMax: max }),
      ...(staleTtl === undefined ? {} : { staleTtlSeconds: staleTtl }),
    },
    waitingMax: settings.forward?.maxConcurrent ?? 1000,
    clock,
    nextId: () => Math.floor(Math.random() * 65_536),
    log: silentLogger,
    signal: end.signal,
  });
  const { responder } = responderOf(settings, zone, Math.random, forwarder);
  return {
    responder,
    forwarder,
    upstream,
    clock,
    source,
    objects,
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await upstream[Symbol.asyncDispose]();
    },
  };
}

async function ask(responder: Responder, q: Ask, transport: "udp" | "tcp" = "udp") {
  const query = packetOf(q);
  return { query, reply: await responder.answer(query, transport) };
}

describe("forwarded names", { concurrency: 8 }, () => {
  for (const each of cases.filter(({ upstream, q }) => upstream !== undefined && q !== undefined)) {
    test(`${each.level}: ${each.id}`, async () => {
      await using world = await setUp(each);
      world.clock.skipsWaits = Object.values(each.upstream!).includes("timeout");
      const { query, reply } = await ask(world.responder, each.q!);
      expectReply(reply, query, each.want!);
      assert.ok(world.clock.now() < 5000, "within the client's 5 s");
    });
  }

  for (const each of cases.filter(({ steps }) => steps !== undefined)) {
    if (each.id === "seq-loop-detected") continue;
    test(`${each.level}: ${each.id}`, async () => {
      await using world = await setUp(each);
      const saved = new Map<string, number>();
      for (const step of each.steps!) await follow(world, step, saved);
    });
  }

  test("own: seq-loop-detected", async () => {
    const settings = { ...defaults };
    const { zone } = zoneOf(settings, objectsOf([fixtures["base"]!]), Math.random);
    const servers: Endpoint[] = [];
    const end = new AbortController();
    const forwarder = new Forwarder({
      upstreams: { servers, sockets: hostSockets },
      cache: defaultCacheOptions,
      waitingMax: 1000,
      clock: new MovedClock(),
      nextId: () => Math.floor(Math.random() * 65_536),
      log: silentLogger,
      signal: end.signal,
    });
    const { responder, options } = responderOf(settings, zone, Math.random, forwarder);
    await using server = await serveDns({
      sockets: hostSockets,
      addresses: [{ host: "127.0.0.1", port: 0 }],
      responder,
      counters: options.counters,
      log: silentLogger,
    });
    servers.push(...server.addresses);
    const packet = packetOf(["www.example.org.", "A"]);
    expectReply(await askUdp(server.addresses[0]!, packet), packet, { rcode: "SERVFAIL" });
    assert.ok(forwarder.counters.loopsDetected >= 1);
    assert.ok(options.counters.queries.udp < 10, "a loop is no storm");
    const web = packetOf(["web.shop.svc.cluster.local.", "A"]);
    expectReply(await askUdp(server.addresses[0]!, web), web, {
      rcode: "NOERROR",
      an: ["~ 5 A 10.96.0.11"],
    });
    end.abort();
  });

  test("equal questions under way are asked once", async () => {
    await using world = await setUp({ use: ["base"], upstream: wwwAnswers });
    world.upstream.delayMs = 100;
    const replies = await Promise.all(
      Array.from({ length: 50 }, () => ask(world.responder, ["www.example.org.", "A"])),
    );
    for (const { query, reply } of replies) expectReply(reply, query, wwwWant);
    assert.equal(world.upstream.asked.length, 1);
  });

  test("a truncated answer is asked for again over TCP", async () => {
    await using world = await setUp({ use: ["base"], upstream: wwwAnswers });
    world.upstream.tamper = (reply, transport) => {
      if (transport === "udp") reply.writeUInt16BE(reply.readUInt16BE(2) | 0x0200, 2);
      return reply;
    };
    const { query, reply } = await ask(world.responder, ["www.example.org.", "A"]);
    expectReply(reply, query, wwwWant);
    assert.deepEqual(world.upstream.asked, ["www.example.org. A udp", "www.example.org. A tcp"]);
  });

  test("an answer with another id is not taken, the right one behind it is", async () => {
    await using world = await setUp({ use: ["base"], upstream: wwwAnswers });
    world.upstream.tamper = (reply) => {
      const forged = Buffer.from(reply);
      forged.writeUInt16BE((reply.readUInt16BE(0) + 1) & 0xffff, 0);
      forged[forged.length - 1] = 66;
      return [forged, reply];
    };
    const { query, reply } = await ask(world.responder, ["www.example.org.", "A"]);
    expectReply(reply, query, wwwWant);
  });

  test("an answer to another question is not taken, TCP has the right one", async () => {
    await using world = await setUp({ use: ["base"], upstream: wwwAnswers });
    world.upstream.tamper = (reply, transport) => {
      const changed = Buffer.from(reply);
      if (transport === "udp") changed[13] = 0x78;
      return changed;
    };
    const { query, reply } = await ask(world.responder, ["www.example.org.", "A"]);
    expectReply(reply, query, wwwWant);
  });

  test("a server that nobody listens at is passed over, and comes last afterwards", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const address = closed.address();
    assert.ok(typeof address === "object" && address !== null);
    await new Promise((resolve) => closed.close(resolve));
    const dead = { host: "127.0.0.1", port: address.port };
    await using world = await setUp({ use: ["base"], upstream: wwwAnswers }, [dead]);
    const { query, reply } = await ask(world.responder, ["www.example.org.", "A"]);
    expectReply(reply, query, wwwWant);
    const failures = world.forwarder.counters.upstreamFailures;
    await ask(world.responder, ["www2.example.org.", "A"]);
    assert.equal(world.forwarder.counters.upstreamFailures, failures);
  });

  test("a denial is remembered for the SOA's minimum, not for its TTL", async () => {
    const soa = "example.org. 300 SOA ns.example.org. host.example.org. 1 2 3 4 7";
    const upstream = { "gone.example.org. A": { rcode: "NXDOMAIN", ns: [soa] } };
    await using world = await setUp({ use: ["base"], upstream });
    await ask(world.responder, ["gone.example.org.", "A"]);
    world.clock.move(6000);
    await ask(world.responder, ["gone.example.org.", "A"]);
    assert.equal(world.upstream.asked.length, 1);
    world.clock.move(2000);
    await ask(world.responder, ["gone.example.org.", "A"]);
    assert.equal(world.upstream.asked.length, 2);
  });

  test("an alias without addresses behind it is remembered as a denial, without SOA not at all", async () => {
    const an = [
      "www.example.org. 300 CNAME a.example.org.",
      "other.example.org. 300 A 203.0.113.7",
    ];
    const soa = "example.org. 300 SOA ns.example.org. host.example.org. 1 2 3 4 7";
    const upstream = { "www.example.org. A": { rcode: "NOERROR", an } };
    await using world = await setUp({ use: ["base"], upstream });
    await ask(world.responder, ["www.example.org.", "A"]);
    world.upstream.answers = { "www.example.org. A": { rcode: "NOERROR", an, ns: [soa] } };
    await ask(world.responder, ["www.example.org.", "A"]);
    assert.equal(world.upstream.asked.length, 2);
    world.clock.move(6000);
    await ask(world.responder, ["www.example.org.", "A"]);
    assert.equal(world.upstream.asked.length, 2);
    world.clock.move(2000);
    await ask(world.responder, ["www.example.org.", "A"]);
    assert.equal(world.upstream.asked.length, 3);
  });

  test("a remembered answer begins with each of its addresses in turn, behind its aliases", async () => {
    const an = [
      "www.example.org. 300 CNAME a.example.org.",
      ...[1, 2, 3, 4].map((i) => `a.example.org. 300 A 203.0.113.${i}`),
    ];
    const upstream = { "www.example.org. A": { rcode: "NOERROR", an } };
    await using world = await setUp({ use: ["base"], upstream });
    const firsts = new Set<string>();
    // With four addresses a hundred rounds miss one by chance once in 10^12.
    for (let i = 0; i < 100; i++) {
      const { reply } = await ask(world.responder, ["www.example.org.", "A"]);
      const texts = parseMessage(reply!)!.answers.map(recordText);
      assert.equal(texts[0], an[0]);
      assert.deepEqual(texts.toSorted(), an.toSorted());
      firsts.add(texts[1]!);
    }
    assert.equal(firsts.size, 4);
    assert.equal(world.upstream.asked.length, 1);
  });

  const authentic = [
    { name: "who sets AD hears that an answer was proved", flags: 0x0120, wantsBit: true },
    { name: "who sets DO hears it", flags: 0x0100, do: true, wantsBit: true },
    { name: "who does neither does not", flags: 0x0100, wantsBit: false },
    { name: "an alias of ours was not proved", flags: 0x0120, alias: true, wantsBit: false },
  ];
  for (const { name, flags, wantsBit, ...row } of authentic) {
    test(`AD: ${name}`, async () => {
      const upstream = {
        ...wwwAnswers,
        "www.example.net. A": { rcode: "NOERROR", an: ["www.example.net. 300 A 203.0.113.9"] },
      };
      await using world = await setUp({ use: ["base"], upstream });
      const asked: boolean[] = [];
      world.upstream.tamper = (reply, _, query) => {
        asked.push(query.flag_ad);
        reply.writeUInt16BE(reply.readUInt16BE(2) | 0x0020, 2);
        return reply;
      };
      const asks = row.alias === true ? "ext.shop.svc.cluster.local." : "www.example.org.";
      const packet = packetOf({
        name: asks,
        type: "A",
        ...(row.do === true ? { edns: { do: true } } : {}),
      });
      packet.writeUInt16BE(flags, 2);
      const reply = parseMessage((await world.responder.answer(packet, "udp"))!)!;
      assert.equal((reply.flags & 0x0020) !== 0, wantsBit);
      assert.equal(reply.rcode, 0);
      // The probe for loops asks like every question.
      assert.ok(asked.length > 0 && asked.every((isSet) => isSet));
    });
  }

  for (const rcode of [1, 4]) {
    test(`a server that answers EDNS with code ${rcode} is asked again without`, async () => {
      await using world = await setUp({ use: ["base"], upstream: wwwAnswers });
      world.upstream.tamper = (reply, _, { additionals = [] }) => {
        if (additionals.length === 0) return reply;
        // The header alone, as such servers send it.
        const refusal = Buffer.alloc(12);
        refusal.set(reply.subarray(0, 2));
        refusal.writeUInt16BE(0x8180 | rcode, 2);
        return refusal;
      };
      const { query, reply } = await ask(world.responder, ["www.example.org.", "A"]);
      expectReply(reply, query, wwwWant);
      assert.equal(world.upstream.asked.length, 2);
    });
  }

  test("an answer too large for the client is cut and marked", async () => {
    const an = Array.from({ length: 60 }, (_, i) => `www.example.org. 60 A 203.0.113.${i}`);
    const upstream = { "www.example.org. A": { rcode: "NOERROR", an } };
    await using world = await setUp({ use: ["base"], upstream });
    const { query, reply } = await ask(world.responder, ["www.example.org.", "A"]);
    expectReply(reply, query, { rcode: "NOERROR", tc: true, anCount: 29, maxBytes: 512 });
    const whole = await ask(world.responder, ["www.example.org.", "A"], "tcp");
    expectReply(whole.reply, whole.query, { rcode: "NOERROR", anCount: 60, maxBytes: 65_535 });
  });

  test("SERVFAIL of one server is not the last word, that of all is SERVFAIL", async () => {
    await using bad = await openUpstream({ "www.example.org. A": { rcode: "SERVFAIL" } });
    await using world = await setUp({ use: ["base"], upstream: wwwAnswers }, [bad.address]);
    const first = await ask(world.responder, ["www.example.org.", "A"]);
    expectReply(first.reply, first.query, wwwWant);
    world.upstream.answers = { "x.example.org. A": { rcode: "REFUSED" } };
    bad.answers = { "x.example.org. A": { rcode: "SERVFAIL" } };
    const second = await ask(world.responder, ["x.example.org.", "A"]);
    expectReply(second.reply, second.query, { rcode: "SERVFAIL", aa: "any" });
  });
});

const wwwAnswers = {
  "www.example.org. A": { rcode: "NOERROR", an: ["www.example.org. 300 A 203.0.113.7"] },
};
const wwwWant: Want = { rcode: "NOERROR", aa: "any", an: ["~ 300 A 203.0.113.7"] };

async function follow(world: SetUp, step: Step, saved: Map<string, number>): Promise<void> {
  const { responder, upstream, clock } = world;
  if (step.change !== undefined) change(world, step.change);
  if (step.upstreamNow === "timeout") upstream.isSilent = clock.skipsWaits = true;
  if (step.advance !== undefined) clock.move(Number(step.advance.replace("s", "")) * 1000);
  if (step.names !== undefined) {
    upstream.answers = Object.fromEntries(
      step.names.map((name) => [`${name} A`, { rcode: "NOERROR" }]),
    );
    upstream.delayMs = 300;
    const replies = await Promise.all(step.names.map((name) => ask(responder, [name, "A"])));
    const names = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];
    const got = Object.groupBy(replies, ({ reply }) => names[reply![3]! & 15]!);
    const counts = Object.fromEntries(Object.entries(got).map(([k, list]) => [k, list!.length]));
    assert.deepEqual(counts, step.want!.rcodes);
    return;
  }
  if (step.q === undefined) return;
  const { query, reply } = await ask(responder, step.q);
  const { upstreamQueries, serial: wantSerial, within, ...want } = step.want ?? {};
  if (want.rcode !== undefined) {
    // Rows of a sequence that name no records do not look at them.
    const an = want.an ?? parseMessage(reply!)!.answers.map(recordText);
    const ar = parseMessage(reply!)!.additional.map(recordText);
    expectReply(reply, query, { ...want, an, ar, ns: want.ns ?? "any", aa: "any" });
  }
  if (upstreamQueries !== undefined) assert.equal(upstream.asked.length, upstreamQueries);
  const soa = parseMessage(reply!)!.answers.find(({ type }) => type === 6);
  const serial = soa === undefined ? undefined : Number(recordText(soa).split(" ")[5]);
  if (step.save !== undefined) saved.set(step.save, serial!);
  const [operator = "", name = ""] = wantSerial?.split(" ") ?? [];
  if (operator === ">") assert.ok(serial! > saved.get(name)!, `${serial} > ${saved.get(name)}`);
  if (operator === "=") assert.equal(serial, saved.get(name));
}

function change({ source, objects }: SetUp, change: NonNullable<Step["change"]>): void {
  if (change.delete !== undefined) {
    const [namespace, name] = change.delete.replace("service ", "").split("/");
    const object = objects.services.find(
      ({ metadata }) => metadata.namespace === namespace && metadata.name === name,
    )!;
    source.onService({ type: "DELETED", object });
    return;
  }
  const [namespace, service] = change.slice!.split("/");
  const previous = objects.slices.find(
    ({ metadata }) =>
      metadata.namespace === namespace &&
      metadata.labels?.["kubernetes.io/service-name"] === service,
  )!;
  const labels = { ...previous.metadata.labels, ...(change.label === undefined ? {} : { x: "y" }) };
  const object = {
    ...previous,
    metadata: { ...previous.metadata, labels },
    endpoints: previous.endpoints.map((endpoint) =>
      endpoint.addresses[0] === change.ep
        ? { ...endpoint, conditions: { ready: change.ready! } }
        : endpoint,
    ),
  };
  source.onSlice({ type: "MODIFIED", object, previous });
}

test("names in a forwarded answer come back in the case of the question", async () => {
  await using world = await setUp({ use: ["base"], upstream: wwwAnswers });
  await ask(world.responder, ["www.example.org.", "A"]);
  const { reply } = await ask(world.responder, ["wWw.eXample.ORG.", "A"]);
  assert.equal(formatName(parseMessage(reply!)!.answers[0]!.name), "wWw.eXample.ORG.");
});
