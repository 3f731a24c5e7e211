import { canonicalQuantity } from "../quantity.ts";
import type { Quantity } from "../types.ts";

const exponents: Readonly<Record<string, number>> = {
  n: 0,
  u: 3,
  m: 6,
  "": 9,
  k: 12,
  M: 15,
  G: 18,
  T: 21,
  P: 24,
  E: 27,
};
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** A quantity in billionths, so that any two compare exactly. Undefined if it is none. */
export function nanosOf(quantity: Quantity | undefined): bigint | undefined {
  if (quantity === undefined) return undefined;
  const match = /^(-?\d+)([a-zA-Z]*)(-?\d*)$/.exec(canonicalQuantity(String(quantity)) ?? "");
  if (match === null) return undefined;
  const [, digits = "", suffix = "", exponent = ""] = match;
  const power = binary.indexOf(suffix);
  if (power > 0) return BigInt(digits) * 1024n ** BigInt(power) * 10n ** 9n;
  const ten = exponent === "" ? exponents[suffix] : 9 + Number(exponent);
  return ten === undefined || ten < 0 ? undefined : BigInt(digits) * 10n ** BigInt(ten);
}
