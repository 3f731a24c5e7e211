import { withDefaults } from "../../api/defaults.ts";
import { type FieldError, invalidStatus } from "../../api/field-error.ts";
import { strategyFor } from "../../api/strategy.ts";
import type { KubeObject } from "../../api/types.ts";
import { badRequest, modified, notFound, preconditionFailed } from "../refusals.ts";
import { type Item, objectOf } from "../store/item.ts";
import { admitUpdate, isServices } from "./admission.ts";
import { inNamespace } from "./create.ts";
import { afterServiceDeleted } from "./delete.ts";
import { isReleased } from "./finalizers.ts";
import {
  isSame,
  type Place,
  unstoredItem,
  type WriteContext,
  type Written,
  withMetadata,
  withoutMetadata,
} from "./write-context.ts";

export interface UpdateOptions {
  readonly dryRun: boolean;
  readonly subresource: string | undefined;
  /** A patch says nothing of the version unless it does so itself: it is tried again on the newer object. */
  readonly isPatch: boolean;
}

/** So often is a change without a version worked out again, because others were quicker. */
const TRIES = 64;

/**
 * Replaces an object by what `change` makes of it, or throws the answer that says why not. An object that stays as
 * it is keeps its version. One that was only kept by finalizers goes with the last of them.
 */
export async function updateObject(
  context: WriteContext,
  place: Place,
  options: UpdateOptions,
  change: (current: KubeObject) => KubeObject,
): Promise<Written> {
  const { store } = context;
  const { kind, key, name } = place;
  for (let tries = 1; ; tries++) {
    // In a loop: of all that wait for one write, the first to wake up begins the next.
    for (let other = store.writing(kind, key); other; other = store.writing(kind, key)) await other;
    const item = store.get(kind, key);
    if (item === undefined) throw notFound(kind, name);
    const attempt = await tryUpdate({ context, place, options, item }, change);
    if (attempt.type === "done") return attempt.written;
    if (attempt.type === "conflict" || tries >= TRIES) throw modified(kind, name);
  }
}

type Attempt =
  | { readonly type: "done"; readonly written: Written }
  | { readonly type: "again" }
  | { readonly type: "conflict" };

interface Try {
  readonly context: WriteContext;
  readonly place: Place;
  readonly options: UpdateOptions;
  readonly item: Item;
}

async function tryUpdate(
  { context, place, options, item }: Try,
  change: (current: KubeObject) => KubeObject,
): Promise<Attempt> {
  const { store } = context;
  const { kind, key } = place;
  const current = objectOf(item);
  const wanted = identified(place, change(current));
  const isPinned = checkVersion(place, { wanted, current, options });
  const defaulted = withDefaults(kind, withoutMetadata(wanted, "managedFields"));
  const { subresource, dryRun } = options;
  const admission = { next: defaulted, old: current, subresource, dryRun };
  const admitted = admitUpdate(context.allocators, kind, admission);
  const { warnings } = admitted;
  const next = withMetadata(admitted.object, { resourceVersion: current.metadata.resourceVersion });
  const done = (result: Item): Attempt => ({
    type: "done",
    written: { item: result, warnings, created: false },
  });
  const isFinal = isReleased(current, next);
  if (dryRun || (!isFinal && isSame(next, current))) {
    admitted.rollback();
    return done(isSame(next, current) ? item : unstoredItem(key, next));
  }
  const writing = isFinal
    ? store.delete(kind, key, item.revision)
    : store.put(kind, key, next, item.revision);
  const result = await writing.catch((error: unknown) => {
    admitted.rollback();
    throw error;
  });
  if (!result.done) {
    admitted.rollback();
    return { type: isPinned ? "conflict" : "again" };
  }
  admitted.commit();
  if (isFinal) {
    if (isServices(kind)) {
      context.allocators.release(next);
      await afterServiceDeleted(context, next);
    }
    return done(unstoredItem(key, next));
  }
  return done(store.itemAt(kind, key, { object: next, revision: result.revision }));
}

/** The object must be the one that the path names. */
function identified(place: Place, object: KubeObject): KubeObject {
  const placed = inNamespace(place.kind, object, place.namespace);
  const name = placed.metadata.name ?? "";
  if (name === "") throw badRequest("name must be provided");
  if (name !== place.name) {
    throw badRequest(
      `the name of the object (${name}) does not match the name on the URL (${place.name})`,
    );
  }
  return placed;
}

/** Kubernetes shows the version that is not there in Go's way. */
const noVersion: FieldError = {
  reason: "FieldValueInvalid",
  field: "metadata.resourceVersion",
  message: "Invalid value: 0x0: must be specified for an update",
};

/** True when the request names the version it is meant for; throws when that is not the newest. */
function checkVersion(
  place: Place,
  {
    wanted,
    current,
    options,
  }: {
    readonly wanted: KubeObject;
    readonly current: KubeObject;
    readonly options: UpdateOptions;
  },
): boolean {
  const { kind, name } = place;
  const { uid, resourceVersion } = wanted.metadata;
  if (uid !== undefined && uid !== "" && uid !== current.metadata.uid) {
    throw preconditionFailed(kind, name, {
      field: "UID",
      wanted: uid,
      is: current.metadata.uid ?? "",
    });
  }
  if (resourceVersion === undefined || resourceVersion === "" || resourceVersion === "0") {
    if (!options.isPatch && !strategyFor(kind).updatesUnconditionally) {
      throw invalidStatus(kind, name, [noVersion]);
    }
    return false;
  }
  if (resourceVersion !== current.metadata.resourceVersion) throw modified(kind, name);
  // A patch starts from the object: having its version says nothing.
  return !options.isPatch;
}
