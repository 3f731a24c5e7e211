import { isJsonObject, type JsonObject } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";
import { PatchFault } from "./patch-fault.ts";

/** A JSON pointer (RFC 6901), taken apart; empty for the whole document. */
export type Pointer = readonly string[];

/** What a pointer can lead into. */
export type Container = JsonObject | readonly JsonValue[];

/** No document is nested deeper, and who follows a longer pointer could run out of stack. */
const PARTS_MAX = 1000;

/** Reads the pointer that is an operation's `member`. Throws a PatchFault. */
export function parsePointer(text: JsonValue | undefined, member: string): Pointer {
  if (typeof text !== "string" || (text !== "" && !text.startsWith("/"))) {
    throw new PatchFault(
      "malformed",
      `"${member}" is no JSON pointer: ${JSON.stringify(text ?? "")}`,
    );
  }
  const parts = text.split("/").slice(1);
  if (parts.length > PARTS_MAX) throw new PatchFault("tooLarge", "exceeded max depth");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The text of a pointer. */
export function pointerText(path: Pointer): string {
  return path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** The last part: what its parent calls the value. */
export function keyOf(path: Pointer): string {
  return path.at(-1) ?? "";
}

/** Whether a pointer can lead into a value. */
export function isContainer(value: JsonValue | undefined): value is Container {
  return typeof value === "object" && value !== null;
}

/** The value under a key; undefined if there is none. */
export function childOf(container: Container, key: string): JsonValue | undefined {
  if (isJsonObject(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = indexOf(container.length, key);
  return index === undefined ? undefined : container[index];
}

/** The place in a list of this length that a key names; Kubernetes counts from the end as well, with -1 for the last. */
export function indexOf(length: number, key: string): number | undefined {
  if (!/^-?\d{1,9}$/.test(key)) return undefined;
  const index = Number(key) < 0 ? Number(key) + length : Number(key);
  return index >= 0 && index < length ? index : undefined;
}
