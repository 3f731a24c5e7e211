import assert from "node:assert/strict";
import { test } from "node:test";
import { warningHeader, withWarnings } from "./warnings.ts";

const cases = [
  { name: "nothing to say is no header", warnings: [], want: undefined },
  { name: "each warning is quoted", warnings: ["a", "b"], want: '299 - "a", 299 - "b"' },
  { name: "a warning is said once", warnings: ["a", "a"], want: '299 - "a"' },
  { name: "quotes are escaped", warnings: ['field "x"'], want: '299 - "field \\"x\\""' },
  { name: "line breaks do not split the header", warnings: ["a\r\nb"], want: '299 - "a b"' },
  { name: "UTF-8 goes as its bytes", warnings: ["é"], want: '299 - "\u00c3\u00a9"' },
];
for (const { name, warnings, want } of cases) {
  test(`warningHeader: ${name}`, () => assert.equal(warningHeader(warnings), want));
}

test("warningHeader: too many are cut short, then left out", () => {
  const many = Array.from({ length: 100 }, (_, i) => `${i} ${"x".repeat(1000)}`);
  const header = warningHeader(many) ?? "";
  assert.ok(header.length < 5000);
  assert.match(header, /^299 - "0 x/);
});

test("withWarnings: what is said first comes before what was there", () => {
  const answer = { status: 200, headers: { warning: '299 - "b"' }, body: [] };
  assert.deepEqual(withWarnings(answer, []), answer);
  assert.equal(withWarnings(answer, ["a"]).headers["warning"], '299 - "a", 299 - "b"');
});
