import assert from "node:assert/strict";
import { test } from "node:test";
import { ageOf, humanDuration } from "./human-duration.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const cases = [
  { name: "far in the future is invalid", ms: -3 * second, want: "<invalid>" },
  { name: "a second ahead is now", ms: -second, want: "0s" },
  { name: "under two minutes in seconds", ms: 119 * second, want: "119s" },
  { name: "two minutes", ms: 2 * minute, want: "2m" },
  { name: "under ten minutes with seconds", ms: 3 * minute + 17 * second, want: "3m17s" },
  { name: "from ten minutes without seconds", ms: 10 * minute + 17 * second, want: "10m" },
  { name: "under three hours in minutes", ms: 179 * minute, want: "179m" },
  { name: "under eight hours with minutes", ms: 3 * hour + 5 * minute, want: "3h5m" },
  { name: "under two days in hours", ms: 47 * hour + 59 * minute, want: "47h" },
  { name: "under eight days with hours", ms: 5 * day + 3 * hour, want: "5d3h" },
  { name: "full days", ms: 2 * day, want: "2d" },
  { name: "under two years in days", ms: 500 * day + 3 * hour, want: "500d" },
  { name: "under eight years with days", ms: (2 * 365 + 9) * day, want: "2y9d" },
  { name: "from eight years in years", ms: (9 * 365 + 9) * day, want: "9y" },
];

for (const { name, ms, want } of cases) {
  test(`humanDuration: ${name}`, () => assert.equal(humanDuration(ms), want));
}

test("ageOf: no timestamp, no age", () => {
  assert.equal(ageOf(undefined, 0), "<unknown>");
  assert.equal(ageOf("1970-01-01T00:00:00Z", 5 * second), "5s");
});
