import assert from "node:assert/strict";
import { test } from "node:test";
import type { Endpoint, EndpointSlice } from "../../api/types.ts";
import { allocate, hintByZones, isOverloaded, planMoves } from "./zone-hints.ts";

type Counts = Readonly<Record<string, number>>;
const mapOf = (counts: Counts) => new Map(Object.entries(counts));

interface AllocationCase {
  readonly name: string;
  readonly shares: Counts | undefined;
  readonly ready: number;
  /** Minimum and maximum by zone, or the beginning of the refusal. */
  readonly want: Readonly<Record<string, readonly [number, number]>> | string;
}

const thirds = { a: 0.3333, b: 0.3333, c: 0.3333 };
const tooFew = "Insufficient number of endpoints";
const tooMuch = "Unable to allocate minimum required endpoints to each zone";

const allocationCases: readonly AllocationCase[] = [
  {
    name: "one for each of two halves",
    shares: { a: 0.5, b: 0.5 },
    ready: 2,
    want: { a: [1, 1], b: [1, 1] },
  },
  { name: "one for two zones", shares: { a: 0.5, b: 0.5 }, ready: 1, want: `${tooFew} (1 ` },
  { name: "none", shares: { a: 0.5, b: 0.5 }, ready: 0, want: `${tooFew} (0 endpoints, 2 zones)` },
  {
    name: "three for two halves overload one",
    shares: { a: 0.5, b: 0.5 },
    ready: 3,
    want: tooMuch,
  },
  {
    name: "two for unequal halves",
    shares: { a: 0.45, b: 0.55 },
    ready: 2,
    want: { a: [1, 1], b: [1, 1] },
  },
  { name: "two for three zones", shares: { a: 0.3, b: 0.4, c: 0.3 }, ready: 2, want: tooFew },
  { name: "three overload .4", shares: { a: 0.3, b: 0.4, c: 0.3 }, ready: 3, want: tooMuch },
  {
    name: "ten for .3 .4 .3",
    shares: { a: 0.3, b: 0.4, c: 0.3 },
    ready: 10,
    want: { a: [3, 3], b: [4, 4], c: [3, 3] },
  },
  { name: "four for thirds", shares: thirds, ready: 4, want: tooMuch },
  { name: "five for thirds", shares: thirds, ready: 5, want: tooMuch },
  { name: "six for thirds", shares: thirds, ready: 6, want: { a: [2, 2], b: [2, 2], c: [2, 2] } },
  { name: "seven for thirds", shares: thirds, ready: 7, want: { a: [2, 3], b: [2, 3], c: [2, 3] } },
  {
    name: "ten for nine to one",
    shares: { a: 0.9, b: 0.1 },
    ready: 10,
    want: { a: [8, 9], b: [1, 2] },
  },
  {
    name: "nine for nine to one",
    shares: { a: 0.9, b: 0.1 },
    ready: 9,
    want: { a: [7, 8], b: [1, 2] },
  },
  {
    name: "a hundred for one to nineteen",
    shares: { a: 0.05, b: 0.95 },
    ready: 100,
    want: { a: [5, 20], b: [80, 95] },
  },
  { name: "unknown shares", shares: undefined, ready: 9, want: "Insufficient Node information" },
];

for (const { name, shares, ready, want } of allocationCases) {
  test(`allocate: ${name}`, () => {
    const given = allocate(shares === undefined ? undefined : mapOf(shares), ready);
    if (given.type === "refused") {
      assert.equal(given.reason.startsWith(typeof want === "string" ? want : "not refused"), true);
      return;
    }
    const entries = [...given.byZone].map(([zone, { minimum, maximum }]) => [
      zone,
      [minimum, maximum],
    ]);
    assert.deepEqual(Object.fromEntries(entries), want);
  });
}

interface MoveCase {
  readonly desired: Counts;
  readonly current: Counts;
  readonly give: Counts;
  readonly receive: Counts;
}

const moveCases: readonly MoveCase[] = [
  { desired: {}, current: {}, give: {}, receive: {} },
  { desired: { a: 1.2, b: 1.1, c: 1 }, current: { a: 1, b: 1, c: 1 }, give: {}, receive: {} },
  {
    desired: { a: 5.1, b: 5.1, c: 5.8 },
    current: { a: 16 },
    give: { a: 10 },
    receive: { b: 5, c: 5 },
  },
  {
    desired: { a: 5, b: 5.6, c: 5.4 },
    current: { a: 16 },
    give: { a: 11 },
    receive: { b: 6, c: 5 },
  },
  {
    desired: { a: 5, b: 5.6, c: 5.4 },
    current: { b: 8, c: 8 },
    give: { b: 2, c: 3 },
    receive: { a: 5 },
  },
  { desired: { a: 2.5, b: 2.5 }, current: { a: 5 }, give: { a: 2 }, receive: { b: 2 } },
  { desired: { a: 3, b: 3, c: 3 }, current: { a: 9 }, give: { a: 6 }, receive: { b: 3, c: 3 } },
  { desired: { a: 1.4, b: 1.6 }, current: { a: 3 }, give: { a: 1 }, receive: { b: 1 } },
  { desired: { a: 0.5, b: 2.5 }, current: { a: 1, b: 2 }, give: {}, receive: {} },
  // More than there should be everywhere, or less: nobody to give to, or to take from.
  { desired: { a: 5, b: 5 }, current: { a: 6, b: 6 }, give: {}, receive: {} },
  { desired: { a: 5, b: 5 }, current: { a: 4, b: 3 }, give: {}, receive: {} },
];

