import { PortolanError } from "../lib/errors.ts";

/** What a key holds, and the revision of the write that put it there. */
export interface StoredEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
}

/** A key must be at this revision for the write to happen; 0 means that the key must not exist. */
export interface Expectation {
  readonly key: string;
  readonly revision: number;
}

/** One write, carried out only if all its expectations hold. Deleting an absent key never happens. */
export type StorageWrite =
  | {
      readonly type: "put";
      readonly key: string;
      readonly value: Uint8Array;
      readonly expect: readonly Expectation[];
    }
  | { readonly type: "delete"; readonly key: string; readonly expect: readonly Expectation[] };

/** `done` with the revision of the write, or the key that was not as expected. */
export type WriteResult =
  | { readonly done: true; readonly revision: number }
  | { readonly done: false; readonly key: string };

/** One change. A deletion does not repeat what it deleted: who follows the log holds it. */
export type StorageEvent =
  | {
      readonly type: "put";
      readonly key: string;
      readonly value: Uint8Array;
      readonly revision: number;
    }
  | { readonly type: "delete"; readonly key: string; readonly revision: number };

export interface StoredList {
  /** Sorted by key, by code unit. */
  readonly entries: readonly StoredEntry[];
  /** The revision at which the list is exact. */
  readonly revision: number;
}

export interface WatchOptions {
  readonly prefix: string;
  /** Changes after this revision are delivered; it must be reachable. */
  readonly after: number;
  /** Called with the changes of one or more whole commits, in order, never concurrently. Must not throw. */
  readonly onEvents: (events: readonly StorageEvent[], revision: number) => void;
}

/** Numbers since the storage was opened; for metrics and for the test that counts syncs. */
export interface StorageCounters {
  /** Writes that were acknowledged as done. */
  readonly writes: number;
  /** Commits that were made durable; several writes may share one. */
  readonly commits: number;
}

/**
 * A key-value store in which every write has a revision, with a log of what changed.
 *
 * Revisions come from one counter that only grows, also over crashes and restored files. A write is
 * acknowledged when it is durable, and its event is delivered before that acknowledgement: whoever follows
 * the log has seen its own write.
 */
export interface Storage extends AsyncDisposable {
  /** The newest revision whose events have been delivered. */
  readonly revision: number;
  /** The oldest revision at which `list` and from which `watch` work. */
  readonly compactedRevision: number;
  readonly counters: StorageCounters;
  write(write: StorageWrite): Promise<WriteResult>;
  get(key: string): Promise<StoredEntry | undefined>;
  /** `revision` absent: now. */
  list(prefix: string, revision?: number): Promise<StoredList>;
  /** Resolves when the changes up to now have been delivered; the result stops the watch. */
  watch(options: WatchOptions): Promise<() => void>;
  /** True if this revision was given out by this store and is still in its log. */
  isReachable(revision: number): boolean;
  /** Forgets the log up to and including `revision`. */
  compact(revision: number): Promise<void>;
}

export type StorageErrorCode =
  | "STORAGE_CLOSED"
  | "STORAGE_CORRUPT"
  | "STORAGE_FAILED"
  | "STORAGE_FULL"
  | "STORAGE_IN_USE"
  | "STORAGE_NEWER_VERSION"
  | "STORAGE_NOT_WRITABLE"
  | "STORAGE_REVISION_UNREACHABLE";

export class StorageError extends PortolanError<StorageErrorCode> {}
