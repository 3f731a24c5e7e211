import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

/** Holds the thread, as a system call does. */
function hold(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

test("Turns: pieces pass in order, and a timer that is due passes between any two", async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const tick = setInterval(() => seen.push("timer"), 1);
  const pieces = ["a", "b", "c"].map(async (name) => {
    await turns.next();
    seen.push(name);
    hold(5);
  });
  await Promise.all(pieces);
  clearInterval(tick);
  assert.deepEqual(
    seen.filter((each) => each !== "timer"),
    ["a", "b", "c"],
  );
  assert.match(seen.join(" "), /a( timer)+ b( timer)+ c/);
});
