import type { Resource } from "../api/resource.ts";
import type { ListScope, ObjectName } from "./api.ts";

/** The path of a collection; without a namespace that of all namespaces. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root =
    resource.group === ""
      ? `/api/${resource.version}`
      : `/apis/${resource.group}/${resource.version}`;
  const scope =
    resource.namespaced && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : "";
  return `${root}${scope}/${resource.plural}`;
}

/** The path of one object or of a sub-resource of it. */
export function objectPath(resource: Resource, name: ObjectName, subresource?: string): string {
  const object = `${collectionPath(resource, name.namespace)}/${encodeURIComponent(name.name)}`;
  return subresource === undefined ? object : `${object}/${subresource}`;
}

/** The query of a list or watch: its scope and what else is given; undefined values are left out. */
export function listQuery(
  scope: ListScope,
  more: Readonly<Record<string, string | undefined>>,
): string {
  const query = new URLSearchParams();
  const all = { labelSelector: scope.labelSelector, fieldSelector: scope.fieldSelector, ...more };
  for (const [key, value] of Object.entries(all)) {
    if (value !== undefined) query.set(key, value);
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** `namespace/name`, or `name` of a cluster-scoped object: how caches and queues call it. */
export function keyOf(object: {
  readonly metadata: { readonly namespace?: string; readonly name?: string };
}): string {
  const { namespace, name = "" } = object.metadata;
  return namespace === undefined || namespace === "" ? name : `${namespace}/${name}`;
}

/** Takes a key apart again. */
export function nameOfKey(key: string): ObjectName {
  const slash = key.indexOf("/");
  if (slash < 0) return { name: key };
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
