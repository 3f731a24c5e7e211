import type {
  StorageErrorCode,
  StorageEvent,
  StorageWrite,
  StoredEntry,
  WriteResult,
} from "../storage.ts";
import type { Opened } from "./database.ts";

/** What the worker can be asked, with the answer to each. */
export interface Calls {
  open: {
    readonly request: { readonly directory: string; readonly nowMs: number };
    readonly answer: Opened;
  };
  commit: {
    readonly request: { readonly writes: readonly StorageWrite[]; readonly nowMs: number };
    readonly answer: readonly WriteResult[];
  };
  get: { readonly request: { readonly key: string }; readonly answer: StoredEntry | undefined };
  list: {
    readonly request: { readonly prefix: string; readonly revision: number };
    readonly answer: readonly StoredEntry[];
  };
  changesAfter: {
    readonly request: { readonly prefix: string; readonly revision: number };
    readonly answer: readonly StorageEvent[];
  };
  compactableRevision: {
    readonly request: { readonly olderThanMs: number; readonly keepMax: number };
    readonly answer: number;
  };
  compact: { readonly request: { readonly revision: number }; readonly answer: undefined };
  close: { readonly request: undefined; readonly answer: undefined };
}

export type CallName = keyof Calls;

/** One request as a union, so that the worker can tell them apart by `name`. */
export type Request = {
  [N in CallName]: { readonly id: number; readonly name: N; readonly request: Calls[N]["request"] };
}[CallName];

/** An error loses its class between threads; these two make it anew. */
export type Answer =
  | { readonly id: number; readonly answer: unknown }
  | {
      readonly id: number;
      readonly error: { readonly code: StorageErrorCode; readonly message: string };
    };
