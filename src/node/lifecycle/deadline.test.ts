import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../lib/clock.ts";
import { Deadline } from "./deadline.ts";
import { WakeUp } from "./wake-up.ts";

const never = new AbortController().signal;

test("Deadline: who waits is told when it comes nearer", async () => {
  const deadline = new Deadline(systemClock, 60_000);
  const passed = deadline.passed(never);
  deadline.shorten(120_000);
  assert.ok(deadline.remainingMs > 1_000);
  deadline.shorten(1);
  await passed;
  assert.equal(deadline.remainingMs, 0);
});

test("Deadline: a signal ends the wait", async () => {
  const end = new AbortController();
  const passed = new Deadline(systemClock, 2 ** 40).passed(end.signal);
  end.abort();
  await passed;
});

test("WakeUp: any number of wakes before a turn make one turn", async () => {
  const wakeUp = new WakeUp(systemClock);
  await wakeUp.next(60_000, never);
  wakeUp.wake();
  wakeUp.wake();
  await wakeUp.next(60_000, never);
  const startMs = performance.now();
  await wakeUp.next(20, never);
  assert.ok(performance.now() - startMs > 10);
});

test("WakeUp: a wake ends the wait", async () => {
  const wakeUp = new WakeUp(systemClock);
  await wakeUp.next(60_000, never);
  const next = wakeUp.next(60_000, never);
  wakeUp.wake();
  await next;
});
