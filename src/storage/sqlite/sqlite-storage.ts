import { type Clock, systemClock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import {
  type Storage,
  StorageError,
  type StorageEvent,
  type StorageWrite,
  type StoredEntry,
  type StoredList,
  type WatchOptions,
  type WriteResult,
} from "../storage.ts";
import type { RevisionGap } from "./database.ts";
import { WorkerCalls } from "./worker-calls.ts";

export interface SqliteStorageOptions {
  /** Made when it does not exist; it belongs to one process at a time. */
  readonly directory: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How long the log is kept; Kubernetes compacts every five minutes. */
  readonly keepLogMs?: number;
  /** How many changes the log keeps, however young they are. */
  readonly keepLogMax?: number;
}

/** Most writes in one commit: bounds the memory and the time of one transaction. */
const COMMIT_WRITES_MAX = 1024;
/** Most writes that wait for a commit; more are refused, since the disk no longer keeps up. */
const QUEUE_MAX = 50_000;
const COMPACT_EVERY_MS = 60_000;

interface Queued {
  readonly write: StorageWrite;
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: Error) => void;
}

interface Watcher {
  readonly options: WatchOptions;
  /** Live changes that wait until the replay is complete; undefined once it is. */
  held: StorageEvent[] | undefined;
}

/** Opens the data directory, or fails with a `StorageError` that says why and what to do. */
export async function openSqliteStorage(options: SqliteStorageOptions): Promise<Storage> {
  const clock = options.clock ?? systemClock;
  const calls = new WorkerCalls();
  try {
    const opened = await calls.call("open", { directory: options.directory, nowMs: clock.now() });
    return new SqliteStorage({ ...options, clock, calls, opened });
  } catch (error) {
    await calls.terminate();
    throw error;
  }
}

class SqliteStorage implements Storage {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #calls: WorkerCalls;
  readonly #keepLogMs: number;
  readonly #keepLogMax: number;
  readonly #watchers = new Set<Watcher>();
  readonly #ending = new AbortController();
  readonly #compacting: Promise<void>;
  #gaps: readonly RevisionGap[];
  #queue: Queued[] = [];
  #committing: Promise<void> | undefined;
  #revision: number;
  #compacted: number;
  #writes = 0;
  #commits = 0;

