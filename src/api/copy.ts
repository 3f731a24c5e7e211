/** The fields of `T` that may be left out. */
type OptionalKey<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never;
}[keyof T];

/** A copy without some of its optional fields. */
export function without<T extends object>(object: T, ...keys: readonly OptionalKey<T>[]): T {
  const copy = { ...object };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
}

/** A copy whose optional field has this value; `undefined` leaves it out. */
export function withField<T extends object, K extends OptionalKey<T>>(
  object: T,
  key: K,
  value: T[K] | undefined,
): T {
  return value === undefined ? without(object, key) : { ...object, [key]: value };
}
