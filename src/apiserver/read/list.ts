import type { Kind } from "../../api/kinds.ts";
import { type Answer, bytesAnswer, type Incoming } from "../exchange.ts";
import { negotiateForm } from "../negotiate.ts";
import { continueTooOld, listTooOld } from "../refusals.ts";
import type { Item } from "../store/item.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { formatContinue } from "./continue-token.ts";
import { type Filter, filterOf } from "./filter.ts";
import { type ListOptions, listOptions } from "./read-options.ts";
import { type ListMeta, renderList } from "./render.ts";

interface Context {
  readonly store: ObjectStore;
  readonly now: () => number;
}

/** Answers a list. Pages of one list all show the state at its first page. */
export async function list(
  { store, now }: Context,
  kind: Kind,
  request: Incoming,
): Promise<Answer> {
  const form = negotiateForm(request.headers["accept"], request.query, "list");
  const filter = filterOf(kind, namespaceOf(request), request.query);
  const options = listOptions(request.query);
  const { items, revision } = await stateFor({ store, kind, filter, options, request });
  const { page, meta } = pageOf(items, { filter, options, revision });
  return bytesAnswer(200, renderList(kind, page, form, { meta, nowMs: now() }));
}

export function namespaceOf({ target }: Incoming): string | undefined {
  return target.type === "resource" ? target.namespace : undefined;
}

interface Wanted {
  readonly store: ObjectStore;
  readonly kind: Kind;
  readonly filter: Filter;
  readonly options: ListOptions;
  readonly request: Incoming;
}

interface State {
  readonly items: readonly Item[];
  readonly revision: number;
}

async function stateFor(wanted: Wanted): Promise<State> {
  const { store, kind, filter, options, request } = wanted;
  const cache = store.cacheOf(kind);
  const token = options.continue;
  if (token?.revision !== undefined) {
    const replacement = () => formatContinue({ revision: undefined, after: token.after });
    await store.reach(token.revision, request.signal);
    const items = itemsAt(wanted, token.revision);
    if (items === undefined) throw continueTooOld(replacement());
    return { items, revision: token.revision };
  }
  const { version } = options;
  if (version.type === "at-least" || version.type === "exact") {
    await store.reach(version.revision, request.signal);
  }
  if (version.type === "exact") {
    const items = itemsAt(wanted, version.revision);
    if (items === undefined) throw listTooOld();
    return { items, revision: version.revision };
  }
  return { items: cache.list(filter.prefix), revision: store.revision };
}

function itemsAt({ store, kind, filter }: Wanted, revision: number): Item[] | undefined {
  if (revision === store.revision) return store.cacheOf(kind).list(filter.prefix);
  if (!store.isReachable(kind, revision)) return undefined;
  return store.cacheOf(kind).listAt(filter.prefix, revision);
}

/** Cuts one page out of the whole. */
function pageOf(
  items: readonly Item[],
  at: { readonly filter: Filter; readonly options: ListOptions; readonly revision: number },
): { readonly page: readonly Item[]; readonly meta: ListMeta } {
  const { filter, options, revision } = at;
  const { limit, continue: token } = options;
  const resourceVersion = String(revision);
  const rest = token === undefined ? items : items.filter(({ key }) => key > token.after);
  if (limit === undefined) {
    const page = filter.isPlain ? rest : rest.filter((item) => filter.matches(item));
    return { page, meta: { resourceVersion } };
  }
  const page: Item[] = [];
  for (const [index, item] of rest.entries()) {
    if (!filter.isPlain && !filter.matches(item)) continue;
    const last = page.at(-1);
    if (page.length === limit && last !== undefined) {
      const meta = {
        resourceVersion,
        continue: formatContinue({ revision, after: last.key }),
        // With selectors nobody knows without looking at all that is left.
        ...(filter.isPlain ? { remainingItemCount: rest.length - index } : {}),
      };
      return { page, meta };
    }
    page.push(item);
  }
  return { page, meta: { resourceVersion } };
}
