import { isJsonObject, type JsonObject, setProperty } from "../conform.ts";
import type { JsonValue } from "../schema/schema.ts";

/** Applies a merge patch (RFC 7386): null removes, objects merge, everything else replaces. */
export function mergePatch(original: JsonObject, patch: JsonObject): JsonObject {
  const result: Record<string, JsonValue> = { ...original };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else
      setProperty(
        result,
        name,
        mergeValue(Object.hasOwn(result, name) ? result[name] : undefined, value),
      );
  }
  return result;
}

function mergeValue(original: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  return mergePatch(isJsonObject(original) ? original : {}, patch);
}
