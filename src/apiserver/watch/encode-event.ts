import type { Kind } from "../../api/kinds.ts";
import { apiVersionOf } from "../../api/resource.ts";
import type { Status } from "../../api/status-error.ts";
import type { Form } from "../negotiate.ts";
import { partialMetadata, tableOf } from "../read/render.ts";
import { type Item, objectOf } from "../store/item.ts";
import type { CacheEvent } from "../store/resource-cache.ts";

const heads = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;
const tail = Buffer.from("}\n");

export interface WatchEvent {
  readonly type: CacheEvent["type"];
  readonly item: Item;
  readonly revision: number;
}

/** One line of a watch, as pieces to be joined. Of the plain form no byte is copied. */
export function encodeEvent(
  kind: Kind,
  event: WatchEvent,
  form: Form,
  nowMs: number,
): readonly Uint8Array[] {
  const item =
    event.item.revision === event.revision ? event.item : reversioned(event.item, event.revision);
  const head = heads[event.type];
  switch (form.type) {
    case "object":
      return [head, item.bytes, tail];
    case "metadata":
      return [head, json(partialMetadata(objectOf(item), form.version)), tail];
    case "table":
      return [head, json(tableOf(kind, [item], form, nowMs)), tail];
  }
}

/** Tells how far the watch has come; after the initial events it also says that they are over. */
export function encodeBookmark(
  kind: Kind,
  form: Form,
  revision: number,
  isInitialEnd = false,
): Uint8Array {
  const metadata = {
    resourceVersion: String(revision),
    creationTimestamp: null,
    ...(isInitialEnd ? { annotations: { "k8s.io/initial-events-end": "true" } } : {}),
  };
  const identity =
    form.type === "metadata"
      ? { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${form.version}` }
      : { kind: kind.kind, apiVersion: apiVersionOf(kind) };
  const object =
    form.type === "table"
      ? {
          kind: "Table",
          apiVersion: `meta.k8s.io/${form.version}`,
          metadata: { resourceVersion: String(revision) },
          columnDefinitions: null,
          rows: [{ cells: null, object: { ...identity, metadata } }],
        }
      : { ...identity, metadata };
  return json({ type: "BOOKMARK", object }, "\n");
}

/** An error after the headers have gone out. */
export function encodeError(status: Status): Uint8Array {
  return json({ type: "ERROR", object: status }, "\n");
}

function json(value: unknown, end = ""): Uint8Array {
  return Buffer.from(JSON.stringify(value) + end);
}

/** The same content under another version, as watches report what is gone. */
function reversioned(item: Item, revision: number): Item {
  const old = `"resourceVersion":"${item.revision}"`;
  const at = item.bytes.indexOf(old);
  const bytes = Buffer.concat([
    item.bytes.subarray(0, at),
    Buffer.from(`"resourceVersion":"${revision}"`),
    item.bytes.subarray(at + old.length),
  ]);
  return { key: item.key, revision, bytes };
}
