import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lazyPrograms } from "../../src/node/images/programs.ts";

test("lazyPrograms: nothing is written before the first call, and nothing by later ones", (t) => {
  const base = mkdtempSync(join(tmpdir(), "portolan-programs-"));
  t.after(() => rmSync(base, { recursive: true }));
  const dir = join(base, "programs");
  const programs = lazyPrograms(dir);
  assert.ok(!existsSync(dir));
  const mounts = programs();
  assert.deepEqual(readdirSync(dir).toSorted(), ["echo.mjs", "serve-hostname.mjs", "web.mjs"]);
  rmSync(dir, { recursive: true });
  assert.equal(programs(), mounts);
  assert.ok(!existsSync(dir));
});
