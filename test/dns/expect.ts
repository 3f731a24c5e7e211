import assert from "node:assert/strict";
import * as dnsPacket from "dns-packet";
import { parseMessage, type ResourceRecord } from "../../src/dns/wire/message.ts";
import { formatName, parseName } from "../../src/dns/wire/name.ts";
import { canonicalIp, formatIp } from "../../src/lib/ip.ts";
import type { Ask, Want } from "./case-file.ts";
import { consecutive } from "./fixtures.ts";

const types: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  DS: 43,
  HTTPS: 65,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
};
const classes: Readonly<Record<string, number>> = { IN: 1, CH: 3, ANY: 255 };
const rcodes = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"];

/** The packet of a question. */
export function packetOf(ask: Ask, id = 0x4711): Buffer {
  const pair = isPair(ask) ? { name: ask[0], type: ask[1] } : ask;
  const { name = ".", type = "A", ...rest }: Exclude<Ask, readonly [string, string]> = pair;
  if (rest.hex !== undefined) return Buffer.from(rest.hex.replaceAll(/\s/g, ""), "hex");
  const wire = parseName(name)!;
  const head = Buffer.alloc(12);
  head.writeUInt16BE(id, 0);
  head.writeUInt16BE(((rest.opcode ?? 0) << 11) | 0x0100, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(rest.edns === undefined ? 0 : 1, 10);
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(typeNumber(type), 0);
  tail.writeUInt16BE(classes[rest.class ?? "IN"]!, 2);
  return Buffer.concat([
    head,
    wire,
    tail,
    rest.edns === undefined ? Buffer.alloc(0) : optOf(rest.edns),
  ]);
}

export function isPair(ask: Ask): ask is readonly [string, string] {
  return Array.isArray(ask);
}

export function typeNumber(type: string): number {
  const number = types[type] ?? Number(/^TYPE(\d+)$/.exec(type)?.[1]);
  assert.ok(Number.isInteger(number), `unknown type ${type}`);
  return number;
}

function optOf({
  size = 1232,
  version = 0,
  do: isDnssecOk = false,
  opts = [],
}: {
  readonly size?: number;
  readonly version?: number;
  readonly do?: boolean;
  readonly opts?: readonly { readonly code: number; readonly hex: string }[];
}): Buffer {
  const data = Buffer.concat(
    opts.map(({ code, hex }) => {
      const value = Buffer.from(hex, "hex");
      const head = Buffer.alloc(4);
      head.writeUInt16BE(code, 0);
      head.writeUInt16BE(value.length, 2);
      return Buffer.concat([head, value]);
    }),
  );
  const out = Buffer.alloc(11);
  out.writeUInt16BE(41, 1);
  out.writeUInt16BE(size, 3);
  out[6] = version;
  out.writeUInt16BE(isDnssecOk ? 0x8000 : 0, 7);
  out.writeUInt16BE(data.length, 9);
  return Buffer.concat([out, data]);
}

/** Checks a reply against what a case wants. */
export function expectReply(reply: Buffer | undefined, query: Buffer, want: Want): void {
  if (want.reply === "none") {
    assert.equal(reply, undefined);
    return;
  }
  assert.ok(reply !== undefined, "no reply");
  const message = parseMessage(reply);
  assert.ok(message !== undefined, `unreadable reply ${reply.toString("hex")}`);
  // A second opinion: the other library must be able to read it too.
  const judged = dnsPacket.decode(reply);
  assert.equal(judged.answers?.length, message.answers.length);

  assert.equal(message.id, query.readUInt16BE(0), "id");
  assert.ok((message.flags & 0x8000) !== 0, "QR");
  assert.equal(rcodes[message.rcode] ?? String(message.rcode), want.rcode, "rcode");
  if (want.aa !== "any" && want.rcode !== "SERVFAIL") {
    assert.equal((message.flags & 0x0400) !== 0, want.aa ?? true, "AA");
  }
  if (want.maxBytes !== undefined)
    assert.ok(reply.length <= want.maxBytes, `${reply.length} bytes`);
  assert.equal((message.flags & 0x0200) !== 0, want.tc ?? false, "TC");

  const asked = message.question === undefined ? "" : formatName(message.question.name);
  if (message.question !== undefined) {
    const end = 12 + message.question.name.length + 4;
    assert.deepEqual(reply.subarray(12, end), query.subarray(12, end), "question as sent");
  }
  const answers = message.answers.map((record) => recordText(record));
  const isCounted = want.anCount !== undefined || want.maxBytes !== undefined;
  if (want.anCount !== undefined) assert.equal(answers.length, want.anCount);
  if (want.anSubsetOf !== undefined) {
    const [first = "", count = ""] = want.anSubsetOf.split(" + ");
    const allowed = new Set(consecutive(first, Number(count)));
    for (const answer of answers) assert.ok(allowed.has(answer.split(" ").at(-1)!), answer);
  }
  if (!isCounted) {
    expectRecords(answers, want.an ?? [], asked, want.ordered ?? false);
    expectRecords(
      message.additional.map((r) => recordText(r)),
      want.ar ?? [],
      asked,
      false,
    );
  }
  if (want.ns !== "any") {
    const wanted =
      want.ns === "soa"
        ? [
            "cluster.local. 5 SOA ns.dns.cluster.local. hostmaster.cluster.local. * 7200 1800 86400 5",
          ]
        : (want.ns ?? []);
    expectRecords(
      message.authority.map((r) => recordText(r)),
      wanted,
      asked,
      false,
      want.ns === "soa",
    );
  }
  const opt = judged.additionals?.find((record) => record.type === "OPT");
  const hasOpt = query.length > 12 && dnsPacketHasOpt(query) && message.question !== undefined;
  assert.equal(opt !== undefined, hasOpt, "OPT in the reply exactly if in the query");
  if (want.opt !== undefined) expectOpt(opt, want.opt);
}

function dnsPacketHasOpt(query: Buffer): boolean {
  return query.readUInt16BE(10) === 1;
}

function expectOpt(opt: dnsPacket.Answer | undefined, want: NonNullable<Want["opt"]>): void {
  assert.ok(opt?.type === "OPT");
  assert.equal(opt.ednsVersion, want.version ?? 0);
  if (want.size !== undefined) assert.equal(opt.udpPayloadSize, want.size);
  if (want.do !== undefined) assert.equal(opt.flag_do, want.do);
  const codes = opt.options.map((option) => Number(option.code));
  for (const code of want.lacks ?? []) assert.ok(!codes.includes(code));
  if (want.nsid !== undefined) {
    const nsid = opt.options.find((option) => Number(option.code) === 3);
    assert.equal(String(nsid !== undefined && "data" in nsid ? nsid.data : ""), want.nsid);
  }
}

function expectRecords(
  got: readonly string[],
  wanted: readonly string[],
  asked: string,
  isOrdered: boolean,
  ignoreCase = false,
): void {
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text);
  const filled = wanted.map((text) => fold(text.startsWith("~ ") ? asked + text.slice(1) : text));
  const rest = got.map(fold);
  if (!isOrdered) {
    rest.sort();
    filled.sort();
  }
  assert.equal(
    rest.length,
    filled.length,
    `got ${JSON.stringify(got)}, want ${JSON.stringify(filled)}`,
  );
  for (const [i, want] of filled.entries()) {
    const words = rest[i]!.split(" ");
    const masked = want.split(" ").map((word, j) => (word === "*" ? words[j] : word));
    assert.equal(rest[i], masked.join(" "));
  }
}

