import type { Resource } from "../api/resource.ts";
import { apiVersionOf } from "../api/resource.ts";
import type { Status, StatusReason } from "../api/status-error.ts";
import { StatusError } from "../api/status-error.ts";
import type { KubeObject } from "../api/types.ts";
import { PortolanError } from "../lib/errors.ts";
import type { List } from "./api.ts";

export type ClientErrorCode =
  | "ANSWER_MALFORMED"
  | "ANSWER_TOO_LARGE"
  | "CALL_TIMED_OUT"
  | "KUBECONFIG_INVALID"
  | "LEASE_LOST"
  | "STREAM_DEAD";

/** A fault between us and an API server that is no refusal by it. */
export class ClientError extends PortolanError<ClientErrorCode> {}

/** One page of a list. `next` continues it; absent on the last page. */
export interface ListPage<T> extends List<T> {
  readonly next?: string;
}

type Json = Readonly<Record<string, unknown>>;

/** A JSON object (no array, no null). */
export function isJsonObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses JSON text of an answer. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ClientError("ANSWER_MALFORMED", "Cannot read the API server's answer: not JSON", {
      cause,
    });
  }
}

/**
 * An answer's object with its kind filled in (items of lists come without). This is the one place where the
 * client believes the server's shape: the server validated it, and checking each field again would cost more
 * than the rest of the client.
 */
export function objectFrom<T extends KubeObject>(resource: Resource<T>, value: unknown): T {
  if (!isJsonObject(value) || !isJsonObject(value["metadata"])) {
    throw new ClientError(
      "ANSWER_MALFORMED",
      `Cannot read the API server's answer: ${resource.kind} without metadata`,
    );
  }
  if (value["kind"] !== undefined) return value as unknown as T;
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...value } as unknown as T;
}

/** One page of a list answer. */
export function listFrom<T extends KubeObject>(resource: Resource<T>, value: unknown): ListPage<T> {
  const metadata = isJsonObject(value) ? value["metadata"] : undefined;
  if (!isJsonObject(value) || !isJsonObject(metadata)) {
    throw new ClientError(
      "ANSWER_MALFORMED",
      `Cannot read the API server's answer: a list of ${resource.plural} without metadata`,
    );
  }
  // Go encodes an empty list as null when nobody made the slice.
  const items = Array.isArray(value["items"]) ? value["items"] : [];
  const next = metadata["continue"];
  return {
    items: items.map((item) => objectFrom(resource, item)),
    resourceVersion: String(metadata["resourceVersion"] ?? ""),
    ...(typeof next === "string" && next !== "" ? { next } : {}),
  };
}

const reasonsByCode: Readonly<Record<number, StatusReason>> = {
  400: "BadRequest",
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  405: "MethodNotAllowed",
  406: "NotAcceptable",
  409: "Conflict",
  410: "Gone",
  413: "RequestEntityTooLarge",
  415: "UnsupportedMediaType",
  422: "Invalid",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
  504: "Timeout",
};

/** Rebuilds the refusal from a Status object, or from the HTTP code where a proxy in between wrote the body. */
export function statusErrorFrom(httpCode: number, value: unknown): StatusError {
  const fallback = reasonsByCode[httpCode] ?? "InternalError";
  if (!isJsonObject(value) || value["kind"] !== "Status") {
    const text =
      typeof value === "string" && value !== "" ? value.slice(0, 512) : "no reason given";
    return new StatusError(httpCode, fallback, `the server answered ${httpCode}: ${text}`);
  }
  const status = value as unknown as Status;
  return new StatusError(
    status.code ?? httpCode,
    status.reason ?? fallback,
    status.message ?? "no reason given",
    status.details,
    status.metadata ?? {},
  );
}
