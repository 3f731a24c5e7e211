import { type FieldError, invalid, invalidEach, required } from "../field-error.ts";
import type { Event } from "../types.ts";
import { bytesOf, qualifiedName } from "./names.ts";

const wordBytesMax = 128;
const messageBytesMax = 1024;

/** Events of the newer form have an eventTime, and say more about who reports them. */
export function validateEvent(event: Event): FieldError[] {
  return [...validatePlace(event), ...(event.eventTime === undefined ? [] : validateReport(event))];
}

/**
 * Events live in the namespace of what they are about; those of cluster-wide objects in `default`, or, in the newer
 * form, in `kube-system`.
 */
function validatePlace({ metadata, involvedObject, eventTime }: Event): FieldError[] {
  const own = metadata.namespace ?? "";
  const theirs = involvedObject?.namespace ?? "";
  const isNew = eventTime !== undefined;
  const isGood =
    theirs === ""
      ? own === "default" || own === (isNew ? "kube-system" : "")
      : isNew || own === theirs;
  return isGood
    ? []
    : [invalid("involvedObject.namespace", theirs, "does not match event.namespace")];
}

function validateReport(event: Event): FieldError[] {
  const { reportingComponent = "", reportingInstance = "", message = "" } = event;
  return [
    ...(reportingComponent === "" ? [required("reportingController")] : []),
    ...invalidEach("reportingController", reportingComponent, qualifiedName(reportingComponent)),
    ...validateShort(reportingInstance, "reportingInstance"),
    ...validateShort(event.action ?? "", "action"),
    ...validateShort(event.reason ?? "", "reason"),
    ...(bytesOf(message) > messageBytesMax ? [tooLongText("message", messageBytesMax)] : []),
  ];
}

function validateShort(word: string, field: string): FieldError[] {
  if (word === "") return [required(field)];
  return bytesOf(word) > wordBytesMax ? [tooLongText(field, wordBytesMax)] : [];
}

/** Unlike other fields that are too long, Kubernetes calls these invalid, and shows an empty value. */
function tooLongText(field: string, bytesMax: number): FieldError {
  return invalid(field, "", `can have at most ${bytesMax} characters`);
}
