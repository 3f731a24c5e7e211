import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/status-error.ts";
import { formatContinue, parseContinue } from "./continue-token.ts";
import { listOptions, wantsWatch, watchOptions } from "./read-options.ts";

interface Case {
  readonly name: string;
  readonly query: string;
  /** The version in words and the limit, or the status code of the refusal. */
  readonly want: string;
}

const token = formatContinue({ revision: 7, after: "a/x" });
const lists: readonly Case[] = [
  { name: "nothing means the newest state", query: "", want: "newest" },
  { name: "a page of the newest state", query: "limit=5", want: "newest limit 5" },
  { name: "zero means any state, in one piece", query: "resourceVersion=0&limit=5", want: "any" },
  { name: "a version is a lower bound", query: "resourceVersion=7", want: "at-least 7" },
  {
    name: "a version with a limit is exact",
    query: "resourceVersion=7&limit=5",
    want: "exact 7 limit 5",
  },
  {
    name: "NotOlderThan stays a lower bound with a limit",
    query: "resourceVersion=7&limit=5&resourceVersionMatch=NotOlderThan",
    want: "at-least 7 limit 5",
  },
  { name: "Exact", query: "resourceVersion=7&resourceVersionMatch=Exact", want: "exact 7" },
  { name: "Exact needs a version", query: "resourceVersionMatch=Exact", want: "422" },
  {
    name: "Exact is not for zero",
    query: "resourceVersion=0&resourceVersionMatch=Exact",
    want: "422",
  },
  { name: "a token goes on", query: `continue=${token}&limit=5`, want: "token 7 a/x limit 5" },
  {
    name: "a token has its own version",
    query: `continue=${token}&resourceVersion=7`,
    want: "400",
  },
  {
    name: "a token may stand with zero",
    query: `continue=${token}&resourceVersion=0`,
    want: "token 7 a/x",
  },
  {
    name: "a token takes no match",
    query: `continue=${token}&resourceVersion=7&resourceVersionMatch=Exact`,
    want: "422",
  },
  { name: "a limit is a number", query: "limit=many", want: "400" },
];

function listFor(query: string): string {
  try {
    const { version, limit, continue: next } = listOptions(new URLSearchParams(query));
    const at =
      next !== undefined
        ? `token ${next.revision} ${next.after}`
        : "revision" in version
          ? `${version.type} ${version.revision}`
          : version.type;
    return limit === undefined ? at : `${at} limit ${limit}`;
  } catch (error) {
    return error instanceof StatusError ? String(error.status.code) : String(error);
  }
}

for (const { name, query, want } of lists) {
  test(`listOptions: ${name}`, () => assert.equal(listFor(query), want));
}

const watches = [
  { name: "nothing: the state first", query: "", after: undefined, initial: true, marks: false },
  {
    name: "zero: the state first",
    query: "resourceVersion=0",
    after: undefined,
    initial: true,
    marks: false,
  },
  {
    name: "a version: what comes after",
    query: "resourceVersion=7",
    after: 7,
    initial: false,
    marks: false,
  },
  {
    name: "a WatchList: the state, with its end marked",
    query: "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=7",
    after: undefined,
    initial: true,
    marks: true,
  },
  {
    name: "no initial events: from that version on",
    query: "sendInitialEvents=false&resourceVersionMatch=NotOlderThan&resourceVersion=7",
    after: 7,
    initial: false,
    marks: false,
  },
  {
    name: "no initial events and no version: from now on",
    query: "sendInitialEvents=0&resourceVersionMatch=NotOlderThan",
    after: undefined,
    initial: false,
    marks: false,
  },
];
for (const { name, query, after, initial, marks } of watches) {
  test(`watchOptions: ${name}`, () => {
    const options = watchOptions(new URLSearchParams(query));
    assert.equal(options.after, after);
    assert.equal(options.sendInitialEvents, initial);
    assert.equal(options.marksInitialEnd, marks);
  });
}

const switches = [
  { query: "", want: false },
  { query: "watch", want: true },
  { query: "watch=True", want: true },
  { query: "watch=1", want: true },
  { query: "watch=yes", want: true },
  { query: "watch=FALSE", want: false },
  { query: "watch=0", want: false },
];
for (const { query, want } of switches) {
  test(`"${query}" is ${want ? "a watch" : "no watch"}`, () => {
    assert.equal(wantsWatch(new URLSearchParams(query)), want);
  });
}

test("a continue token is read back, also one for the newest state; anything else is refused", () => {
  const newest = { revision: undefined, after: "a/b" };
  assert.deepEqual(parseContinue(formatContinue(newest)), newest);
  for (const text of [
    "",
    "!!",
    Buffer.from("{}").toString("base64url"),
    Buffer.from('{"rv":"1","start":"a"}').toString("base64url"),
  ]) {
    assert.throws(() => parseContinue(text), { code: "BadRequest" });
  }
});
