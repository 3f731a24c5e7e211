import { kinds } from "../api/kinds.ts";
import type { InFlight } from "./in-flight.ts";
import type { Gauge } from "./metrics.ts";
import type { ObjectStore } from "./store/object-store.ts";
import type { ResourceCache } from "./store/resource-cache.ts";

/** What is there now: objects, their history, requests in flight, memory. */
export function gaugesOf(store: ObjectStore, inFlight: InFlight): readonly Gauge[] {
  const ofKinds = (measure: (cache: ResourceCache) => number) => () =>
    kinds.map((kind) => ({
      labels: { resource: kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}` },
      value: measure(store.cacheOf(kind)),
    }));
  return [
    {
      name: "apiserver_storage_objects",
      help: "Stored objects by resource.",
      values: ofKinds(({ size }) => size),
    },
    {
      name: "portolan_history_bytes",
      help: "Older states that are kept in memory for watches that resume.",
      values: ofKinds(({ historyBytes }) => historyBytes),
    },
    {
      name: "apiserver_current_inflight_requests",
      help: "Requests being answered, without streams and those that are never held back.",
      values: () => [
        { labels: { request_kind: "readOnly" }, value: inFlight.counts.reads },
        { labels: { request_kind: "mutating" }, value: inFlight.counts.writes },
      ],
    },
    {
      name: "process_resident_memory_bytes",
      help: "Memory of the process.",
      values: () => [{ labels: {}, value: process.memoryUsage.rss() }],
    },
  ];
}
