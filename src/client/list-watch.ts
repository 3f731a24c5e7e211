import type { Resource } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";
import type { Api, ListScope } from "./api.ts";
import { isJsonObject, objectFrom, parseJson, statusErrorFrom } from "./decode.ts";
import type { ListWatch, WatchEvent, WatchStart } from "./follow.ts";
import { collectionPath, listQuery } from "./paths.ts";
import { readBody, readLines } from "./read-body.ts";
import type { Transport } from "./transport.ts";

/** Largest event of a watch: an object has at most 1.5 MB, and its JSON escapes can grow it. */
const EVENT_BYTES_MAX = 16 * 1024 * 1024;
const REFUSAL_BYTES_MAX = 1024 * 1024;
/** The bookmark annotation that ends the initial events (KEP-3157). */
const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/** List and watch of one kind in one scope, over a transport. */
export function createListWatch<T extends KubeObject>(
  transport: Transport,
  api: Api,
  resource: Resource<T>,
  scope: ListScope,
): ListWatch<T> {
  return {
    list: (signal) => api.list(resource, scope, signal),

    async *watch(start: WatchStart, timeoutMs: number, signal: AbortSignal) {
      const query = listQuery(scope, {
        watch: "true",
        allowWatchBookmarks: "true",
        timeoutSeconds: String(Math.ceil(timeoutMs / 1000)),
        ...(start === "initial-events"
          ? { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }
          : { resourceVersion: start.after }),
      });
      const path = collectionPath(resource, scope.namespace) + query;
      const headers = { accept: "application/json", "user-agent": "portolan" };
      const response = await transport.request({ method: "GET", path, headers }, signal);
      if (response.status !== 200) {
        const text = await readBody(response.body, REFUSAL_BYTES_MAX);
        throw statusErrorFrom(response.status, tryJson(text));
      }
      for await (const line of readLines(response.body, EVENT_BYTES_MAX)) {
        yield eventFrom(resource, parseJson(line));
      }
    },
  };
}

function eventFrom<T extends KubeObject>(resource: Resource<T>, value: unknown): WatchEvent<T> {
  const type = isJsonObject(value) ? value["type"] : undefined;
  const object = isJsonObject(value) ? value["object"] : undefined;
  if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") {
    const known = objectFrom(resource, object);
    return { type, object: known, resourceVersion: String(known.metadata.resourceVersion) };
  }
  if (type === "BOOKMARK") {
    const { resourceVersion, annotations } = objectFrom(resource, object).metadata;
    return {
      type,
      resourceVersion: String(resourceVersion),
      endsInitialEvents: annotations?.[INITIAL_EVENTS_END] === "true",
    };
  }
  // Errors after the headers come as an event that holds a Status.
  throw statusErrorFrom(500, object);
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
