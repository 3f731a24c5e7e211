import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { goldenTransactions } from "../../../test/proxy/golden.ts";

// UPDATE_GOLDEN=1 writes the files anew. test/proxy/nft.test.ts gives each of them to nft itself.
for (const [name, text] of goldenTransactions()) {
  test(`golden: ${name}`, () => {
    const path = join(import.meta.dirname, "testdata", name);
    if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(path, text);
    assert.equal(text, readFileSync(path, "utf8"));
  });
}
