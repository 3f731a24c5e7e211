const exactSeconds = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const exactMicros = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** A point in time as Kubernetes writes it: UTC, whole seconds. Undefined where the text is not RFC 3339. */
export function canonicalTime(text: string): string | undefined {
  if (!rfc3339.test(text)) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) return undefined;
  return exactSeconds.test(text) ? text : secondsText(ms);
}

/** The same with six digits after the point, as Leases and Events have it. */
export function canonicalMicroTime(text: string): string | undefined {
  const fraction = rfc3339.exec(text)?.[1] ?? "";
  const ms = Date.parse(text);
  if (!rfc3339.test(text) || Number.isNaN(ms)) return undefined;
  if (exactMicros.test(text)) return text;
  return microsText(ms, Number(fraction.slice(1, 7).padEnd(6, "0")));
}

/** `ms` since 1970, as whole seconds. */
export function secondsText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The second that `ms` lies in, and the microseconds within it. */
export function microsText(ms: number, micros: number): string {
  return secondsText(ms).replace("Z", `.${String(micros).padStart(6, "0")}Z`);
}
