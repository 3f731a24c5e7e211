/** No vowels and no digits that look like them, so that no hash is a word (Kubernetes' alphabet). */
const ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** A short name for a value. `collisionCount` gives another one when two values happen to share it. */
export function templateHash(value: unknown, collisionCount: number | undefined): string {
  const text = canonicalJson(value) + (collisionCount === undefined ? "" : `#${collisionCount}`);
  return [...String(fnv1a(text))].map((digit) => ALPHABET[digit.charCodeAt(0) % 27]).join("");
}

/** 32-bit FNV-1a over UTF-8. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash;
}

/** JSON with sorted keys, so that equal values have equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(",")}}`;
}
