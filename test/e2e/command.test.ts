import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./harness.ts";

test("who stops reading the help gets no error", async () => {
  const child = spawn(join(root, "portolan"), ["help", "up"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const [exitCode] = await once(child, "close");
  assert.equal(stderr, "");
  assert.equal(exitCode, 0);
});
