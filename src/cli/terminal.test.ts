import assert from "node:assert/strict";
import { test } from "node:test";
import { renderTable } from "./terminal.ts";

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
