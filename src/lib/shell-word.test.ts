import assert from "node:assert/strict";
import { test } from "node:test";
import { shellWord } from "./shell-word.ts";

test("shellWord: quotes only what the shell would read otherwise", () => {
  assert.equal(shellWord("/home/you/data"), "/home/you/data");
  assert.equal(shellWord("/it's here"), "'/it'\\''s here'");
  assert.equal(shellWord(""), "''");
});
