import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { clusterIpBand } from "./cluster-ip-range.ts";
import { NodePortRange, nodePortBand } from "./node-port-range.ts";
import { NumberPool, staticBandSize } from "./number-pool.ts";

interface BandCase {
  readonly id: string;
  readonly title: string;
  readonly given: { readonly range?: readonly [number, number]; readonly usable?: number };
  readonly expect: {
    readonly staticBand?: readonly [number, number];
    readonly staticBandSize?: number;
  };
}

const file = join(import.meta.dirname, "../../../test/api/cases/allocator-cases.yaml");
const { cases } = parse(readFileSync(file, "utf8")) as { readonly cases: readonly BandCase[] };

for (const { id, title, given, expect } of cases) {
  const { range, usable } = given;
  if (range !== undefined && expect.staticBand !== undefined) {
    test(`${id}: ${title}`, () => {
      const size = staticBandSize(BigInt(range[1] - range[0] + 1), nodePortBand);
      assert.deepEqual([range[0], range[0] + Number(size) - 1], expect.staticBand);
    });
  } else if (usable !== undefined) {
    test(`${id}: ${title}`, () => {
      const size = staticBandSize(BigInt(usable), clusterIpBand);
      assert.equal(Number(size), expect.staticBandSize);
    });
  }
}

test("L08: dynamic allocation spills into the static band only when the upper band is full", () => {
  const ports = new NodePortRange({ from: 30000, to: 32767 }, Math.random);
  const taken = Array.from({ length: 2768 }, () => ports.takeAny() ?? 0);
  const firstLow = taken.findIndex((port) => port < 30086);
  assert.equal(firstLow, 2768 - 86);
  assert.ok(taken.slice(firstLow).every((port) => port < 30086));
  assert.equal(new Set(taken).size, 2768);
  assert.equal(ports.takeAny(), undefined);
});

test("a range of at most sixteen numbers has no static band", () => {
  assert.equal(staticBandSize(16n, clusterIpBand), 0n);
  assert.equal(staticBandSize(17n, clusterIpBand), 16n);
});

test("a number that was given back can be taken again", () => {
  const pool = new NumberPool({ size: 2n, staticBandSize: 0n, random: () => 0.99 });
  assert.equal(pool.takeAny(), 1n);
  assert.equal(pool.takeAny(), 0n);
  assert.equal(pool.takeAny(), undefined);
  pool.release(1n);
  pool.release(1n);
  assert.equal(pool.takeAny(), 1n);
});

test("the first number of the search is uniform over the upper band", () => {
  const at = (random: number) =>
    new NumberPool({ size: 100n, staticBandSize: 20n, random: () => random }).takeAny();
  assert.deepEqual([at(0), at(0.5), at(0.9999)], [20n, 60n, 99n]);
});

test("a pool may be as large as an IPv6 range", () => {
  const pool = new NumberPool({ size: 2n ** 64n, staticBandSize: 256n, random: () => 0.5 });
  const number = pool.takeAny() ?? 0n;
  assert.ok(number > 2n ** 62n && number < 2n ** 64n);
  assert.equal(pool.take(2n ** 64n - 1n), true);
  assert.equal(pool.take(2n ** 64n - 1n), false);
});
