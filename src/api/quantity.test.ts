import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalQuantity, inThousandths, nanosOf } from "./quantity.ts";

const cases: readonly {
  readonly text: string;
  readonly want: string | undefined;
  readonly why: string;
}[] = [
  { text: "100m", want: "100m", why: "what is canonical stays" },
  { text: "0.5", want: "500m", why: "a fraction becomes thousandths" },
  { text: ".5", want: "500m", why: "digits before the point may be missing" },
  { text: "1.", want: "1", why: "digits after the point may be missing" },
  { text: "1000m", want: "1", why: "whole units have no suffix" },
  { text: "1500", want: "1500", why: "a suffix that loses digits is not taken" },
  { text: "2000", want: "2k", why: "the largest suffix is taken" },
  { text: "+5G", want: "5G", why: "a plus sign goes" },
  { text: "-0.1", want: "-100m", why: "a minus sign stays" },
  { text: "-0", want: "0", why: "but zero has none" },
  { text: "0Gi", want: "0", why: "zero has no suffix" },
  { text: "1024Mi", want: "1Gi", why: "powers of 1024 have their own suffixes" },
  { text: "1.5Gi", want: "1536Mi", why: "and no fraction either" },
  { text: "0.1Ki", want: "102400m", why: "a part of a byte is decimal" },
  { text: "1e3", want: "1e3", why: "exponents stay exponents" },
  { text: "1E4", want: "10e3", why: "in steps of three" },
  { text: "12E", want: "12E", why: "E without digits is exa" },
  { text: "0.1n", want: "1n", why: "nothing is smaller than a billionth" },
  { text: "", want: undefined, why: "an empty text is none" },
  { text: "1 Gi", want: undefined, why: "a space is wrong" },
  { text: "1gi", want: undefined, why: "case matters" },
  { text: "0x10", want: undefined, why: "numbers are decimal" },
  { text: "1e9999", want: undefined, why: "exponents have a limit" },
  { text: "9".repeat(65), want: undefined, why: "so have digits" },
];

for (const { text, want, why } of cases) {
  test(`canonicalQuantity: ${JSON.stringify(text.slice(0, 10))} is ${want}: ${why}`, () => {
    assert.equal(canonicalQuantity(text), want);
  });
}

const resourceAmounts = [
  { text: "100u", want: "1m", why: "less than a thousandth is one" },
  { text: "1500u", want: "2m", why: "what is finer is rounded up" },
  { text: "-1n", want: "-1m", why: "away from zero" },
  { text: "999999999n", want: "1", why: "and written canonically" },
  { text: "1e-6", want: "1e-3", why: "also with an exponent" },
  { text: "1m", want: "1m", why: "a thousandth stays" },
  { text: "3Ki", want: "3Ki", why: "and so does all that is larger" },
];

for (const { text, want, why } of resourceAmounts) {
  test(`inThousandths: ${text} is ${want}: ${why}`, () => {
    assert.equal(inThousandths(text), want);
  });
}

const amounts: readonly {
  readonly amount: string | number | undefined;
  readonly want: bigint | undefined;
}[] = [
  { amount: "1n", want: 1n },
  { amount: "-250m", want: -250_000_000n },
  { amount: 2, want: 2_000_000_000n },
  { amount: "1Ki", want: 1_024_000_000_000n },
  { amount: "1E", want: 10n ** 27n },
  { amount: "1e3", want: 10n ** 12n },
  { amount: "much", want: undefined },
  { amount: undefined, want: undefined },
];

for (const { amount, want } of amounts) {
  test(`nanosOf: ${amount} is ${want}`, () => {
    assert.equal(nanosOf(amount), want);
  });
}
