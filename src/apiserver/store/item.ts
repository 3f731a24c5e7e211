import type { KubeObject } from "../../api/types.ts";

/**
 * One stored object, as the immutable JSON that is sent to clients, version included.
 * 50,000 pods of 1.8 kB take 180 MB so, and 318 MB as parsed objects.
 */
export interface Item {
  /** `namespace/name`, or `name` for cluster-scoped kinds. */
  readonly key: string;
  readonly revision: number;
  readonly bytes: Buffer;
}

const encoder = new TextEncoder();
const metadataStart = Buffer.from('"metadata":{');

/**
 * The JSON of an object as it is stored: `kind`, `apiVersion` and `metadata` come first, and there is no
 * resourceVersion, since that is the store's to give.
 */
export function encodeObject(object: KubeObject): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...meta } = metadata;
  return encoder.encode(JSON.stringify({ kind, apiVersion, metadata: meta, ...rest }));
}

/** The same JSON with the version in it. */
export function itemOf(key: string, value: Uint8Array, revision: number): Item {
  const stored = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // What comes before are two strings, whose quotes are escaped: the first match is the right one.
  const at = stored.indexOf(metadataStart) + metadataStart.length;
  const hasMore = stored[at] !== 0x7d;
  const version = Buffer.from(`"resourceVersion":"${revision}"${hasMore ? "," : ""}`);
  const bytes = joinForKeeping([stored.subarray(0, at), version, stored.subarray(at)]);
  return { key, revision, bytes };
}

/**
 * Joins bytes that live long into memory of their own. `Buffer.concat` would take it from a shared block of 64 KiB, which
 * a single object then keeps in memory with all the short-lived bytes around it.
 */
export function joinForKeeping(parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}

/** Of so many bytes of JSON the parsed objects are kept: some 2,000 pods, enough for what is selected just now. */
const PARSED_BYTES_MAX = 4 * 1024 * 1024;
const parsed = new Map<Item, KubeObject>();
let parsedBytes = 0;

/** The object itself, shared: it must not be changed. */
export function objectOf(item: Item): KubeObject {
  const known = parsed.get(item);
  if (known !== undefined) return known;
  const object: KubeObject = JSON.parse(item.bytes.toString("utf8"));
  parsed.set(item, object);
  parsedBytes += item.bytes.byteLength;
  for (const oldest of parsed.keys()) {
    if (parsedBytes <= PARSED_BYTES_MAX) break;
    parsed.delete(oldest);
    parsedBytes -= oldest.bytes.byteLength;
  }
  return object;
}
