import assert from "node:assert/strict";
import { test } from "node:test";
import { GROUND_RETRY, retryPauseMs } from "./retry-pause.ts";

test("retryPauseMs: volumes are tried again after 0.5 s, 1 s … 2 min 2 s", () => {
  const pauses = [1, 2, 3, 8, 9, 1_000].map((failures) => retryPauseMs(failures, GROUND_RETRY));
  assert.deepEqual(pauses, [500, 1_000, 2_000, 64_000, 122_000, 122_000]);
});
