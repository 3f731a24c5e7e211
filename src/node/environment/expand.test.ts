import assert from "node:assert/strict";
import { test } from "node:test";
import { expand } from "./expand.ts";

const known = new Map([
  ["A", "1"],
  ["EMPTY", ""],
]);

const cases = [
  { name: "a known name is replaced", text: "x$(A)y", want: "x1y" },
  { name: "an empty value is a value", text: "x$(EMPTY)y", want: "xy" },
  { name: "an unknown name stays as it is written", text: "$(B)", want: "$(B)" },
  { name: "a doubled dollar sign escapes", text: "$$(A)", want: "$(A)" },
  { name: "three dollar signs are one and a reference", text: "$$$(A)", want: "$1" },
  { name: "a dollar sign alone is nothing special", text: "a$b $ $", want: "a$b $ $" },
  { name: "a reference without an end stays", text: "$(A", want: "$(A" },
  { name: "values are not expanded again", text: "$($(A))", want: "$($(A))" },
] as const;

for (const { name, text, want } of cases) {
  test(`expand: ${name}`, () =>
    assert.equal(
      expand(text, (key) => known.get(key)),
      want,
    ));
}
