import type { Resource } from "../api/resource.ts";
import type { LabelSelectorMatcher } from "../api/selectors.ts";
import { labelSelectorOf } from "../api/selectors.ts";
import { isNotFound, isStatus } from "../api/status-error.ts";
import type { KubeObject, LabelSelector } from "../api/types.ts";
import type { Api, Change, Informer } from "../client/api.ts";
import { keyOf } from "../client/paths.ts";
import { controlledBy, controllerOf } from "./owners.ts";
import { isTerminating } from "./pods.ts";

/** How an owner stands to the objects around it. */
export interface Claims<T> {
  /** Its own, and to stay so. */
  readonly owned: readonly T[];
  /** Nobody's, and matching: to be taken. */
  readonly adopt: readonly T[];
  /** Its own, but matching no longer: to be let go. */
  readonly release: readonly T[];
}

/** Sorts the candidates of the owner's namespace. An owner that is being deleted takes and lets go of nothing. */
export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelectorMatcher,
  candidates: readonly T[],
): Claims<T> {
  const owned: T[] = [];
  const adopt: T[] = [];
  const release: T[] = [];
  for (const candidate of candidates) {
    const controller = controllerOf(candidate);
    const matches = selector.matches(candidate.metadata.labels);
    if (controller === undefined) {
      if (matches && !isTerminating(candidate) && !isTerminating(owner)) adopt.push(candidate);
    } else if (controller.uid === owner.metadata.uid) {
      if (matches || isTerminating(owner)) owned.push(candidate);
      else if (!isTerminating(candidate)) release.push(candidate);
    }
  }
  return { owned, adopt, release };
}

/** Keys of the owners of one kind that an object has, had before the change, or might be taken by. */
export function ownersConcerned<O extends Selecting>(
  change: Change<KubeObject>,
  kind: string,
  owners: Informer<O>,
): string[] {
  const { object } = change;
  const { namespace = "", labels } = object.metadata;
  const before = change.type === "MODIFIED" ? controllerOf(change.previous) : undefined;
  const controller = controllerOf(object);
  const references = [before, controller].filter((reference) => reference?.kind === kind);
  const keys = references.map((reference) => `${namespace}/${reference?.name}`);
  if (controller !== undefined || change.type === "DELETED") return keys;
  const takers = owners
    .listNamespace(namespace)
    .filter(({ spec }) => labelSelectorOf(spec?.selector).matches(labels));
  return [...keys, ...takers.map(keyOf)];
}

/** A kind that chooses what it owns by labels. */
interface Selecting extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector };
}

/** Carries claims out and returns the objects that are the owner's afterwards. */
export async function applyClaims<O extends KubeObject, T extends KubeObject>(
  api: Api,
  owner: { readonly resource: Resource<O>; readonly object: O },
  resource: Resource<T>,
  claims: Claims<T>,
): Promise<readonly T[]> {
  const { owned, adopt, release } = claims;
  for (const object of release) {
    await patchOwners(api, resource, object, [
      { $patch: "delete", uid: owner.object.metadata.uid },
    ]);
  }
  if (adopt.length === 0 || !(await mayAdopt(api, owner.resource, owner.object))) return owned;
  const adopted: T[] = [];
  for (const object of adopt) {
    const reference = controlledBy(owner.resource, owner.object);
    const taken = await patchOwners(api, resource, object, [reference]);
    if (taken !== undefined) adopted.push(taken);
  }
  return [...owned, ...adopted];
}

/** The cache may hold an owner that is already gone; only the server knows. */
async function mayAdopt<O extends KubeObject>(
  api: Api,
  resource: Resource<O>,
  owner: O,
): Promise<boolean> {
  const { name = "", namespace = "", uid } = owner.metadata;
  const fresh = await api.get(resource, { namespace, name });
  return fresh.metadata.uid === uid && !isTerminating(fresh);
}

/** Undefined when the object is gone or another of the same name (the uid in the patch is a precondition). */
async function patchOwners<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  object: T,
  ownerReferences: readonly unknown[],
): Promise<T | undefined> {
  const { name = "", namespace = "", uid } = object.metadata;
  try {
    const body = { metadata: { uid, ownerReferences } };
    return await api.patch(resource, { namespace, name }, { type: "strategic", body });
  } catch (error) {
    if (isNotFound(error) || isStatus(error, "Invalid")) return undefined;
    throw error;
  }
}
