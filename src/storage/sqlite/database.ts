import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  StorageError,
  type StorageEvent,
  type StorageWrite,
  type StoredEntry,
  type WriteResult,
} from "../storage.ts";
import { readReservedRevision, writeReservedRevision } from "./revision-file.ts";
import { bytesOf, isSet, numberOf, textOf } from "./row.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** Revisions reserved at a time: one more sync per so many writes. After a crash the rest of a block is skipped. */
const REVISION_BLOCK = 10_000;

/** What the database knows when it has been opened. */
export interface Opened {
  readonly revision: number;
  readonly compactedRevision: number;
  readonly gaps: readonly RevisionGap[];
}

/** Revisions after `after` and before `upTo` were never committed here, or were lost. */
export interface RevisionGap {
  readonly after: number;
  readonly upTo: number;
}

/** The tables and their transactions. Synchronous: it belongs in a worker thread. */
export class Database {
  readonly opened: Opened;
  readonly #db: DatabaseSync;
  readonly #revisionFile: string;
  readonly #statements: ReturnType<typeof prepare>;
  #revision: number;
  #reserved: number;

  /** Takes the data directory for this process; fails at once when another one has it. */
  constructor(directory: string, nowMs: number) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(join(directory, "state.db"));
    configure(this.#db, directory);
    this.#statements = prepare(this.#db);
    this.#revisionFile = join(directory, "revision");
    this.#reserved = readReservedRevision(this.#revisionFile);
    const compacted = numberOf(this.#statements.compacted.get(), "number");
    const last = Math.max(compacted, numberOf(this.#statements.lastRevision.get(), "last"));
    // Clients read revision 0 as "any": the first one is 1.
    this.#revision = Math.max(last, this.#reserved, 1);
    if (this.#revision > last) {
      this.#statements.logPut.run(this.#revision, nowMs, "", 0, last, null);
    }
    const gaps = this.#statements.gaps.all().map((row) => ({
      after: numberOf(row, "previous_revision"),
      upTo: numberOf(row, "revision"),
    }));
    this.opened = { revision: this.#revision, compactedRevision: compacted, gaps };
  }

  /** Carries out the writes in order and returns when they are on disk: all that could be done, or none. */
  commit(writes: readonly StorageWrite[], nowMs: number): WriteResult[] {
    this.#reserve(writes.length);
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const results = writes.map((write) => this.#write(write, nowMs));
      this.#db.exec("COMMIT");
      return results;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  get(key: string): StoredEntry | undefined {
    const row = this.#statements.get.get(key);
    return row === undefined ? undefined : entryOf(row);
  }

  /** The entries under a prefix as they were at a revision, sorted by key. */
  list(prefix: string, revision: number): StoredEntry[] {
    const range = rangeOf(prefix);
    const entries = new Map(
      this.#statements.list.all(...range).map((row) => [textOf(row, "key"), entryOf(row)]),
    );
    const undone = new Set<string>();
    for (const row of this.#statements.logAfter.iterate(revision, ...range)) {
      const key = textOf(row, "key");
      if (undone.has(key)) continue;
      undone.add(key);
      if (isSet(row, "previous")) {
        entries.set(key, {
          key,
          value: bytesOf(row, "previous"),
          revision: numberOf(row, "previous_revision"),
        });
      } else {
        entries.delete(key);
      }
    }
    return [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  /** What changed under a prefix after a revision, in order. */
  changesAfter(prefix: string, revision: number): StorageEvent[] {
    const range = rangeOf(prefix);
    const rows = this.#statements.logAfter.all(revision, ...range);
    const later = new Map<string, Uint8Array>();
    const events: StorageEvent[] = [];
    for (const row of rows.reverse()) {
      const key = textOf(row, "key");
      const at = numberOf(row, "revision");
      if (numberOf(row, "is_delete") === 1) {
        events.push({ type: "delete", key, revision: at });
      } else {
        const value = later.get(key) ?? bytesOf(this.#statements.get.get(key), "value");
        events.push({ type: "put", key, value, revision: at });
      }
      if (isSet(row, "previous")) later.set(key, bytesOf(row, "previous"));
    }
    return events.reverse();
  }

  /** Forgets the log up to and including a revision. */
  compact(revision: number): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      this.#statements.deleteLog.run(revision);
      this.#statements.setCompacted.run(revision);
      this.#db.exec("COMMIT");
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  /** The newest revision that a log of this age and length can do without. */
  compactableRevision(limits: { readonly olderThanMs: number; readonly keepMax: number }): number {
    const byAge = numberOf(this.#statements.lastOlderThan.get(limits.olderThanMs), "last");
    const byCount = this.#statements.nthNewest.get(limits.keepMax);
    return Math.max(byAge, byCount === undefined ? 0 : numberOf(byCount, "revision"));
  }

  /** After an orderly end the next start goes on without a gap in the revisions. */
  close(): void {
    this.#db.close();
    writeReservedRevision(this.#revisionFile, this.#revision);
  }

  #write(write: StorageWrite, nowMs: number): WriteResult {
    for (const { key, revision } of write.expect) {
      if (this.#revisionOf(key) !== revision) return { done: false, key };
    }
    const isDelete = write.type === "delete";
    if (isDelete && this.#revisionOf(write.key) === 0) return { done: false, key: write.key };
    this.#revision += 1;
    const revision = this.#revision;
    const logged = this.#statements.logFromCur.run(
      revision,
      nowMs,
      isDelete ? 1 : 0,
      write.key,
    ).changes;
    if (logged === 0) this.#statements.logPut.run(revision, nowMs, write.key, 0, 0, null);
    if (isDelete) this.#statements.delete.run(write.key);
    else this.#statements.put.run(write.key, revision, write.value);
    return { done: true, revision };
  }

  #revisionOf(key: string): number {
    const row = this.#statements.revisionOf.get(key);
    return row === undefined ? 0 : numberOf(row, "revision");
  }

  #reserve(count: number): void {
    if (this.#revision + count <= this.#reserved) return;
    const reserved = this.#revision + count + REVISION_BLOCK;
    writeReservedRevision(this.#revisionFile, reserved);
    this.#reserved = reserved;
  }
}

function entryOf(row: Parameters<typeof textOf>[0]): StoredEntry {
  return {
    key: textOf(row, "key"),
    value: bytesOf(row, "value"),
    revision: numberOf(row, "revision"),
  };
}

/** Keys that begin with a prefix lie from the prefix to this bound; keys are well-formed text below U+10FFFF. */
function rangeOf(prefix: string): [string, string] {
  return [prefix, `${prefix}\u{10FFFF}`];
}

function configure(db: DatabaseSync, directory: string): void {
  // The lock on the file is the lock on the data directory: the kernel drops it when the process dies.
  db.exec("PRAGMA locking_mode = EXCLUSIVE");
  db.exec("PRAGMA journal_mode = WAL");
  // FULL: with NORMAL a power cut may roll back acknowledged writes, and with them the revision counter.
  db.exec("PRAGMA synchronous = FULL");
  // A WAL that is never truncated is overwritten in place: growing the file costs a sync of its metadata.
  db.exec("PRAGMA journal_size_limit = -1");
  const version = numberOf(db.prepare("PRAGMA user_version").get(), "user_version");
  if (version > SCHEMA_VERSION) {
    db.close();
    throw new StorageError(
      "STORAGE_NEWER_VERSION",
      `Cannot open the data directory "${directory}": it has version ${version}, this program knows versions up to ${SCHEMA_VERSION}`,
    );
  }
  if (version === 0) db.exec(`BEGIN EXCLUSIVE; ${SCHEMA} COMMIT;`);
  // Reading alone takes no lasting lock; an empty write does.
  else db.exec("BEGIN IMMEDIATE; COMMIT;");
}

function prepare(db: DatabaseSync) {
  const statement = (sql: string): StatementSync => db.prepare(sql);
  return {
    get: statement("SELECT key, revision, value FROM cur WHERE key = ?"),
    revisionOf: statement("SELECT revision FROM cur WHERE key = ?"),
    list: statement("SELECT key, revision, value FROM cur WHERE key >= ? AND key < ?"),
    put: statement(
      `INSERT INTO cur VALUES (?, ?, ?)
       ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, value = excluded.value`,
    ),
    delete: statement("DELETE FROM cur WHERE key = ?"),
    logFromCur: statement(
      "INSERT INTO log SELECT ?1, ?2, key, ?3, revision, value FROM cur WHERE key = ?4",
    ),
    logPut: statement("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)"),
    logAfter: statement(
      `SELECT revision, key, is_delete, previous_revision, previous FROM log
       WHERE revision > ? AND key <> '' AND key >= ? AND key < ? ORDER BY revision`,
    ),
    gaps: statement("SELECT revision, previous_revision FROM log WHERE key = ''"),
    deleteLog: statement("DELETE FROM log WHERE revision <= ?"),
    lastRevision: statement("SELECT coalesce(max(revision), 0) AS last FROM log"),
    lastOlderThan: statement(
      `SELECT coalesce(max(revision), 0) AS last FROM log
       WHERE revision < coalesce((SELECT revision FROM log WHERE time_ms >= ? ORDER BY revision LIMIT 1), 1 << 62)`,
    ),
    nthNewest: statement("SELECT revision FROM log ORDER BY revision DESC LIMIT 1 OFFSET ?"),
    compacted: statement("SELECT number FROM meta WHERE name = 'compacted'"),
    setCompacted: statement("UPDATE meta SET number = ? WHERE name = 'compacted'"),
  };
}
