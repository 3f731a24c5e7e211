import type { Quantity } from "./types.ts";

/** What a suffix stands for: powers of ten (in steps of three), or of 1,024. */
const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([s, e]) => [e, s]));
const binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const quantityPattern = /^([+-]?)(\d+\.?\d*|\.\d+)([numkMGTPE]?|[KMGTPE]i|[eE][+-]?\d{1,3})$/;

/** A quantity longer than this is refused: it can't be a sensible amount. */
const QUANTITY_LENGTH_MAX = 64;

/**
 * The one way in which Kubernetes writes an amount: no fraction, the largest suffix that allows it, no digits
 * below nano ("0.5" is "500m", "1024Mi" is "1Gi"). Undefined where the text is no quantity.
 */
export function canonicalQuantity(text: string): string | undefined {
  if (text.length > QUANTITY_LENGTH_MAX) return undefined;
  const match = quantityPattern.exec(text);
  if (match === null) return undefined;
  const [, sign = "", digits = "", suffix = ""] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const mantissa = BigInt(whole + fraction);
  const minus = sign === "-" && mantissa !== 0n ? "-" : "";
  const power = binarySuffixes.indexOf(suffix);
  if (power > 0) return minus + binaryText(mantissa, fraction.length, power);

  const isExponent = /^[eE]./.test(suffix);
  const exponent = isExponent ? Number(suffix.slice(1)) : (decimalExponents[suffix] ?? 0);
  const scaled = scaleToNano(mantissa, exponent - fraction.length);
  return minus + (isExponent ? exponentText(scaled) : decimalText(scaled));
}

/** A quantity in billionths, so that any two compare exactly. Undefined if it is none. */
export function nanosOf(quantity: Quantity | undefined): bigint | undefined {
  if (quantity === undefined) return undefined;
  const match = /^(-?\d+)([a-zA-Z]*)(-?\d*)$/.exec(canonicalQuantity(String(quantity)) ?? "");
  if (match === null) return undefined;
  const [, digits = "", suffix = "", exponent = ""] = match;
  const power = binarySuffixes.indexOf(suffix);
  if (power > 0) return BigInt(digits) * 1024n ** BigInt(power) * 10n ** 9n;
  const ten = exponent === "" ? decimalExponents[suffix] : Number(exponent);
  return ten === undefined || ten < -9 ? undefined : BigInt(digits) * 10n ** BigInt(ten + 9);
}

/** How many of a unit finer than a thousandth make one. */
const perThousandth: Readonly<Record<string, bigint>> = {
  u: 1000n,
  n: 1_000_000n,
  "e-6": 1000n,
  "e-9": 1_000_000n,
};

/** A canonical amount without anything finer than a thousandth, as amounts of resources are: rounded up. */
export function inThousandths(text: string): string {
  const [, minus = "", digits = "", unit = ""] = /^(-?)(\d+)(u|n|e-6|e-9)$/.exec(text) ?? [];
  const divisor = perThousandth[unit];
  if (divisor === undefined) return text;
  const suffix = unit.startsWith("e") ? "e-3" : "m";
  return canonicalQuantity(`${minus}${divideUp(BigInt(digits), divisor)}${suffix}`) ?? text;
}

/** The amount in units of a billionth, rounded up as Kubernetes does. */
function scaleToNano(mantissa: bigint, exponent: number): bigint {
  const power = exponent + 9;
  return power >= 0 ? mantissa * 10n ** BigInt(power) : divideUp(mantissa, 10n ** BigInt(-power));
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** Divides by `base` while nothing is lost, at most `steps` times. */
function reduce(value: bigint, base: bigint, steps: number): readonly [bigint, number] {
  let rest = value;
  let taken = 0;
  while (rest !== 0n && taken < steps && rest % base === 0n) {
    rest /= base;
    taken++;
  }
  return [rest, taken];
}

function decimalText(nano: bigint): string {
  if (nano === 0n) return "0";
  const [digits, steps] = reduce(nano, 1000n, 9);
  return `${digits}${decimalSuffixes.get(steps * 3 - 9) ?? ""}`;
}

function exponentText(nano: bigint): string {
  if (nano === 0n) return "0";
  const [digits, steps] = reduce(nano, 1000n, 100);
  const exponent = steps * 3 - 9;
  return exponent === 0 ? `${digits}` : `${digits}e${exponent}`;
}

function binaryText(mantissa: bigint, fractionDigits: number, power: number): string {
  const bytes = mantissa * 1024n ** BigInt(power);
  const scale = 10n ** BigInt(fractionDigits);
  // An amount with a part of a byte can't be said with a binary suffix.
  if (bytes % scale !== 0n) return decimalText(divideUp(bytes * 1_000_000_000n, scale));
  const [digits, steps] = reduce(bytes / scale, 1024n, binarySuffixes.length - 1);
  return `${digits}${binarySuffixes[steps] ?? ""}`;
}
