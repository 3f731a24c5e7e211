import { type FieldError, invalid } from "../field-error.ts";
import type { Event } from "../types.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

export const eventStrategy = defineStrategy<Event>({
  namespaced: true,
  name: dnsSubdomain,
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

/** Events live in the namespace of what they are about; those of cluster-wide objects in `default`. */
function validateEvent({ metadata, involvedObject }: Event): FieldError[] {
  const own = metadata.namespace ?? "";
  const theirs = involvedObject?.namespace ?? "";
  if (theirs === "") {
    return own === "" || own === "default" || own === "kube-system"
      ? []
      : [invalid("involvedObject.namespace", theirs, "does not match event.namespace")];
  }
  return own === theirs
    ? []
    : [invalid("involvedObject.namespace", theirs, "does not match event.namespace")];
}
