import type { Kind } from "../../api/kinds.ts";
import { type Answer, bytesAnswer, type Incoming } from "../exchange.ts";
import { negotiateForm } from "../negotiate.ts";
import { notFound } from "../refusals.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { versionOf } from "./read-options.ts";
import { renderItem } from "./render.ts";

/** Answers with one object; `key` is its key in the kind's cache. */
export async function get(
  { store, now }: { readonly store: ObjectStore; readonly now: () => number },
  kind: Kind,
  name: { readonly key: string; readonly name: string },
  request: Incoming,
): Promise<Answer> {
  const form = negotiateForm(request.headers["accept"], request.query);
  await store.reach(versionOf(request.query) ?? 0, request.signal);
  const item = store.get(kind, name.key);
  if (item === undefined) throw notFound(kind, name.name);
  return bytesAnswer(200, [renderItem(kind, item, form, now())]);
}
