import { type FieldError, invalid } from "../field-error.ts";
import { notNegative } from "./names.ts";

/** Fields of `object` that count something, and so are never below zero. */
export function validateCounts<K extends string>(
  object: { readonly [name in K]?: number },
  names: readonly K[],
  field: string,
): FieldError[] {
  return names.flatMap((name) => {
    const count = object[name] ?? 0;
    return count < 0 ? [invalid(`${field}.${name}`, count, notNegative)] : [];
  });
}
