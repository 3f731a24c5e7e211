import {
  type FieldError,
  forbidden as forbiddenField,
  invalid,
  invalidStatus,
  notSupported,
} from "../../api/field-error.ts";
import { badRequest } from "../refusals.ts";
import { type ContinueToken, parseContinue } from "./continue-token.ts";

/** At what version a list is wanted. */
export type ListVersion =
  | { readonly type: "newest" }
  /** Any state will do; paging is not wanted. */
  | { readonly type: "any" }
  | { readonly type: "at-least"; readonly revision: number }
  | { readonly type: "exact"; readonly revision: number };

export interface ListOptions {
  readonly version: ListVersion;
  /** Undefined: everything at once. */
  readonly limit: number | undefined;
  readonly continue: ContinueToken | undefined;
}

export interface WatchOptions {
  /** Changes after this version are sent; undefined: after the state at the beginning. */
  readonly after: number | undefined;
  /** The state must be at least this new before it is sent. */
  readonly atLeast: number;
  readonly sendInitialEvents: boolean;
  /** A bookmark ends the initial events. */
  readonly marksInitialEnd: boolean;
  readonly allowBookmarks: boolean;
  readonly timeoutSeconds: number | undefined;
}

/** Reads the options of a list by Kubernetes' rules, or throws the 400 or 422 answer. */
export function listOptions(query: URLSearchParams): ListOptions {
  const version = versionOf(query);
  const match = query.get("resourceVersionMatch") ?? "";
  const token = query.get("continue") ?? "";
  const errors: FieldError[] = [];
  if (booleanOf(query, "sendInitialEvents") !== undefined) {
    errors.push(forbiddenField("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (match !== "") {
    if (version === undefined) {
      errors.push(
        forbiddenField(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden unless resourceVersion is provided",
        ),
      );
    }
    if (token !== "") errors.push(matchWithContinue);
    if (match !== "Exact" && match !== "NotOlderThan") {
      errors.push(notSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""]));
    }
    if (match === "Exact" && version === 0) {
      errors.push(
        forbiddenField(
          "resourceVersionMatch",
          'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
      );
    }
  }
  refuse(errors);
  const wanted = integerOf(query, "limit") ?? 0;
  const limit = wanted > 0 ? wanted : undefined;
  integerOf(query, "timeoutSeconds");
  if (token !== "") {
    if (version !== undefined && version !== 0) {
      throw badRequest("specifying resource version is not allowed when using continue");
    }
    return { version: { type: "newest" }, limit, continue: parseContinue(token) };
  }
  return { ...chooseVersion(version, match, limit), continue: undefined };
}

function chooseVersion(
  version: number | undefined,
  match: string,
  limit: number | undefined,
): Pick<ListOptions, "version" | "limit"> {
  if (version === undefined) return { version: { type: "newest" }, limit };
  // A list of any state comes from the cache in one piece: the limit is ignored.
  if (version === 0) return { version: { type: "any" }, limit: undefined };
  const isExact = match === "Exact" || (match === "" && limit !== undefined);
  return { version: { type: isExact ? "exact" : "at-least", revision: version }, limit };
}

/** Reads the options of a watch by Kubernetes' rules, or throws the 400 or 422 answer. */
export function watchOptions(query: URLSearchParams): WatchOptions {
  const version = versionOf(query);
  const match = query.get("resourceVersionMatch") ?? "";
  const initial = booleanOf(query, "sendInitialEvents");
  const timeout = integerOf(query, "timeoutSeconds") ?? 0;
  const errors: FieldError[] = [];
  if (initial !== undefined && match !== "NotOlderThan") {
    errors.push(
      forbiddenField(
        "resourceVersionMatch",
        "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
      ),
    );
  }
  if (match !== "") {
    if (initial === undefined) {
      errors.push(
        forbiddenField(
          "resourceVersionMatch",
          "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
      );
    }
    if (match !== "NotOlderThan") {
      errors.push(notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
    }
    if ((query.get("continue") ?? "") !== "") errors.push(matchWithContinue);
  }
  refuse(errors);
  return {
    after: initial === true || version === undefined || version === 0 ? undefined : version,
    atLeast: version ?? 0,
    sendInitialEvents: initial ?? (version === undefined || version === 0),
    marksInitialEnd: initial === true,
    allowBookmarks: booleanOf(query, "allowWatchBookmarks") ?? false,
    timeoutSeconds: timeout > 0 ? timeout : undefined,
  };
}

/** The resource version of a request; undefined when there is none. Throws the 422 answer for what is no number. */
export function versionOf(query: URLSearchParams): number | undefined {
  const text = query.get("resourceVersion") ?? "";
  if (text === "") return undefined;
  const version = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(version)) return version;
  const detail = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw refusal([invalid("resourceVersion", text, detail)]);
}

/** Whether the query wants a watch. Kubernetes reads it like every other switch. */
export function wantsWatch(query: URLSearchParams): boolean {
  return booleanOf(query, "watch") ?? false;
}

/** A switch as Kubernetes reads it from a query: only "false" and "0" are off, also empty means on. */
function booleanOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name)?.toLowerCase();
  return text === undefined ? undefined : text !== "false" && text !== "0";
}

/** Undefined when there is none; throws the 400 answer for what is no integer. */
function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? "";
  if (text === "") return undefined;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

const matchWithContinue = forbiddenField(
  "resourceVersionMatch",
  "resourceVersionMatch is forbidden when continue is provided",
);

function refuse(errors: readonly FieldError[]): void {
  if (errors.length > 0) throw refusal(errors);
}

function refusal(errors: readonly FieldError[]) {
  return invalidStatus({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
}
