import assert from "node:assert/strict";
import { test } from "node:test";
import { semanticEqual } from "./semantic-equal.ts";

const rows: readonly { name: string; a: unknown; b: unknown; want: boolean }[] = [
  { name: "an absent list is an empty one", a: { x: [] }, b: {}, want: true },
  { name: "an absent map is an empty one", a: { x: {} }, b: {}, want: true },
  { name: "null is nothing", a: { x: null }, b: {}, want: true },
  { name: "zero is something", a: { x: 0 }, b: {}, want: false },
  { name: "false is something", a: { x: false }, b: {}, want: false },
  { name: "the order of keys says nothing", a: { x: 1, y: 2 }, b: { y: 2, x: 1 }, want: true },
  { name: "the order of items does", a: [1, 2], b: [2, 1], want: false },
  { name: "a list is no map", a: ["a"], b: { 0: "a" }, want: false },
  { name: "structures are compared to the bottom", a: [{ a: [1] }], b: [{ a: [2] }], want: false },
];

for (const { name, a, b, want } of rows) {
  test(`semanticEqual: ${name}`, () => {
    assert.equal(semanticEqual(a, b), want);
    assert.equal(semanticEqual(b, a), want);
  });
}
