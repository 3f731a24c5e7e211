/**
 * Whether two JSON values mean the same to Kubernetes: an absent field equals an empty list, an empty map and null,
 * since clients differ in which of them they send.
 */
export function semanticEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isStructure(a) || !isStructure(b)) return isNothing(a) && isNothing(b);
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => semanticEqual(item, b[index]));
  }
  if (Array.isArray(a) || Array.isArray(b)) return isNothing(a) && isNothing(b);
  const left = new Map<string, unknown>(Object.entries(a));
  const right = new Map<string, unknown>(Object.entries(b));
  return [...new Set([...left.keys(), ...right.keys()])].every((key) =>
    semanticEqual(left.get(key), right.get(key)),
  );
}

function isStructure(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isStructure(value) && Object.values(value).every(isNothing);
}
