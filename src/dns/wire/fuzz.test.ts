import assert from "node:assert/strict";
import { test } from "node:test";
import * as dnsPacket from "dns-packet";
import { seededRandom } from "../../../test/dns/seeded-random.ts";
import { parseMessage } from "./message.ts";
import { formatName } from "./name.ts";
import { parseQuery } from "./query.ts";

const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ROUNDS = 20_000;

/** Messages to begin with: what real programs send. */
const samples = [
  dnsPacket.encode({
    type: "query",
    id: 1,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ type: "A", name: "web.shop.svc.cluster.local" }],
  }),
  dnsPacket.encode({
    type: "query",
    id: 2,
    questions: [{ type: "SRV", name: "_http._tcp.web.shop.svc.cluster.local" }],
    additionals: [
      {
        type: "OPT",
        name: ".",
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flag_do: false,
        flags: 0,
        options: [{ code: 12, length: 4 }],
      },
    ],
  }),
  dnsPacket.encode({
    type: "response",
    id: 3,
    questions: [{ type: "MX", name: "example.org" }],
    answers: [
      { type: "MX", name: "example.org", data: { preference: 10, exchange: "mail.example.org" } },
      { type: "CNAME", name: "a.example.org", data: "b.example.org" },
      { type: "TXT", name: "example.org", data: ["x"] },
    ],
  }),
  // Compressed, as most servers send it.
  Buffer.from(
    "00048180000100020000000003777777076578616d706c65036f72670000010001" +
      "c00c000500010000003c0006036674" +
      "70c010c02d000100010000003c0004cb007107",
    "hex",
  ),
];

test(`the parsers survive ${ROUNDS} damaged messages and agree with dns-packet (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  let read = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const packet = Buffer.from(samples[below(samples.length)]!);
    for (let changes = below(4); changes > 0; changes--) packet[below(packet.length)] = below(256);
    const cut = random() < 0.2 ? packet.subarray(0, below(packet.length + 1)) : packet;

    const verdict = parseQuery(cut);
    const message = parseMessage(cut);
    if (verdict.kind !== "query") continue;
    const judged = decoded(cut);
    if (judged === undefined || message === undefined) continue;
    read++;
    const { query } = verdict;
    assert.equal(query.id, judged.id);
    const name = formatName(message.question!.name);
    // The library reads bytes as UTF-8 and does not escape dots, so only plain names compare.
    if (/^[\w.-]+$/.test(name)) {
      assert.equal(name, `${judged.questions![0]!.name}.`.replace(/^\.\.?$/, "."));
      assert.equal(Buffer.from(query.name, "latin1").length, message.question!.name.length);
    }
    assert.equal(message.answers.length, judged.answers!.length);
  }
  assert.ok(read > ROUNDS / 20, `only ${read} were readable`);
});

test(`noise is never taken for a query with a name of wrong length (seed ${seed})`, () => {
  const random = seededRandom(seed + 1);
  for (let round = 0; round < ROUNDS; round++) {
    const noise = Buffer.from(
      Array.from({ length: Math.floor(random() * 80) }, () => Math.floor(random() * 256)),
    );
    const verdict = parseQuery(noise);
    parseMessage(noise);
    if (verdict.kind === "query") assert.ok(verdict.query.name.length <= 255);
  }
});

test("a chain of more pointers than a name has labels is not followed to its end", () => {
  const packet = Buffer.alloc(65_535);
  packet.writeUInt16BE(0x8000, 2);
  packet.writeUInt16BE(5000, 6);
  // Each record's owner points to the one before it.
  let at = 12;
  packet[at++] = 0;
  at += 10;
  let previous = 12;
  while (at + 12 < 0x3fff) {
    packet.writeUInt16BE(0xc000 | previous, at);
    previous = at;
    at += 12;
  }
  assert.equal(parseMessage(packet), undefined);
});

function decoded(packet: Buffer): dnsPacket.DecodedPacket | undefined {
  try {
    return dnsPacket.decode(packet);
  } catch {
    return undefined;
  }
}
