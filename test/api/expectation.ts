import assert from "node:assert/strict";
import type { StatusError } from "../../src/api/status-error.ts";

/** A mistake that an answer must name; without a type, any at that field; without a message, in any words. */
export interface ExpectedError {
  readonly field: string;
  readonly type?: string;
  readonly message?: string;
}

/** The value at a path such as `ports[0].name`; undefined if there is none. */
export function valueAt(root: unknown, path: string): unknown {
  return path
    .split(/[.[\]]/)
    .filter((part) => part !== "")
    .reduce<unknown>(
      (value, part) =>
        typeof value === "object" && value !== null ? Reflect.get(value, part) : undefined,
      root,
    );
}

export function assertCauses(
  error: StatusError | undefined,
  expected: readonly ExpectedError[],
  at: string,
): void {
  const causes = error?.status.details?.causes ?? [];
  for (const { field, type, message } of expected) {
    const found = causes.some(
      (cause) =>
        cause.field === field &&
        (type === undefined || cause.reason === `FieldValue${type}`) &&
        (message === undefined || cause.message === message),
    );
    assert.ok(found, `${at}: no ${type} ${field} ${message ?? ""} in ${error?.message}`);
  }
}
