import type { IntOrString } from "../api/types.ts";

/** A number, or a share of `total` such as "25%", rounded up or down. What is neither counts as 0. */
export function intOrPercent(
  value: IntOrString | undefined,
  total: number,
  rounding: "up" | "down",
): number {
  if (typeof value === "number") return value;
  const percent = /^(\d{1,10})%$/.exec(value ?? "")?.[1];
  if (percent === undefined) return 0;
  const exact = (Number(percent) * total) / 100;
  return rounding === "up" ? Math.ceil(exact) : Math.floor(exact);
}