/** `owner ttl TYPE rdata`, as in the case file. */
export function recordText(record: ResourceRecord): string {
  const type =
    Object.entries(types).find(([, number]) => number === record.type)?.[0] ?? record.type;
  return `${formatName(record.name)} ${record.ttl} ${type} ${dataText(record)}`;
}

function dataText({ type, data }: ResourceRecord): string {
  const view = Buffer.from(data);
  switch (type) {
    case types["A"]:
      return formatIp({ family: "IPv4", value: BigInt(view.readUInt32BE(0)) });
    case types["AAAA"]:
      return canonicalIp(view.toString("hex").replaceAll(/(.{4})(?!$)/g, "$1:"))!;
    case types["NS"]:
    case types["CNAME"]:
    case types["PTR"]:
      return formatName(data);
    case types["SRV"]:
      return `${view.readUInt16BE(0)} ${view.readUInt16BE(2)} ${view.readUInt16BE(4)} ${formatName(data.subarray(6))}`;
    case types["TXT"]:
    case types["HINFO"]:
      return strings(view)
        .map((text) => `"${text}"`)
        .join(" ");
    case types["SOA"]: {
      const contactAt = nameEnd(view, 0);
      const end = nameEnd(view, contactAt);
      const numbers = [0, 4, 8, 12, 16].map((offset) => view.readUInt32BE(end + offset));
      return `${formatName(view)} ${formatName(view.subarray(contactAt))} ${numbers.join(" ")}`;
    }
    default:
      return view.toString("hex");
  }
}

function strings(view: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at < view.length; at += 1 + view[at]!) {
    found.push(view.toString("latin1", at + 1, at + 1 + view[at]!));
  }
  return found;
}

function nameEnd(view: Buffer, from: number): number {
  let at = from;
  while (view[at] !== 0) at += view[at]! + 1;
  return at + 1;
}
