import type { Event } from "../types.ts";
import { validateEvent } from "../validation/event.ts";
import { pathSegment } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

/** The rules of Events. */
export const eventStrategy = defineStrategy<Event>({
  namespaced: true,
  // Reporters name events as they like.
  name: pathSegment,
  validate: validateEvent,
  createsOnUpdate: true,
  fields: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? "",
    source: ({ source, reportingComponent }) => source?.component || reportingComponent || "",
    type: ({ type }) => type ?? "",
  },
});
