import { isDeepStrictEqual } from "node:util";
import type { Kind } from "../../api/kinds.ts";
import type { KubeObject, ObjectMeta } from "../../api/types.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ServiceAllocators } from "../allocators/service-allocators.ts";
import { encodeObject, type Item } from "../store/item.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** What every write needs. */
export interface WriteContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly uuid: () => string;
  readonly allocators: ServiceAllocators;
}

/** An object as it lies in the API. */
export interface Place {
  readonly kind: Kind;
  readonly namespace: string | undefined;
  readonly name: string;
  /** In the kind's cache. */
  readonly key: string;
}

/** What a write made: what the client gets, and what it should hear. */
export interface Written {
  readonly item: Item;
  readonly warnings: readonly string[];
  /** True if the object did not exist before. */
  readonly created: boolean;
}

/** A copy with changed metadata; fields that are undefined in the change are left out. */
export function withMetadata(
  object: KubeObject,
  change: { readonly [F in keyof ObjectMeta]?: ObjectMeta[F] | undefined },
): KubeObject {
  const entries = Object.entries({ ...object.metadata, ...change });
  const metadata: ObjectMeta = Object.fromEntries(
    entries.filter(([, value]) => value !== undefined),
  );
  return { ...object, metadata };
}

/** A copy without these metadata fields. */
export function withoutMetadata(object: KubeObject, ...fields: (keyof ObjectMeta)[]): KubeObject {
  const metadata = { ...object.metadata };
  for (const field of fields) Reflect.deleteProperty(metadata, field);
  return { ...object, metadata };
}

/** True when storing would change nothing but the version. */
export function isSame(a: KubeObject, b: KubeObject): boolean {
  return isDeepStrictEqual(
    withoutMetadata(a, "resourceVersion"),
    withoutMetadata(b, "resourceVersion"),
  );
}

/** An answer about an object that was not stored, as dry runs have it. */
export function unstoredItem(key: string, object: KubeObject): Item {
  const { resourceVersion } = object.metadata;
  const encoded = Buffer.from(encodeObject(object));
  if (resourceVersion === undefined) return { key, revision: 0, bytes: encoded };
  return { key, revision: 0, bytes: Buffer.from(JSON.stringify(object)) };
}
