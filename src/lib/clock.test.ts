import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "./clock.ts";

test("a sleep of more than 24.8 days, the longest timer of Node, does not end at once", async () => {
  const end = new AbortController();
  let isOver = false;
  const sleeping = systemClock.sleep(2 ** 31 * 1000, end.signal).then(() => {
    isOver = true;
  });
  await sleep(20);
  assert.equal(isOver, false);
  end.abort();
  await sleeping;
});
