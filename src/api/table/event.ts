import { ageOf } from "../human-duration.ts";
import type { Event } from "../types.ts";
import { column, type KindTable, nameColumn, wideColumn } from "./table-shape.ts";

/** How `kubectl get` shows Events. */
export const eventTable: KindTable<Event> = {
  columns: [
    column("Last Seen", "Time since the event last happened."),
    column("Type", "Normal or Warning."),
    column("Reason", "Why it happened, in one word."),
    column("Object", "What it happened to."),
    wideColumn("Subobject", "The part of the object that it concerns."),
    wideColumn("Source", "Who reports it."),
    column("Message", "What happened, in a sentence."),
    wideColumn("First Seen", "Time since the event first happened."),
    wideColumn("Count", "How often it happened."),
    { ...nameColumn, priority: 1 },
  ],
  row(event, nowMs) {
    const firstSeen = ageOf(event.firstTimestamp ?? event.eventTime, nowMs);
    const { series, involvedObject: object } = event;
    const lastSeen =
      series !== undefined
        ? ageOf(series.lastObservedTime, nowMs)
        : event.lastTimestamp === undefined
          ? firstSeen
          : ageOf(event.lastTimestamp, nowMs);
    const kind = (object.kind ?? "").toLowerCase();
    return {
      cells: [
        lastSeen,
        event.type ?? "",
        event.reason ?? "",
        object.name ? `${kind}/${object.name}` : kind,
        object.fieldPath ?? "",
        sourceText(event),
        (event.message ?? "").trim(),
        firstSeen,
        // Events of the newer API have no count while they happened once.
        series?.count ?? (event.count || 1),
        event.metadata.name ?? "",
      ],
    };
  },
};

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || "";
  const host = source?.host || reportingInstance;
  return host ? `${component}, ${host}` : component;
}
