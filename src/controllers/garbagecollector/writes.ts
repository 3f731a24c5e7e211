import { isNotFound } from "../../api/status-error.ts";
import type { KubeObject } from "../../api/types.ts";
import type { Api, ObjectName } from "../../client/api.ts";
import type { DiscoveredResource } from "../../client/discovery.ts";
import { ownersOf } from "./graph.ts";

/** An object and how to reach it. */
export interface Target {
  readonly resource: DiscoveredResource;
  readonly object: KubeObject;
}

/** Deletes exactly the object that was judged: the same one, unchanged since. */
export async function deleteObject(
  api: Api,
  { resource, object }: Target,
  propagationPolicy: "Background" | "Foreground" | "Orphan",
): Promise<void> {
  const { uid, resourceVersion } = object.metadata;
  const preconditions = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const options = { propagationPolicy, preconditions };
  await ignoringAbsence(api.delete(resource, nameOf(object), options));
}

/** Takes owners out of an object. */
export async function stripOwners(
  api: Api,
  target: Target,
  uids: readonly string[],
): Promise<void> {
  const ownerReferences = ownersOf(target.object).filter(({ uid }) => !uids.includes(uid));
  await patchMetadata(api, target, { ownerReferences });
}

/** Lets the owners of an object go without waiting for it. */
export async function unblockOwners(api: Api, target: Target): Promise<void> {
  const ownerReferences = ownersOf(target.object).map((owner) => ({
    ...owner,
    blockOwnerDeletion: false,
  }));
  await patchMetadata(api, target, { ownerReferences });
}

/** Takes a finalizer off an object. */
export async function removeFinalizer(api: Api, target: Target, finalizer: string): Promise<void> {
  const finalizers = (target.object.metadata.finalizers ?? []).filter((one) => one !== finalizer);
  await patchMetadata(api, target, { finalizers });
}

/** A merge patch replaces lists as a whole; the version makes that safe against other writers. */
async function patchMetadata(
  api: Api,
  { resource, object }: Target,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { uid, resourceVersion } = object.metadata;
  const body = { metadata: { uid, resourceVersion, ...change } };
  await ignoringAbsence(api.patch(resource, nameOf(object), { type: "merge", body }));
}

async function ignoringAbsence(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function nameOf({ metadata: { namespace, name = "" } }: KubeObject): ObjectName {
  return namespace === undefined ? { name } : { namespace, name };
}
