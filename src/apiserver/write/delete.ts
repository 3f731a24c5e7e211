import { kindOfResource } from "../../api/kinds.ts";
import { endpoints, pods } from "../../api/resource.ts";
import { isNotFound } from "../../api/status-error.ts";
import type { DeleteOptions, KubeObject, Namespace } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";
import { conflict, forbidden, modified, notFound, preconditionFailed } from "../refusals.ts";
import { type Item, objectOf } from "../store/item.ts";
import { keyOf } from "../store/object-store.ts";
import { isServices } from "./admission.ts";
import { finalizersFor, specFinalizers } from "./finalizers.ts";
import { podGraceSeconds } from "./pod-grace.ts";
import {
  isSame,
  type Place,
  unstoredItem,
  type WriteContext,
  withMetadata,
} from "./write-context.ts";

/** What became of a deletion. */
export interface Deleted {
  /** The last state; what is still there when something keeps it. */
  readonly item: Item;
  /** True when it is gone. */
  readonly isGone: boolean;
}

/** So often is a deletion tried while others change the object. */
const TRIES = 64;
/** Namespaces without which a cluster does not work. */
const immortalNamespaces = new Set(["default", "kube-public", "kube-system"]);

/** Deletes an object, or begins to where something must happen first. Throws the answer that says why not. */
export async function deleteObject(
  context: WriteContext,
  place: Place,
  options: DeleteOptions,
): Promise<Deleted> {
  const { kind, key, name } = place;
  if (isNamespace(place) && immortalNamespaces.has(name)) {
    throw forbidden(kind, name, "this namespace may not be deleted");
  }
  const isDryRun = (options.dryRun ?? []).length > 0;
  const { store } = context;
  for (let tries = 0; tries < TRIES; tries++) {
    for (let other = store.writing(kind, key); other; other = store.writing(kind, key)) await other;
    const item = store.get(kind, key);
    if (item === undefined) throw notFound(kind, name);
    const current = objectOf(item);
    checkPreconditions(place, current, options);
    const next = marked(context, place, { current, options });
    if (next === undefined) {
      if (isDryRun) return { item, isGone: true };
      const result = await store.delete(kind, key, item.revision);
      if (!result.done) continue;
      if (isServices(kind)) {
        context.allocators.release(current);
        await afterServiceDeleted(context, current);
      }
      return { item, isGone: true };
    }
    if (isSame(next, current)) {
      if (isNamespace(place)) throw namespaceBusy(place);
      return { item, isGone: false };
    }
    if (isDryRun) return { item: unstoredItem(key, next), isGone: false };
    const result = await store.put(kind, key, next, item.revision);
    if (!result.done) continue;
    const stored = store.itemAt(kind, key, { object: next, revision: result.revision });
    return { item: stored, isGone: false };
  }
  throw modified(kind, name);
}

/** The Endpoints of a Service go with it, as Kubernetes does in the same request. */
export async function afterServiceDeleted(
  context: WriteContext,
  { metadata }: KubeObject,
): Promise<void> {
  const kind = kindOfResource(endpoints);
  const { namespace, name = "" } = metadata;
  const place = { kind, namespace, name, key: keyOf(namespace, name) };
  try {
    await deleteObject(context, place, {});
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

interface Deletion {
  readonly current: KubeObject;
  readonly options: DeleteOptions;
}

/** The object marked as being deleted; undefined when nothing keeps it. */
function marked(context: WriteContext, place: Place, deletion: Deletion): KubeObject | undefined {
  const { current, options } = deletion;
  const finalizers = finalizersFor(current, options);
  const isKept = finalizers.length > 0 || specFinalizers(current).length > 0;
  const graceSeconds = graceOf(place, deletion);
  if (!isKept && graceSeconds === 0) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = current.metadata;
  const base = withMetadata(current, {
    finalizers: finalizers.length > 0 ? finalizers : undefined,
  });
  if (deletionTimestamp === undefined) {
    const at = context.clock.now() + graceSeconds * 1000;
    return terminating(
      withMetadata(base, {
        deletionTimestamp: formatTime(at),
        deletionGracePeriodSeconds: graceSeconds,
        generation: generation === undefined ? undefined : generation + 1,
      }),
    );
  }
  const before = deletionGracePeriodSeconds ?? 0;
  // The period only ever gets shorter.
  if (graceSeconds >= before) return base;
  const at = Date.parse(deletionTimestamp) - (before - graceSeconds) * 1000;
  return withMetadata(base, {
    deletionTimestamp: formatTime(at),
    deletionGracePeriodSeconds: graceSeconds,
  });
}

function graceOf({ kind }: Place, { current, options }: Deletion): number {
  const isPod = kind.group === pods.group && kind.plural === pods.plural;
  return isPod ? podGraceSeconds(current, options.gracePeriodSeconds) : 0;
}

/** A namespace says in its status that it is going. */
function terminating(object: KubeObject & Pick<Namespace, "status">): KubeObject {
  if (object.kind !== "Namespace") return object;
  const going: Namespace = { ...object, status: { ...object.status, phase: "Terminating" } };
  return going;
}

function isNamespace({ kind }: Place): boolean {
  return kind.group === "" && kind.plural === "namespaces";
}

function namespaceBusy({ kind, name }: Place) {
  return conflict(
    kind,
    name,
    "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace will automatically be purged by the system.",
  );
}

function checkPreconditions(place: Place, current: KubeObject, options: DeleteOptions): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const is = current.metadata;
  if (uid !== undefined && uid !== is.uid) {
    throw preconditionFailed(place.kind, place.name, {
      field: "UID",
      wanted: uid,
      is: is.uid ?? "",
    });
  }
  if (resourceVersion !== undefined && resourceVersion !== is.resourceVersion) {
    throw preconditionFailed(place.kind, place.name, {
      field: "ResourceVersion",
      wanted: resourceVersion,
      is: is.resourceVersion ?? "",
    });
  }
}
