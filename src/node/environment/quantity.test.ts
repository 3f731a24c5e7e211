import assert from "node:assert/strict";
import { test } from "node:test";
import { divideQuantity, quantityValue } from "./quantity.ts";

const cases = [
  { name: "a core in thousandths", value: "250m", divisor: "1m", want: "250" },
  { name: "a part of a core is rounded up to cores", value: "250m", divisor: undefined, want: "1" },
  { name: "memory in bytes", value: "64Mi", divisor: undefined, want: "67108864" },
  { name: "memory in mebibytes", value: "1Gi", divisor: "1Mi", want: "1024" },
  { name: "a divisor of zero counts as one", value: "3", divisor: "0", want: "3" },
  { name: "decimal exponents", value: "1e3", divisor: undefined, want: "1000" },
] as const;

for (const { name, value, divisor, want } of cases) {
  test(`quantity: ${name}`, () =>
    assert.equal(divideQuantity(quantityValue(value)!, divisor), want));
}

test("quantity: what is none has no value", () => {
  for (const text of ["", "x", "1 Mi", "1KiB"]) assert.equal(quantityValue(text), undefined);
});
