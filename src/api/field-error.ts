import { type StatusCause, StatusError } from "./status-error.ts";

/** The cause types of `metav1.Status` that validation uses. */
export type FieldErrorReason =
  | "FieldValueDuplicate"
  | "FieldValueForbidden"
  | "FieldValueInvalid"
  | "FieldValueNotFound"
  | "FieldValueNotSupported"
  | "FieldValueRequired"
  | "FieldValueTooLong"
  | "FieldValueTooMany";

/** One mistake in an object. */
export interface FieldError {
  readonly reason: FieldErrorReason;
  /** Where, such as `spec.ports[0].port` or `metadata.annotations[example.org/x]`. */
  readonly field: string;
  /** The cause's message, value included: `Invalid value: 0: must be between 1 and 65535, inclusive`. */
  readonly message: string;
  /** The value that was refused; absent where Kubernetes does not show it. */
  readonly value?: unknown;
}

/** So many mistakes are told; a body of 3 MiB has room for 300,000, which would be an answer of 280 MB. */
const ERRORS_MAX = 100;
/** So much of a value is shown. */
const VALUE_CHARACTERS_MAX = 4096;

const labels: Readonly<Record<FieldErrorReason, string>> = {
  FieldValueDuplicate: "Duplicate value",
  FieldValueForbidden: "Forbidden",
  FieldValueInvalid: "Invalid value",
  FieldValueNotFound: "Not found",
  FieldValueNotSupported: "Unsupported value",
  FieldValueRequired: "Required value",
  FieldValueTooLong: "Too long",
  FieldValueTooMany: "Too many",
};

/** Something has to be there, and is not. */
export function required(field: string, detail = ""): FieldError {
  return withoutValue("FieldValueRequired", field, detail);
}

/** Something may not be there, or not so; the value does not matter. */
export function forbidden(field: string, detail: string): FieldError {
  return withoutValue("FieldValueForbidden", field, detail);
}

/** A value that breaks a rule. */
export function invalid(field: string, value: unknown, detail: string): FieldError {
  return withValue("FieldValueInvalid", field, value, detail);
}

/** A value that stood there before. */
export function duplicate(field: string, value: unknown, detail = ""): FieldError {
  return withValue("FieldValueDuplicate", field, value, detail);
}

/** A reference to nothing. */
export function notFound(field: string, value: unknown): FieldError {
  return withValue("FieldValueNotFound", field, value, "");
}

/** `supported` is shown in its own order, which Kubernetes keeps for some fields and sorts for most. */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const list = supported.map((one) => JSON.stringify(one)).join(", ");
  return withValue("FieldValueNotSupported", field, value, `supported values: ${list}`);
}

/** `bytesMax` is what the field may hold. The value itself is left out of the message: it is long. */
export function tooLong(field: string, bytesMax: number): FieldError {
  return withoutValue("FieldValueTooLong", field, `may not be more than ${bytesMax} bytes`);
}

/** More items than a list may have; Kubernetes shows how many there are. */
export function tooMany(field: string, count: number, countMax: number): FieldError {
  return withValue("FieldValueTooMany", field, count, `must have at most ${countMax} items`);
}

/** The messages of a rule about one value, as errors at `field`. */
export function invalidEach(
  field: string,
  value: unknown,
  messages: readonly string[],
): FieldError[] {
  return messages.map((message) => invalid(field, value, message));
}

function withoutValue(reason: FieldErrorReason, field: string, detail: string): FieldError {
  return { reason, field, message: joined(labels[reason], detail) };
}

function withValue(
  reason: FieldErrorReason,
  field: string,
  value: unknown,
  detail: string,
): FieldError {
  const text = goText(value);
  const start =
    text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}...` : text;
  return { reason, field, value, message: joined(`${labels[reason]}: ${start}`, detail) };
}

function joined(head: string, detail: string): string {
  return detail === "" ? head : `${head}: ${detail}`;
}

const shownText: unique symbol = Symbol("shown text");

/** Stands for a value whose text is known. */
export interface Shown {
  readonly [shownText]: string;
}

/** A value that is shown as `text`: Kubernetes prints structures in Go's syntax, which needs the names of their types. */
export function shown(text: string): Shown {
  return { [shownText]: text };
}

function isShown(value: object): value is Shown {
  return shownText in value;
}

/** Thousands of mistakes may show one and the same list, which is long: each its own text of it took all memory. */
const textsOfStructures = new WeakMap<object, string>();

/** A value as Kubernetes shows it: lists and maps of strings in Go's syntax, other structures as JSON. */
export function goText(value: unknown): string {
  if (value === undefined || value === null) return "null";
  if (typeof value !== "object") return JSON.stringify(value);
  if (isShown(value)) return value[shownText];
  const known = textsOfStructures.get(value);
  if (known !== undefined) return known;
  const text = structureText(value);
  textsOfStructures.set(value, text);
  return text;
}

function structureText(value: object): string {
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) {
    return `[]string{${value.map((item) => JSON.stringify(item)).join(", ")}}`;
  }
  const entries = Object.entries(value);
  if (!Array.isArray(value) && entries.every(([, item]) => typeof item === "string")) {
    const pairs = entries
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`);
    return `map[string]string{${pairs.join(", ")}}`;
  }
  return JSON.stringify(value);
}

/** What an answer about an invalid object is about. */
export interface InvalidKind {
  readonly group: string;
  readonly kind: string;
}

/** The 422 answer for an object with mistakes. `name` is empty for an object that has none yet. */
export function invalidStatus(
  kind: InvalidKind,
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const told = errors.slice(0, ERRORS_MAX);
  const causes: StatusCause[] = told.map(({ reason, message, field }) => ({
    reason,
    message,
    field,
  }));
  const texts = [...new Set(told.map(({ field, message }) => `${field}: ${message}`))];
  if (errors.length > told.length) texts.push(`and ${errors.length - told.length} more`);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const head = `${kind.group === "" ? kind.kind : `${kind.kind}.${kind.group}`} ${JSON.stringify(name)} is invalid`;
  return new StatusError(422, "Invalid", texts.length === 0 ? head : `${head}: ${list}`, {
    ...(name === "" ? {} : { name }),
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes,
  });
}
