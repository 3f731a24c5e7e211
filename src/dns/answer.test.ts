import assert from "node:assert/strict";
import { test } from "node:test";
import * as dnsPacket from "dns-packet";
import { readCases } from "../../test/dns/case-file.ts";
import { isPair, packetOf } from "../../test/dns/expect.ts";
import { objectsOf, responderOf, zoneOf } from "../../test/dns/fixtures.ts";
import { seededRandom } from "../../test/dns/seeded-random.ts";
import type { Resolver } from "./forward/resolver.ts";
import { parseMessage } from "./wire/message.ts";
import { parseQuery } from "./wire/query.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 20_000;

const { cases, defaults, fixtures } = readCases();
const settings = { ...defaults, podRecords: "insecure", zonal: true, nsid: "node-1" } as const;

test(`whatever comes in, an answer is readable and fits its client (seed ${seed})`, async () => {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const all = ["base", "big", "zoned"].map((name) => fixtures[name]!);
  const { zone } = zoneOf(settings, objectsOf(all), random);
  const { responder } = responderOf(settings, zone, random);
  const samples = cases.flatMap(({ q }) =>
    q === undefined || (!isPair(q) && q.hex === undefined && q.name === undefined)
      ? []
      : [
          packetOf(q),
          ...(isPair(q) ? [packetOf({ name: q[0], type: q[1], edns: { size: 600 } })] : []),
        ],
  );
  let answered = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const packet = Buffer.from(samples[below(samples.length)]!);
    for (let changes = below(3); changes > 0; changes--) packet[below(packet.length)] = below(256);
    const reply = await responder.answer(packet, "udp");
    if (reply === undefined) continue;
    const verdict = parseQuery(packet);
    const size = verdict.kind === "query" ? (verdict.query.edns?.udpBytes ?? 0) : 0;
    assert.ok(
      reply.length <= Math.max(size, 512),
      `${reply.length} bytes for ${packet.toString("hex")}`,
    );
    const message = parseMessage(reply);
    assert.ok(message !== undefined, packet.toString("hex"));
    assert.equal(message.id, packet.readUInt16BE(0));
    assert.ok((message.flags & 0x8000) !== 0);
    assert.equal(message.question === undefined, verdict.kind === "refuse");
    assert.equal(dnsPacket.decode(reply).answers?.length, message.answers.length);
    if (message.answers.length > 0) answered++;
  }
  assert.ok(answered > ROUNDS / 20, `only ${answered} had records`);
});

for (const { asks, rcode } of [
  { asks: "web.shop.svc.cluster.local.", rcode: 0 },
  { asks: "nosuch.shop.svc.cluster.local.", rcode: 3 },
  { asks: "ext-in.shop.svc.cluster.local.", rcode: 0 },
  { asks: "www.example.org.", rcode: 2 },
]) {
  test(`RA is in the answer to ${asks} where other servers are asked, and only there`, async () => {
    const { zone } = zoneOf(defaults, objectsOf([fixtures["base"]!]), Math.random);
    const resolver: Resolver = { resolve: async () => ({ kind: "failed" }) };
    for (const each of [undefined, resolver]) {
      const { responder } = responderOf(defaults, zone, Math.random, each);
      const { flags } = parseMessage((await responder.answer(packetOf([asks, "A"]), "udp"))!)!;
      assert.equal((flags & 0x0080) !== 0, each !== undefined);
      if (each !== undefined) assert.equal(flags & 15, rcode);
    }
  });
}
