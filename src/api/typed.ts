import type { JsonObject } from "./conform.ts";

/**
 * Gives JSON that follows a schema the type that was generated from that schema. The compiler can't see the
 * connection, so this is the one place that asserts it; the caller answers for the schema.
 */
export function typed<T extends object>(value: JsonObject): T {
  const object: unknown = value;
  return object as T;
}
