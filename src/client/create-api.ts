import type { Resource } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";
import type { Clock } from "../lib/clock.ts";
import { systemClock } from "../lib/clock.ts";
import type { Api, DeleteOptions, List, ListScope, ObjectName, PatchType } from "./api.ts";
import type { ListPage } from "./decode.ts";
import { ClientError, listFrom, objectFrom, parseJson, statusErrorFrom } from "./decode.ts";
import { discover } from "./discovery.ts";
import { collectionPath, listQuery, objectPath } from "./paths.ts";
import { readBody } from "./read-body.ts";
import type { ApiRequest, Transport } from "./transport.ts";

export interface ApiOptions {
  /** `User-Agent`, by which the server's log tells its callers apart. */
  readonly userAgent?: string;
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Whether the server refuses to create what has unknown fields; otherwise it drops them with a warning. */
  readonly isStrict?: boolean;
  /** Who waits when the server says "too many requests". */
  readonly clock?: Clock;
}

/** Largest answer to a single call: pages hold 500 objects of at most 1.5 MB, though in practice a few kB. */
const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
/** Objects a page of a list, as kubectl and client-go ask for. */
const PAGE_LIMIT = 500;
const TIMEOUT_MS = 60_000;
/** How often, and how long at most, a call waits on 429 before the caller hears of it. */
const THROTTLED_TRIES_MAX = 5;
const THROTTLED_WAIT_MS_MAX = 10_000;

const patchMediaTypes: Readonly<Record<PatchType, string>> = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
};

/** Typed calls over a transport. The transport stays the caller's: closing it is not done here. */
export function createApi(transport: Transport, options: ApiOptions = {}): Api {
  const { timeoutMs = TIMEOUT_MS, clock = systemClock, userAgent = "portolan" } = options;
  const createQuery = options.isStrict === true ? "?fieldValidation=Strict" : "";

  async function call(
    method: ApiRequest["method"],
    path: string,
    content?: { readonly body: unknown; readonly mediaType?: string },
    signal?: AbortSignal,
  ): Promise<unknown> {
    const request: ApiRequest = {
      method,
      path,
      headers: {
        accept: "application/json",
        "user-agent": userAgent,
        ...(content === undefined
          ? {}
          : { "content-type": content.mediaType ?? "application/json" }),
      },
      ...(content === undefined
        ? {}
        : { body: new TextEncoder().encode(JSON.stringify(content.body)) }),
    };
    for (let tries = 0; ; tries++) {
      const { status, text, retryAfterMs } = await exchange(request, signal);
      if (status < 300) return parseJson(text);
      const mayWait = status === 429 && tries < THROTTLED_TRIES_MAX;
      if (!mayWait || !(retryAfterMs <= THROTTLED_WAIT_MS_MAX)) throw refusal(status, text);
      await clock.sleep(retryAfterMs, signal);
    }
  }

  /** One request and its whole answer, in bounded time. */
  async function exchange(request: ApiRequest, signal: AbortSignal | undefined) {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(timedOut(request, timeoutMs)), timeoutMs);
    try {
      const until =
        signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]);
      const { status, headers, body } = await transport.request(request, until);
      const text = await readBody(body, ANSWER_BYTES_MAX);
      return { status, text, retryAfterMs: 1000 * Number(headers["retry-after"] ?? Number.NaN) };
    } catch (error) {
      throw deadline.signal.aborted ? deadline.signal.reason : error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function page<T extends KubeObject>(
    resource: Resource<T>,
    scope: ListScope,
    next: string | undefined,
    signal?: AbortSignal,
  ): Promise<ListPage<T>> {
    const query = listQuery(scope, { limit: String(PAGE_LIMIT), continue: next });
    const path = collectionPath(resource, scope.namespace) + query;
    return listFrom(resource, await call("GET", path, undefined, signal));
  }

  return {
    async get<T extends KubeObject>(
      resource: Resource<T>,
      name: ObjectName,
      signal?: AbortSignal,
    ): Promise<T> {
      return objectFrom(resource, await call("GET", objectPath(resource, name), undefined, signal));
    },

    /** All pages. One that expires in the middle is refused (410), as half a list would be worse than none. */
    async list<T extends KubeObject>(
      resource: Resource<T>,
      scope: ListScope = {},
      signal?: AbortSignal,
    ): Promise<List<T>> {
      let { items, resourceVersion, next } = await page(resource, scope, undefined, signal);
      const all = [...items];
      while (next !== undefined) {
        ({ items, resourceVersion, next } = await page(resource, scope, next, signal));
        for (const item of items) all.push(item);
      }
      return { items: all, resourceVersion };
    },

    async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
      const path = collectionPath(resource, object.metadata.namespace) + createQuery;
      return objectFrom(resource, await call("POST", path, { body: typed(resource, object) }));
    },

    async update<T extends KubeObject>(
      resource: Resource<T>,
      object: T,
      subresource?: string,
    ): Promise<T> {
      const path = objectPath(resource, objectNameOf(object), subresource);
      return objectFrom(resource, await call("PUT", path, { body: typed(resource, object) }));
    },

    async patch<T extends KubeObject>(
      resource: Resource<T>,
      name: ObjectName,
      patch: { readonly type: PatchType; readonly body: unknown; readonly subresource?: string },
    ): Promise<T> {
      const path = objectPath(resource, name, patch.subresource);
      const content = { body: patch.body, mediaType: patchMediaTypes[patch.type] };
      return objectFrom(resource, await call("PATCH", path, content));
    },

    async delete<T extends KubeObject>(
      resource: Resource<T>,
      name: ObjectName,
      deleteOptions: DeleteOptions = {},
    ): Promise<void> {
      const body = { apiVersion: "v1", kind: "DeleteOptions", ...deleteOptions };
      await call("DELETE", objectPath(resource, name), { body });
    },

    createSubresource(
      resource: Resource,
      name: ObjectName,
      subresource: string,
      body: unknown,
    ): Promise<unknown> {
      return call("POST", objectPath(resource, name, subresource), { body });
    },

    discover: () => discover((path) => call("GET", path)),
  };
}

function objectNameOf(object: KubeObject): ObjectName {
  const { namespace, name = "" } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

/** Objects that were built here may leave out what the resource says anyway. */
function typed<T extends KubeObject>(resource: Resource<T>, object: T): unknown {
  const apiVersion =
    resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  return { apiVersion, kind: resource.kind, ...object };
}

function timedOut({ method, path }: ApiRequest, timeoutMs: number): ClientError {
  return new ClientError(
    "CALL_TIMED_OUT",
    `Cannot finish ${method} "${path}": no whole answer within ${timeoutMs} ms`,
  );
}

function refusal(code: number, text: string): Error {
  try {
    return statusErrorFrom(code, JSON.parse(text));
  } catch {
    return statusErrorFrom(code, text);
  }
}
