import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointAddress, EndpointSubset } from "../../api/types.ts";
import { truncateSubsets } from "./truncate-subsets.ts";

interface Case {
  readonly name: string;
  /** Ready and not, of each subset. */
  readonly given: readonly (readonly [number, number])[];
  /** Undefined: nothing is cut. */
  readonly want: readonly (readonly [number, number])[] | undefined;
}

const cases: readonly Case[] = [
  { name: "nothing", given: [], want: undefined },
  {
    name: "fewer than fit",
    given: [
      [50, 50],
      [100, 100],
      [400, 200],
    ],
    want: undefined,
  },
  {
    name: "just as many",
    given: [
      [100, 400],
      [400, 100],
    ],
    want: undefined,
  },
  { name: "one too many", given: [[1001, 0]], want: [[1000, 0]] },
  { name: "one too many of those that are not ready", given: [[1000, 1]], want: [[1000, 0]] },
  {
    name: "ready ones stay, others share the room",
    given: [
      [90, 101],
      [110, 200],
      [50, 200],
      [10, 201],
      [20, 298],
    ],
    want: [
      [90, 73],
      [110, 144],
      [50, 144],
      [10, 145],
      [20, 214],
    ],
  },
  {
    name: "ready ones alone are too many",
    given: [
      [205, 100],
      [400, 200],
      [402, 200],
      [400, 200],
      [693, 300],
    ],
    want: [
      [98, 0],
      [191, 0],
      [192, 0],
      [191, 0],
      [328, 0],
    ],
  },
  {
    name: "a subset that keeps nothing goes",
    given: [
      [1000, 0],
      [0, 500],
    ],
    want: [[1000, 0]],
  },
];

const addresses = (count: number): EndpointAddress[] =>
  Array.from({ length: count }, (_, index) => ({ ip: `10.0.${index >> 8}.${index & 255}` }));

for (const { name, given, want } of cases) {
  test(`truncateSubsets: ${name}`, () => {
    const subsets = given.map(
      ([ready, notReady], index): EndpointSubset => ({
        addresses: addresses(ready),
        notReadyAddresses: addresses(notReady),
        ports: [{ port: 80 + index }],
      }),
    );
    const counts = truncateSubsets(subsets)?.map((subset) => [
      subset.addresses?.length ?? 0,
      subset.notReadyAddresses?.length ?? 0,
    ]);
    assert.deepEqual(counts, want);
  });
}
