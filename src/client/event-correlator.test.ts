import assert from "node:assert/strict";
import { test } from "node:test";
import { EventCorrelator } from "./event-correlator.ts";

const about = { kind: "Pod", namespace: "demo", name: "web-1", uid: "u" };
const note = (message: string) => ({ type: "Warning" as const, reason: "Unhealthy", message });

test("the same note again is one more count on the first event", () => {
  const correlator = new EventCorrelator();
  const first = correlator.correlate("kubelet", about, note("probe failed"), 0);
  const second = correlator.correlate("kubelet", about, note("probe failed"), 1000);
  assert.ok(first.type === "new" && second.type === "repeated");
  assert.deepEqual([second.name, second.count], [first.name, 2]);
});

test("notes that differ only in their words are bundled from the tenth on", () => {
  const correlator = new EventCorrelator();
  const verdicts = Array.from({ length: 14 }, (_, index) =>
    correlator.correlate("kubelet", about, note(`attempt ${index}`), index),
  );
  const types = verdicts.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 10), new Array(10).fill("new"));
  assert.deepEqual(types.slice(10), new Array(4).fill("repeated"));
  const combined = verdicts.map((one) => one.type !== "dropped" && /^\(combined/.test(one.message));
  assert.equal(combined.indexOf(true), 9);
  const last = verdicts.at(-1);
  assert.ok(last !== undefined && last.type !== "dropped");
  assert.match(last.message, /^\(combined from similar events\): attempt 13$/);
});

test("an object may cause 25 events at once, then one in five minutes", () => {
  const correlator = new EventCorrelator();
  const tell = (atMs: number) => correlator.correlate("kubelet", about, note("again"), atMs).type;
  const told = Array.from({ length: 30 }, () => tell(0)).filter((type) => type !== "dropped");
  assert.equal(told.length, 25);
  assert.equal(tell(5 * 60_000), "repeated");
  assert.equal(tell(5 * 60_000), "dropped");
  const next = correlator.correlate("kubelet", about, note("again"), 10 * 60_000);
  assert.equal(next.type === "dropped" ? undefined : next.count, 33);
  const other = { ...about, name: "web-2", uid: "v" };
  assert.equal(correlator.correlate("kubelet", other, note("again"), 0).type, "new");
});

test("ten minutes after the last of them, not the first, notes of other words are told apart again", () => {
  const correlator = new EventCorrelator();
  const minutes = 60_000;
  const combined = (index: number, atMs: number) => {
    const verdict = correlator.correlate("kubelet", about, note(`attempt ${index}`), atMs);
    return verdict.type !== "dropped" && verdict.message.startsWith("(combined");
  };
  for (let index = 0; index < 12; index++) combined(index, index);
  assert.equal(combined(12, 9 * minutes), true);
  assert.equal(combined(13, 18 * minutes), true);
  assert.equal(combined(14, 29 * minutes), false);
});
