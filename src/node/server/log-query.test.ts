import assert from "node:assert/strict";
import { test } from "node:test";
import { parseLogQuery, selectLog } from "./log-query.ts";

const file = Buffer.from(
  [
    "2026-01-01T00:00:01.000000000Z stdout F one",
    "2026-01-01T00:00:02.000000000Z stderr F two",
    "2026-01-01T00:00:03.000000000Z stdout P thr",
    "2026-01-01T00:00:03.000000001Z stdout F ee",
    "",
  ].join("\n"),
);
const nowMs = Date.parse("2026-01-01T00:00:04Z");

const cases = [
  { name: "everything by default", query: "", want: "one\ntwo\nthree\n" },
  { name: "the last lines, pieces put together", query: "tailLines=2", want: "two\nthree\n" },
  { name: "no lines", query: "tailLines=0", want: "" },
  { name: "what is not older than some seconds", query: "sinceSeconds=2", want: "two\nthree\n" },
  {
    name: "what is not older than a time",
    query: "sinceTime=2026-01-01T00:00:03Z",
    want: "three\n",
  },
  { name: "a number of bytes", query: "limitBytes=5", want: "one\nt" },
  {
    name: "with the time of each entry",
    query: "timestamps=true&tailLines=2&limitBytes=34",
    want: "2026-01-01T00:00:02.000000000Z two",
  },
];

for (const { name, query, want } of cases) {
  test(`selectLog: ${name}`, () => {
    const parsed = parseLogQuery(new URLSearchParams(query), nowMs);
    assert.ok(typeof parsed !== "string", String(parsed));
    assert.equal(selectLog(file, parsed).toString(), want);
  });
}

test("parseLogQuery: what makes no sense is refused", () => {
  for (const query of [
    "tailLines=-1",
    "tailLines=x",
    "limitBytes=0",
    "sinceSeconds=0",
    "sinceTime=x",
  ]) {
    assert.equal(typeof parseLogQuery(new URLSearchParams(query), nowMs), "string", query);
  }
});
