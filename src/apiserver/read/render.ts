import type { Kind } from "../../api/kinds.ts";
import { apiVersionOf } from "../../api/resource.ts";
import { columnsOf, rowOf, type ShownKind } from "../../api/table.ts";
import type { KubeObject } from "../../api/types.ts";
import type { Form } from "../negotiate.ts";
import { type Item, objectOf } from "../store/item.ts";

/** What stands in the metadata of a list. */
export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const comma = Buffer.from(",");
const listEnd = Buffer.from("]}");

/** One object in the form that was asked for. */
export function renderItem(kind: ShownKind, item: Item, form: Form, nowMs: number): Uint8Array {
  switch (form.type) {
    case "object":
      return item.bytes;
    case "metadata":
      return json(partialMetadata(objectOf(item), form.version));
    case "table":
      return json(tableOf(kind, [item], form, nowMs));
  }
}

/** A list as chunks: the items' own bytes, not copied. */
export function renderList(
  kind: Kind,
  items: readonly Item[],
  form: Form,
  options: { readonly meta: ListMeta; readonly nowMs: number },
): readonly Uint8Array[] {
  const { meta, nowMs } = options;
  switch (form.type) {
    case "object": {
      const head = { kind: kind.listKind, apiVersion: apiVersionOf(kind), metadata: meta };
      return joinList(
        head,
        items.map(({ bytes }) => bytes),
      );
    }
    case "metadata": {
      const { version } = form;
      const apiVersion = `meta.k8s.io/${version}`;
      const head = { kind: "PartialObjectMetadataList", apiVersion, metadata: meta };
      return joinList(
        head,
        items.map((item) => json(partialMetadata(objectOf(item), version))),
      );
    }
    case "table":
      return [json({ ...tableOf(kind, items, form, nowMs), metadata: meta })];
  }
}

function joinList(head: object, items: readonly Uint8Array[]): readonly Uint8Array[] {
  const start = JSON.stringify(head);
  const chunks: Uint8Array[] = [Buffer.from(`${start.slice(0, -1)},"items":[`)];
  items.forEach((bytes, index) => {
    if (index > 0) chunks.push(comma);
    chunks.push(bytes);
  });
  chunks.push(listEnd);
  return chunks;
}

/** A table of these items, with its columns: readers compare them with those they have. */
export function tableOf(
  kind: ShownKind,
  items: readonly Item[],
  form: Extract<Form, { readonly type: "table" }>,
  nowMs: number,
): object {
  const [only] = items;
  const rows = items.map((item) => {
    const object = objectOf(item);
    return { ...rowOf(kind, object, nowMs), object: rowObject(object, form) };
  });
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata: only === undefined ? {} : { resourceVersion: String(only.revision) },
    columnDefinitions: columnsOf(kind),
    rows,
  };
}

function rowObject(object: KubeObject, form: Extract<Form, { readonly type: "table" }>) {
  switch (form.include) {
    case "None":
      return null;
    case "Metadata":
      return partialMetadata(object, form.version);
    case "Object":
      return object;
  }
}

export function partialMetadata(object: KubeObject, version: string): object {
  return {
    kind: "PartialObjectMetadata",
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
