import assert from "node:assert/strict";
import { test } from "node:test";
import { type BackoffEntry, decideRestart } from "./restart-backoff.ts";

test("decideRestart: the pauses are none, 10 s, 20 s … 300 s", () => {
  let entry: BackoffEntry | undefined;
  let nowMs = 0;
  const pauses: number[] = [];
  for (let lives = 0; lives < 8; lives++) {
    const finishedAtMs = nowMs;
    let decision = decideRestart(entry, finishedAtMs, nowMs);
    if (decision.type === "wait") {
      nowMs += decision.remainingMs;
      decision = decideRestart(entry, finishedAtMs, nowMs);
    }
    assert.equal(decision.type, "restart");
    pauses.push((nowMs - finishedAtMs) / 1000);
    if (decision.type === "restart") entry = decision.entry;
  }
  assert.deepEqual(pauses, [0, 10, 20, 40, 80, 160, 300, 300]);
});

test("decideRestart: a container that ran for ten minutes starts afresh", () => {
  const entry = { pauseMs: 300_000, updatedAtMs: 0 };
  assert.equal(decideRestart(entry, 600_000, 600_000).type, "wait");
  assert.equal(decideRestart(entry, 600_001, 600_001).type, "restart");
});