for (const { desired, current, give, receive } of moveCases) {
  const facts = JSON.stringify({ desired, current });
  test(`moves: ${facts}`, () => {
    const allocations = new Map(
      Object.entries(desired).map(([zone, count]) => [zone, { desired: count }]),
    );
    const moves = planMoves(allocations, mapOf(current));
    assert.deepEqual(Object.fromEntries(moves.give), give);
    assert.deepEqual(Object.fromEntries(moves.receive), receive);
  });
}

const overloadCases: readonly {
  readonly name: string;
  readonly hinted: Counts;
  readonly shares: Counts | undefined;
  readonly want: boolean;
}[] = [
  { name: "nothing is hinted", hinted: {}, shares: undefined, want: false },
  { name: "shares are not known any more", hinted: { a: 1 }, shares: undefined, want: true },
  { name: "each has its share", hinted: { a: 3, b: 3 }, shares: { a: 0.5, b: 0.5 }, want: false },
  {
    name: "a fifth too much is borne",
    hinted: { a: 4, b: 6 },
    shares: { a: 0.48, b: 0.52 },
    want: false,
  },
  { name: "more is not", hinted: { a: 4, b: 6 }, shares: { a: 0.5, b: 0.5 }, want: true },
  {
    name: "a new zone has none",
    hinted: { a: 3, b: 3 },
    shares: { a: 0.4, b: 0.4, c: 0.2 },
    want: true,
  },
  {
    name: "a zone that went leaves the others enough",
    hinted: { a: 3, b: 3, c: 1 },
    shares: { a: 0.5, b: 0.5 },
    want: false,
  },
  {
    name: "one of three zones has twenty times the CPU of another",
    hinted: { a: 1, b: 2, c: 3 },
    shares: { a: 0.1 / 3.1, b: 1 / 3.1, c: 2 / 3.1 },
    want: true,
  },
  {
    name: "one zone has lost its only node",
    hinted: { a: 1, b: 2, c: 3 },
    shares: { b: 1 / 3, c: 2 / 3 },
    want: true,
  },
  { name: "five to four is even", hinted: { b: 5, c: 4 }, shares: { b: 0.5, c: 0.5 }, want: false },
  { name: "six to four is not", hinted: { b: 6, c: 4 }, shares: { b: 0.5, c: 0.5 }, want: true },
  {
    name: "endpoints follow uneven zones",
    hinted: { a: 20, b: 10, c: 1 },
    shares: { a: 2 / 3.1, b: 1 / 3.1, c: 0.1 / 3.1 },
    want: false,
  },
  {
    name: "a small zone has none at all",
    hinted: { a: 20, b: 10, c: 0 },
    shares: { a: 2 / 3.1, b: 1 / 3.1, c: 0.1 / 3.1 },
    want: true,
  },
];

for (const { name, hinted, shares, want } of overloadCases) {
  test(`overload: ${name}`, () => {
    assert.equal(isOverloaded(mapOf(hinted), shares && mapOf(shares)), want);
  });
}

/** `a` ready in zone-a, `a>b` hinted to zone-b, `!a` not ready. */
function slice(name: string, ...endpoints: readonly string[]): EndpointSlice {
  return { metadata: { name }, addressType: "IPv4", endpoints: endpoints.map(endpoint), ports: [] };
}

function endpoint(text: string): Endpoint {
  const [, unready, zone, hint] = /^(!?)(\w?)>?(\w?)$/.exec(text) ?? [];
  return {
    addresses: ["10.0.0.1"],
    conditions: { ready: unready === "" },
    ...(zone === "" ? {} : { zone: `zone-${zone}` }),
    ...(hint === "" ? {} : { hints: { forZones: [{ name: `zone-${hint}` }] } }),
  };
}

function textOf({ conditions, zone = "", hints }: Endpoint): string {
  const hint = (hints?.forZones ?? []).map(({ name }) => `>${name.slice(5)}`).join("");
  return `${conditions?.ready === true ? "" : "!"}${zone.slice(5)}${hint}`;
}

