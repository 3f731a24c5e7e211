import type { StatusError } from "../api/status-error.ts";
import type { Identity } from "./identity.ts";
import type { RequestTarget } from "./request-target.ts";

/** One authenticated request, the same for callers over HTTPS and in this process. */
export interface Incoming {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly target: RequestTarget;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly identity: Identity;
  /** Aborts when the caller has gone. */
  readonly signal: AbortSignal;
  /** The whole body; throws the 413 answer when it is too large. */
  readBody(): Promise<Uint8Array>;
}

/** Where a stream's chunks go. */
export interface Sink {
  /** False when the other end is slow: write no more until `onDrain`. */
  write(chunk: Uint8Array): boolean;
  /** Calls back once, when there is room again. */
  onDrain(callback: () => void): void;
  end(): void;
}

/** An answer: whole, as chunks that are never changed, or a stream that goes on until the caller goes. */
export type Answer =
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: readonly Uint8Array[];
    }
  | {
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Never throws; ends the sink when the stream is over. */
      readonly stream: (sink: Sink, signal: AbortSignal) => void;
    };

const encoder = new TextEncoder();

/** The headers of every JSON answer of the API; nothing in it may be cached without asking. */
export const jsonHeaders = {
  "content-type": "application/json",
  "cache-control": "no-cache, private",
} as const;

export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const body = [encoder.encode(JSON.stringify(value))];
  return { status, headers: { ...jsonHeaders, ...headers }, body };
}

/** What a refusal says. */
export function refusalAnswer({ status }: StatusError): Answer {
  const seconds = status.details?.retryAfterSeconds;
  const headers = seconds === undefined ? {} : { "retry-after": String(seconds) };
  return jsonAnswer(status.code, status, headers);
}

/** A Status that says that all went well, where there is no object to show. */
export function successAnswer(status: number, more: object): Answer {
  const success = { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success" };
  return jsonAnswer(status, { ...success, ...more });
}

export function textAnswer(status: number, text: string): Answer {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "cache-control": "no-cache, private",
    "x-content-type-options": "nosniff",
  };
  return { status, headers, body: [encoder.encode(text)] };
}

/** An answer whose body is JSON that is already encoded. */
export function bytesAnswer(
  status: number,
  body: readonly Uint8Array[],
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { ...jsonHeaders, ...headers }, body };
}
