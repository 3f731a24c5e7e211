import assert from "node:assert/strict";
import { test } from "node:test";
import { LOG_PIECE_BYTES_MAX, LogLineCutter, parseLogEntry } from "./log-lines.ts";

const cut = (...chunks: string[]) => {
  const cutter = new LogLineCutter("stdout");
  const entries = chunks.flatMap((chunk) => cutter.push(Buffer.from(chunk), "T"));
  return [...entries, ...cutter.flush("T")].map(String);
};

const cases = [
  { name: "each line is an entry", chunks: ["a\nb\n"], want: ["T stdout F a\n", "T stdout F b\n"] },
  { name: "a line may come in pieces", chunks: ["a", "b\n"], want: ["T stdout F ab\n"] },
  { name: "an empty line is a line", chunks: ["\n"], want: ["T stdout F \n"] },
  { name: "what has no end at the end is a piece", chunks: ["a"], want: ["T stdout P a\n"] },
];

for (const { name, chunks, want } of cases) {
  test(`LogLineCutter: ${name}`, () => assert.deepEqual(cut(...chunks), want));
}

test("LogLineCutter: a long line is cut, and comes out whole again", () => {
  const line = "x".repeat(LOG_PIECE_BYTES_MAX * 2 + 5);
  const entries = cut(`${line}\n`);
  assert.equal(entries.length, 3);
  const texts = entries.map((entry) => parseLogEntry(Buffer.from(entry.slice(0, -1)))?.text ?? "");
  assert.equal(texts.join(""), `${line}\n`);
});

test("parseLogEntry: damaged entries are none", () => {
  for (const text of ["", "T", "T stdout", "T other F x"]) {
    assert.equal(parseLogEntry(Buffer.from(text)), undefined);
  }
});