interface HintCase {
  readonly name: string;
  readonly shares?: Counts;
  readonly creates?: readonly (readonly string[])[];
  readonly updates?: readonly (readonly string[])[];
  readonly unchanged?: readonly (readonly string[])[];
  /** What is written, creates first; or the refusal. */
  readonly want: readonly (readonly string[])[] | string;
}

const hintCases: readonly HintCase[] = [
  {
    name: "new ones serve their own zone",
    creates: [["a", "b"]],
    want: [["a>a", "b>b"]],
  },
  {
    name: "those that are not ready count for nothing and keep what they have",
    creates: [["a", "b", "!b", "!a>b"]],
    want: [["a>a", "b>b", "!b", "!a>b"]],
  },
  {
    name: "the first of a zone with too many are given away",
    shares: { "zone-a": 0.35, "zone-b": 0.35, "zone-c": 0.3 },
    creates: [
      ["a", "b"],
      ["c", "c", "a"],
    ],
    updates: [
      ["a", "a"],
      ["b", "c", "a"],
    ],
    want: [
      ["a>b", "b>b"],
      ["c>c", "c>c", "a>a"],
      ["a>a", "a>a"],
      ["b>b", "c>c", "a>a"],
    ],
  },
  {
    name: "slices with hints that still do are not written",
    unchanged: [
      ["a>a", "b>b"],
      ["a>a", "b>b"],
    ],
    want: [],
  },
  {
    name: "nor is one whose hints send its endpoints elsewhere",
    unchanged: [
      ["a>a", "a>b"],
      ["a>a", "a>b"],
    ],
    want: [],
  },
  {
    name: "one with an endpoint without a hint is",
    unchanged: [
      ["a", "b>b"],
      ["a>a", "b>b"],
    ],
    want: [["a>a", "b>b"]],
  },
  {
    name: "one with a hint for a zone that does not count any more is",
    unchanged: [
      ["a>a", "b>c"],
      ["a>a", "b>b"],
    ],
    want: [["a>a", "b>b"]],
  },
  {
    name: "one that brings a zone over its most is",
    unchanged: [
      ["a>a", "a>a"],
      ["a>a", "a>a"],
    ],
    want: [["a>b", "a>b"]],
  },
  {
    name: "an endpoint in a zone that does not count stays there, and is not written again and again",
    unchanged: [["a>a", "a>a", "b>b", "b>b", "c>c", "c>c"]],
    want: [],
  },
  {
    name: "new ones go to the zone that lacks some",
    creates: [["a", "a"]],
    unchanged: [["a>a", "a>a"]],
    want: [["a>b", "a>b"]],
  },
  {
    name: "a ready endpoint without a zone refuses all",
    creates: [["a", "b", "b", ""]],
    want: "One or more endpoints do not have a zone specified",
  },
  {
    name: "one that is not ready may be without a zone",
    creates: [["a", "b", "!"]],
    want: [["a>a", "b>b", "!"]],
  },
  {
    name: "fewer endpoints than zones",
    creates: [["a", "!b"]],
    want: "Insufficient number of endpoints (1 endpoints, 2 zones)",
  },
  {
    name: "endpoints of slices that are not written count",
    creates: [["a", "b"]],
    unchanged: [["b>b"], ["a>a"]],
    want: [["a>a", "b>b"]],
  },
];

for (const testCase of hintCases) {
  const { name, shares = { "zone-a": 0.5, "zone-b": 0.5 }, want } = testCase;
  const slices = (key: "creates" | "updates" | "unchanged") =>
    (testCase[key] ?? []).map((endpoints, index) => slice(`${key}-${index}`, ...endpoints));
  test(`hints by zone: ${name}`, () => {
    const draft = {
      creates: slices("creates"),
      updates: slices("updates"),
      unchanged: slices("unchanged"),
    };
    const outcome = hintByZones(draft, mapOf(shares));
    if (outcome.type === "refused") {
      assert.equal(outcome.reason, want);
      return;
    }
    const { creates, updates, unchanged } = outcome.draft;
    const written = [...creates, ...updates];
    assert.deepEqual(
      written.map(({ endpoints }) => endpoints.map(textOf)),
      want,
    );
    assert.equal(written.length + unchanged.length, Object.values(draft).flat().length);
    const all = [...written, ...unchanged].flatMap(({ endpoints }) => endpoints);
    const totals: Record<string, number> = {};
    for (const { conditions, hints } of all) {
      if (conditions?.ready !== true) continue;
      for (const { name: zone } of hints?.forZones ?? []) totals[zone] = (totals[zone] ?? 0) + 1;
    }
    assert.deepEqual(
      Object.fromEntries([...outcome.zones].filter(([, count]) => count > 0)),
      totals,
    );
  });
}