  constructor(
    options: SqliteStorageOptions & {
      readonly clock: Clock;
      readonly calls: WorkerCalls;
      readonly opened: {
        readonly revision: number;
        readonly compactedRevision: number;
        readonly gaps: readonly RevisionGap[];
      };
    },
  ) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#calls = options.calls;
    this.#keepLogMs = options.keepLogMs ?? 5 * 60_000;
    this.#keepLogMax = options.keepLogMax ?? 50_000;
    this.#gaps = options.opened.gaps;
    this.#revision = options.opened.revision;
    this.#compacted = options.opened.compactedRevision;
    this.#compacting = this.#compactRegularly();
  }

  get revision() {
    return this.#revision;
  }

  get compactedRevision() {
    return this.#compacted;
  }

  get counters() {
    return { writes: this.#writes, commits: this.#commits };
  }

  write(write: StorageWrite): Promise<WriteResult> {
    if (this.#ending.signal.aborted) return Promise.reject(closed());
    if (this.#queue.length >= QUEUE_MAX) {
      const message = `Cannot write to the database: ${QUEUE_MAX} writes wait, the disk is too slow`;
      return Promise.reject(new StorageError("STORAGE_FAILED", message));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ write, resolve, reject });
      this.#committing ??= this.#commitQueued();
    });
  }

  get(key: string): Promise<StoredEntry | undefined> {
    return this.#calls.call("get", { key });
  }

  async list(prefix: string, revision = this.#revision): Promise<StoredList> {
    this.#assertReachable(revision);
    return { entries: await this.#calls.call("list", { prefix, revision }), revision };
  }

  async watch(options: WatchOptions): Promise<() => void> {
    this.#assertReachable(options.after);
    const watcher: Watcher = { options, held: [] };
    this.#watchers.add(watcher);
    try {
      const { prefix, after: revision } = options;
      const replayed = await this.#calls.call("changesAfter", { prefix, revision });
      const newest = replayed.at(-1)?.revision ?? revision;
      const held = (watcher.held ?? []).filter((event) => event.revision > newest);
      watcher.held = undefined;
      if (this.#watchers.has(watcher)) options.onEvents([...replayed, ...held], this.#revision);
    } catch (error) {
      this.#watchers.delete(watcher);
      throw error;
    }
    return () => this.#watchers.delete(watcher);
  }

  isReachable(revision: number): boolean {
    return (
      revision >= this.#compacted &&
      revision <= this.#revision &&
      !this.#gaps.some(({ after, upTo }) => revision > after && revision < upTo)
    );
  }

  async compact(revision: number): Promise<void> {
    if (revision <= this.#compacted) return;
    this.#assertReachable(revision);
    this.#compacted = revision; // First: nobody may start from what is about to go.
    this.#gaps = this.#gaps.filter(({ upTo }) => upTo > revision);
    await this.#calls.call("compact", { revision });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ending.signal.aborted) return;
    this.#ending.abort();
    this.#watchers.clear();
    await this.#committing;
    await this.#compacting;
    await this.#calls.call("close", undefined);
    await this.#calls.terminate();
  }

  /** One commit at a time, each with all that queued up during the one before: the group commit. */
  async #commitQueued(): Promise<void> {
    await Promise.resolve(); // Writes of one turn share the first commit.
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, COMMIT_WRITES_MAX);
      const writes = batch.map(({ write }) => write);
      try {
        const results = await this.#calls.call("commit", { writes, nowMs: this.#clock.now() });
        this.#commits += 1;
        this.#publish(eventsOf(writes, results));
        batch.forEach(({ resolve, reject }, i) => {
          const result = results[i];
          if (result === undefined) reject(closed());
          else resolve(result);
        });
      } catch (error) {
        const reason = error instanceof Error ? error : new Error(String(error));
        for (const { reject } of batch) reject(reason);
      }
    }
    this.#committing = undefined;
  }

  #publish(events: readonly StorageEvent[]): void {
    const newest = events.at(-1)?.revision;
    if (newest === undefined) return;
    this.#writes += events.length;
    this.#revision = newest;
    for (const { options, held } of this.#watchers) {
      const { prefix } = options;
      const own = prefix === "" ? events : events.filter(({ key }) => key.startsWith(prefix));
      if (held !== undefined) held.push(...own);
      else options.onEvents(own, newest);
    }
  }

  async #compactRegularly(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#clock.sleep(COMPACT_EVERY_MS, signal);
      if (signal.aborted) return;
      try {
        const olderThanMs = this.#clock.now() - this.#keepLogMs;
        const keepMax = this.#keepLogMax;
        const revision = await this.#calls.call("compactableRevision", { olderThanMs, keepMax });
        await this.compact(Math.min(revision, this.#revision));
      } catch (error) {
        this.#log.warn("Cannot compact the log", { error: describeError(error) });
      }
    }
  }

  #assertReachable(revision: number): void {
    if (this.isReachable(revision)) return;
    throw new StorageError(
      "STORAGE_REVISION_UNREACHABLE",
      `Cannot read at revision ${revision}: the log reaches from ${this.#compacted} to ${this.#revision}`,
    );
  }
}

function eventsOf(
  writes: readonly StorageWrite[],
  results: readonly WriteResult[],
): readonly StorageEvent[] {
  return writes.flatMap((write, i): readonly StorageEvent[] => {
    const result = results[i];
    if (result === undefined || !result.done) return [];
    const { revision } = result;
    return write.type === "put"
      ? [{ type: "put", key: write.key, value: write.value, revision }]
      : [{ type: "delete", key: write.key, revision }];
  });
}

function closed(): StorageError {
  return new StorageError("STORAGE_CLOSED", "Cannot write to the database: it is closed");
}
