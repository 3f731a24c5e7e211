import type { Endpoint } from "../lib/sockets.ts";

/** What the process inside tells the gate, and the gate tells the command that started it. */
export type Report =
  | { readonly type: "progress"; readonly text: string }
  | { readonly type: "ready"; readonly apiPort: number }
  | {
      readonly type: "failed";
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    };

/** A socket of the host's network that the process inside asks the gate for. */
export interface SocketRequest {
  readonly type: "socket-request";
  readonly id: number;
  readonly kind: "listen-tcp" | "connect-tcp" | "bind-udp";
  readonly at: Endpoint;
  /** For `connect-tcp`. */
  readonly timeoutMs?: number;
}

/** What the gate tells the process inside. `api` and `socket` come with a handle. */
export type Order =
  | { readonly type: "api" }
  | { readonly type: "socket"; readonly id: number }
  | {
      readonly type: "socket-failed";
      readonly id: number;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: "close" };

/** Reads a message of the process inside; undefined if it is none that this version knows. */
export function parseReport(message: unknown): Report | SocketRequest | undefined {
  if (!isObject(message)) return undefined;
  const { type, text, apiPort, code, message: reason, remedy } = message;
  if (type === "progress" && isText(text)) return { type, text };
  if (type === "ready" && isNumber(apiPort)) return { type, apiPort };
  if (type === "failed" && isText(code) && isText(reason) && isText(remedy)) {
    return { type, code, message: reason, remedy };
  }
  return type === "socket-request" ? parseSocketRequest(message) : undefined;
}

function parseSocketRequest(message: Readonly<Record<string, unknown>>): SocketRequest | undefined {
  const { id, kind, at, timeoutMs } = message;
  if (!isNumber(id) || !isObject(at) || !isText(at["host"]) || !isNumber(at["port"])) {
    return undefined;
  }
  if (kind !== "listen-tcp" && kind !== "connect-tcp" && kind !== "bind-udp") return undefined;
  return {
    type: "socket-request",
    id,
    kind,
    at: { host: at["host"], port: at["port"] },
    ...(isNumber(timeoutMs) ? { timeoutMs } : {}),
  };
}

/** Reads a message of the gate; undefined if it is none that this version knows. */
export function parseOrder(message: unknown): Order | undefined {
  if (!isObject(message)) return undefined;
  const { type, id, code, message: reason } = message;
  if (type === "api" || type === "close") return { type };
  if (type === "socket" && isNumber(id)) return { type, id };
  if (type === "socket-failed" && isNumber(id) && isText(code) && isText(reason)) {
    return { type, id, code, message: reason };
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}
