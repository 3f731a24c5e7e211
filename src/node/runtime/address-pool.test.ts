import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCidr } from "../../lib/ip.ts";
import { AddressPool } from "./address-pool.ts";

test("AddressPool: one after another, the freed one last, undefined when all are taken", () => {
  const pool = new AddressPool(parseCidr("10.0.1.0/29")!);
  const taken = [1, 2, 3].map(() => pool.take());
  pool.release("10.0.1.2");
  const rest = [1, 2, 3, 4].map(() => pool.take());
  assert.deepEqual(taken, ["10.0.1.2", "10.0.1.3", "10.0.1.4"]);
  assert.deepEqual(rest, ["10.0.1.5", "10.0.1.6", "10.0.1.2", undefined]);
});

test("AddressPool: a wanted address is given if it is of the range and free", () => {
  const pool = new AddressPool(parseCidr("10.0.1.0/29")!);
  assert.equal(pool.take("10.0.1.5"), "10.0.1.5");
  assert.equal(pool.take("10.0.1.5"), "10.0.1.2");
  assert.equal(pool.take("10.0.2.5"), "10.0.1.3");
  assert.equal(pool.take("10.0.1.0"), "10.0.1.4");
});
