import assert from "node:assert/strict";
import { test } from "node:test";
import { formatName, nameKey, parseName } from "./name.ts";

const rows: readonly {
  readonly text: string;
  readonly hex: string | undefined;
  readonly back?: string;
}[] = [
  { text: ".", hex: "00" },
  { text: "a.", hex: "016100" },
  { text: "a", hex: "016100", back: "a." },
  { text: "web\\.shop.x.", hex: "087765622e73686f70017800" },
  { text: "a\\000b.", hex: "0361006200" },
  { text: "a\\256b.", hex: undefined },
  { text: "a..b.", hex: undefined },
  { text: "", hex: undefined },
  { text: `${"x".repeat(63)}.`, hex: `3f${"78".repeat(63)}00` },
  { text: `${"x".repeat(64)}.`, hex: undefined },
  { text: `${`${"x".repeat(63)}.`.repeat(4)}`, hex: undefined },
  { text: "ä.", hex: undefined },
];

for (const { text, hex, back } of rows) {
  test(`parseName: "${text.slice(0, 20)}" becomes ${hex?.slice(0, 20)}`, () => {
    const wire = parseName(text);
    assert.equal(wire && Buffer.from(wire).toString("hex"), hex);
    if (wire !== undefined) assert.equal(formatName(wire), back ?? text);
  });
}

test("nameKey: letters fold, other bytes and lengths stay", () => {
  assert.equal(nameKey(parseName("WeB.\\201.")!), "\x03web\x01\xc9\0");
});

test("nameKey: a dot inside a label is not a border", () => {
  assert.notEqual(nameKey(parseName("web\\.shop.")!), nameKey(parseName("web.shop.")!));
});
