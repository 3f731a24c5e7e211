import type { Resource } from "../api/resource.ts";
import { isNotFound } from "../api/status-error.ts";
import type { KubeObject } from "../api/types.ts";
import type { Api, DeleteOptions } from "../client/api.ts";

/** Deletes the object that was judged, and no other that has its name by now. False if it was gone already. */
export async function deleteExactly<T extends KubeObject>(
  api: Pick<Api, "delete">,
  resource: Resource<T>,
  { metadata: { name = "", namespace = "", uid } }: T,
  options: Omit<DeleteOptions, "preconditions"> = {},
): Promise<boolean> {
  const preconditions = uid === undefined ? {} : { preconditions: { uid } };
  try {
    await api.delete(resource, { namespace, name }, { ...options, ...preconditions });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
