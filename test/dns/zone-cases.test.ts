import assert from "node:assert/strict";
import { test } from "node:test";
import { parseMessage } from "../../src/dns/wire/message.ts";
import { type Case, readCases } from "./case-file.ts";
import { expectReply, isPair, packetOf, recordText } from "./expect.ts";
import { objectsOf, responderOf, zoneOf } from "./fixtures.ts";

const { cases, defaults, fixtures } = readCases();

function setUp({ use, set }: Case) {
  const settings = { ...defaults, ...set };
  const { zone, source } = zoneOf(
    settings,
    objectsOf(use.map((name) => fixtures[name]!)),
    Math.random,
  );
  return { ...responderOf(settings, zone, Math.random), source };
}

const isForwarding = (each: Case) => each.upstream !== undefined;

for (const each of cases.filter(
  (c) => c.want?.rcode !== undefined || c.want?.reply !== undefined,
)) {
  if (isForwarding(each) || each.repeat !== undefined) continue;
  const { id, level, q, want } = each;
  test(`${level}: ${id}`, async () => {
    const { responder } = setUp(each);
    const query = packetOf(q!);
    const isTcp = !isPair(q!) && q!.tcp === true;
    const reply = await responder.answer(query, isTcp ? "tcp" : "udp");
    expectReply(reply, query, want!);
  });
}

test("compat: shuffle-spreads-truncated-subset", async () => {
  const each = cases.find(({ id }) => id === "shuffle-spreads-truncated-subset")!;
  const { responder } = setUp(each);
  const query = packetOf(each.q!);
  const firsts = new Set<string>();
  const seen = new Set<string>();
  for (let i = 0; i < each.repeat!; i++) {
    const reply = parseMessage((await responder.answer(query, "udp"))!)!;
    const texts = reply.answers.map(recordText);
    firsts.add(texts[0]!);
    for (const text of texts) seen.add(text);
  }
  assert.ok(firsts.size >= 300, `${firsts.size} came first`);
  assert.ok(seen.size >= 950, `${seen.size} were seen`);
});
