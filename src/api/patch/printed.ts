import { isJsonObject } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";

/** A JSON value as Go prints it (`%v`), which is how Kubernetes shows pieces of strategic patches. */
export function printed(value: JsonValue): string {
  if (value === null) return "<nil>";
  if (typeof value !== "object") return String(value);
  if (!isJsonObject(value)) return `[${value.map(printed).join(" ")}]`;
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${name}:${printed(value[name] ?? null)}`);
  return `map[${members.join(" ")}]`;
}
