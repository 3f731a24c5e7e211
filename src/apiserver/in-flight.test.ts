import assert from "node:assert/strict";
import { test } from "node:test";
import { InFlight } from "./in-flight.ts";

test("InFlight: beyond the limit a request is told to come again, and reads do not stop writes", () => {
  const inFlight = new InFlight();
  const leave = Array.from({ length: 200 }, () => inFlight.enter("POST"));
  assert.throws(() => inFlight.enter("PUT"), { code: "TooManyRequests" });
  inFlight.enter("GET")();
  leave[0]?.();
  inFlight.enter("PUT")();
});
