import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTable, shellWord } from "./terminal.ts";

test("renderTable: columns align and control characters cannot reach the terminal", () => {
  const text = renderTable(
    ["NODE", "STATUS", "NOTE"],
    [
      ["node-1", "Ready", "a\u001b[31m"],
      ["node-10", "NotReady", ""],
    ],
  );
  assert.equal(
    text,
    ["NODE      STATUS     NOTE", "node-1    Ready      a\\x1b[31m", "node-10   NotReady", ""].join(
      "\n",
    ),
  );
});

test("shellWord: quotes only what the shell would read otherwise", () => {
  assert.equal(shellWord("/home/you/data"), "/home/you/data");
  assert.equal(shellWord("/it's here"), "'/it'\\''s here'");
});
