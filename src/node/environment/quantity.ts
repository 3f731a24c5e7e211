const suffixes: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** The number that a Kubernetes quantity such as `250m` or `64Mi` stands for; undefined if it is none. */
export function quantityValue(text: string | number): number | undefined {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d+)|([a-zA-Z]*))$/.exec(String(text));
  if (match === null) return undefined;
  const factor = match[2] === undefined ? suffixes[match[3] ?? ""] : 10 ** Number(match[2]);
  return factor === undefined ? undefined : Number(match[1]) * factor;
}

/** `value / divisor`, rounded up, as the downward API gives resources. A divisor of zero or none counts as one. */
export function divideQuantity(value: number, divisor: string | number | undefined): string {
  const by = divisor === undefined ? 1 : (quantityValue(divisor) ?? 1) || 1;
  // A hair is taken off, so that 0.1 / 0.001 is 100 and not 101.
  return String(Math.ceil(value / by - 1e-6));
}
