import assert from "node:assert/strict";
import { test } from "node:test";
import { ManualClock, settle } from "../lib/manual-clock.ts";
import type { WorkQueueOptions } from "./work-queue.ts";
import { WorkQueue } from "./work-queue.ts";

function setUp(work: WorkQueueOptions["work"], more: Partial<WorkQueueOptions> = {}) {
  const clock = new ManualClock();
  const errors: (number | undefined)[] = [];
  const end = new AbortController();
  const queue = new WorkQueue({
    work,
    clock,
    signal: end.signal,
    random: () => 0,
    onError: (_key, _error, retryMs) => errors.push(retryMs),
    ...more,
  });
  return { queue, clock, errors, end };
}

test("a key added several times before work starts is worked on once", async () => {
  const seen: string[] = [];
  const { queue } = setUp((key) => void seen.push(key));
  for (const key of ["a", "b", "a", "a"]) queue.add(key);
  await settle();
  assert.deepEqual(seen, ["a", "b"]);
});

test("a key added while it is worked on comes again afterwards, never twice at once", async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const gate = Promise.withResolvers<void>();
  const { queue } = setUp(async () => {
    runs++;
    most = Math.max(most, ++running);
    await gate.promise;
    running--;
    return undefined;
  });
  queue.add("a");
  await settle();
  queue.add("a");
  queue.add("a");
  await settle();
  assert.equal(runs, 1);
  gate.resolve();
  await settle();
  assert.deepEqual({ runs, most }, { runs: 2, most: 1 });
});

test("no more keys are worked on at once than there are workers", async () => {
  let running = 0;
  let most = 0;
  const { queue } = setUp(
    async () => {
      most = Math.max(most, ++running);
      await settle();
      running--;
      return undefined;
    },
    { workers: 2 },
  );
  for (const key of ["a", "b", "c", "d", "e"]) queue.add(key);
  while (queue.size > 0) await settle();
  assert.equal(most, 2);
});

test("a key that fails comes back after growing pauses, and the pauses end with the first success", async () => {
  let failing = true;
  let runs = 0;
  const { queue, clock, errors } = setUp(() => {
    runs++;
    if (failing) throw new Error("not yet");
    return undefined;
  });
  queue.add("a");
  await settle();
  await clock.advance(5);
  await clock.advance(10);
  assert.deepEqual(errors, [5, 10, 20]);
  failing = false;
  await clock.advance(20);
  assert.equal(runs, 4);
  failing = true;
  queue.add("a");
  await settle();
  assert.equal(errors.at(-1), 5);
});

test("after the last retry a key rests until something else brings it back", async () => {
  const { queue, clock, errors } = setUp(
    () => {
      throw new Error("never");
    },
    { retriesMax: 2 },
  );
  queue.add("a");
  await clock.advance(60_000);
  assert.deepEqual(errors, [5, 10, undefined]);
  queue.add("a");
  await settle();
  assert.equal(errors.at(-1), 5);
});

test("of several delayed wishes for one key the earliest counts", async () => {
  const seen: number[] = [];
  const { queue, clock } = setUp(() => void seen.push(clock.monotonicMs()));
  queue.addAfter("a", 1000);
  queue.addAfter("a", 100);
  queue.addAfter("a", 500);
  await clock.advance(5000);
  assert.deepEqual(seen, [100]);
});

test("work that asks to be repeated is", async () => {
  const seen: number[] = [];
  const { queue, clock } = setUp(() => {
    seen.push(clock.monotonicMs());
    return seen.length < 3 ? { againAfterMs: 50 } : undefined;
  });
  queue.add("a");
  await clock.advance(1000);
  assert.deepEqual(seen, [0, 50, 100]);
});

test("nothing starts after the signal", async () => {
  const seen: string[] = [];
  const { queue, end } = setUp((key) => void seen.push(key));
  end.abort();
  queue.add("a");
  await settle();
  assert.deepEqual(seen, []);
});
