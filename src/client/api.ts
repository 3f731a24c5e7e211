import type { Resource } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";
import type { Discovery } from "./discovery.ts";

/** Which objects a list or an informer covers; absent means all. */
export interface ListScope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export interface ObjectName {
  /** Absent for cluster-scoped kinds. */
  readonly namespace?: string;
  readonly name: string;
}

export interface List<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Background" | "Foreground" | "Orphan";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
}

export type PatchType = "json" | "merge" | "strategic";

/** Typed calls on a Kubernetes API server. Refusals are thrown as `StatusError`. */
export interface Api {
  get<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    signal?: AbortSignal,
  ): Promise<T>;
  list<T extends KubeObject>(
    resource: Resource<T>,
    scope?: ListScope,
    signal?: AbortSignal,
  ): Promise<List<T>>;
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T>;
  /** PUT; `subresource` such as "status". */
  update<T extends KubeObject>(resource: Resource<T>, object: T, subresource?: string): Promise<T>;
  patch<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string },
  ): Promise<T>;
  delete<T extends KubeObject>(
    resource: Resource<T>,
    name: ObjectName,
    options?: DeleteOptions,
  ): Promise<void>;
  /** POST to a sub-resource that is no object of its own, such as `pods/binding`. */
  createSubresource(
    resource: Resource,
    name: ObjectName,
    subresource: string,
    body: unknown,
  ): Promise<unknown>;
  /** All kinds that the server has. */
  discover(): Promise<Discovery>;
}

/** A change of an informer's cache; `previous` is what the cache held before. */
export type Change<T> =
  | { readonly type: "ADDED"; readonly object: T }
  | { readonly type: "MODIFIED"; readonly object: T; readonly previous: T }
  | { readonly type: "DELETED"; readonly object: T };

/** A cache that follows one kind. Objects in it are shared and immutable. Keys are `namespace/name` or `name`. */
export interface Informer<T extends KubeObject> {
  get(key: string): T | undefined;
  list(): readonly T[];
  /** Objects of one namespace, from an index. */
  listNamespace(namespace: string): readonly T[];
  /** False until the first list is complete; then true for ever. */
  readonly hasSynced: boolean;
  /** Resolves once the first list is complete; rejects when the signal aborts first. */
  whenSynced(signal?: AbortSignal): Promise<void>;
  /** Calls `onChange` for what the cache holds now, then for each change, in order. Returns the way to stop. */
  subscribe(onChange: (change: Change<T>) => void): () => void;
}

/** Makes informers and shares those of equal scope. They run until the signal given to the factory aborts. */
export interface Informers {
  informer<T extends KubeObject>(resource: Resource<T>, scope?: ListScope): Informer<T>;
  /** Ends the informers of a kind that the server has no more, for all who share them. */
  abandon(resource: Resource): void;
}
