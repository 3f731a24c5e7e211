import type { Kind } from "../../api/kinds.ts";
import { parseFieldSelector, parseLabelSelector } from "../../api/selectors.ts";
import { strategyFor } from "../../api/strategy.ts";
import { type Item, objectOf } from "../store/item.ts";
import type { CacheEvent } from "../store/resource-cache.ts";

/** Which objects of a kind a caller wants. */
export interface Filter {
  /** Keys must begin with this: a namespace, or everything. */
  readonly prefix: string;
  /** Equal texts select equally; watches with equal filters share their work. */
  readonly id: string;
  /** True when nothing but the prefix selects. */
  readonly isPlain: boolean;
  matches(item: Item): boolean;
}

/** Compiles the selectors of a request; throws the 400 answer for wrong ones. */
export function filterOf(
  kind: Kind,
  namespace: string | undefined,
  query: URLSearchParams,
): Filter {
  const labelText = query.get("labelSelector") ?? "";
  const fieldText = query.get("fieldSelector") ?? "";
  const prefix = kind.namespaced && namespace !== undefined ? `${namespace}/` : "";
  const id = JSON.stringify([prefix, labelText, fieldText]);
  const labels = labelText === "" ? undefined : parseLabelSelector(labelText);
  const fields = fieldText === "" ? undefined : parseFieldSelector(fieldText);
  const strategy = strategyFor(kind);
  for (const { field } of fields?.requirements ?? []) strategy.checkField(field);
  const name = fields?.requirements.find(
    ({ field, operator }) => field === "metadata.name" && operator === "=",
  )?.value;
  return {
    prefix,
    id,
    isPlain: labels === undefined && fields === undefined,
    matches(item) {
      if (!item.key.startsWith(prefix)) return false;
      // Most field selectors name one object: the key says enough, without parsing.
      if (name !== undefined && item.key !== name && !item.key.endsWith(`/${name}`)) return false;
      if (labels === undefined && fields === undefined) return true;
      const object = objectOf(item);
      return (
        (labels?.matches(object.metadata.labels) ?? true) &&
        (fields?.matches(strategy.fields(object)) ?? true)
      );
    },
  };
}

/** What a change is to somebody who sees only what the filter selects; undefined: nothing. */
export function transition(
  event: CacheEvent,
  filter: Filter,
):
  | { readonly type: CacheEvent["type"]; readonly item: Item; readonly revision: number }
  | undefined {
  const { item, previous, revision } = event;
  if (!item.key.startsWith(filter.prefix)) return undefined;
  const isSelected = event.type !== "DELETED" && filter.matches(item);
  const wasSelected = previous !== undefined && filter.matches(previous);
  if (isSelected) return { type: wasSelected ? "MODIFIED" : "ADDED", item, revision };
  // Gone from the selection: its last content there, under the version of the change.
  return wasSelected ? { type: "DELETED", item: previous, revision } : undefined;
}
