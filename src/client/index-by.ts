import type { KubeObject } from "../api/types.ts";
import type { Informer } from "./api.ts";
import { keyOf } from "./paths.ts";

/** Objects of an informer by something other than their name. */
export interface Index<T> {
  /** The objects with this value now; order is free. */
  get(value: string): readonly T[];
}

/**
 * Keeps an index over an informer. Make it before subscribing to the same informer: handlers are called in
 * the order of subscription, so the index is up to date when yours runs.
 */
export function indexBy<T extends KubeObject>(
  informer: Informer<T>,
  valuesOf: (object: T) => readonly string[],
): Index<T> {
  const buckets = new Map<string, Map<string, T>>();

  const add = (object: T) => {
    for (const value of valuesOf(object)) {
      const bucket = buckets.get(value) ?? new Map<string, T>();
      buckets.set(value, bucket.set(keyOf(object), object));
    }
  };
  const remove = (object: T) => {
    for (const value of valuesOf(object)) {
      const bucket = buckets.get(value);
      bucket?.delete(keyOf(object));
      if (bucket?.size === 0) buckets.delete(value);
    }
  };

  informer.subscribe((change) => {
    if (change.type === "MODIFIED") remove(change.previous);
    if (change.type === "DELETED") remove(change.object);
    else add(change.object);
  });
  return { get: (value) => [...(buckets.get(value)?.values() ?? [])] };
}
