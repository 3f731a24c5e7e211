import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { renderTypes } from "./render-types.ts";

test("src/api/types.ts is what the tables say (else run `npm run generate`)", () => {
  const file = new URL("../types.ts", import.meta.url);
  assert.equal(readFileSync(file, "utf8"), renderTypes());
});
