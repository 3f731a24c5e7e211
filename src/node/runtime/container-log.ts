import { EventEmitter } from "node:events";
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../../lib/errors.ts";
import { LogLineCutter, type LogStream } from "./log-lines.ts";

/** A log file is put aside at this size; the one put aside before goes. The kubelet's default is the same. */
export const LOG_FILE_BYTES_MAX = 10 * 1024 * 1024;

/**
 * The log of one life of a container: entries of the CRI format in `path`, older ones in `path.1`.
 *
 * Writes are synchronous: what a reader is told of is in the file, and nothing queues up in memory.
 */
export class ContainerLog {
  readonly path: string;
  readonly #now: () => number;
  readonly #events = new EventEmitter();
  readonly #cutters = {
    stdout: new LogLineCutter("stdout"),
    stderr: new LogLineCutter("stderr"),
  };
  #fd: number | undefined;
  #bytes = 0;
  #lastMs = 0;
  #sequence = 0;

  constructor(path: string, now: () => number) {
    this.path = path;
    this.#now = now;
    this.#events.setMaxListeners(0);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#open();
  }

  /** Appends what the container printed. */
  write(stream: LogStream, chunk: Buffer): void {
    this.#append(this.#cutters[stream].push(chunk, this.#time()));
  }

  get isClosed(): boolean {
    return this.#fd === undefined;
  }

  /** Calls back with each new entry, and with undefined at the end. Returns the way to stop. */
  follow(onEntry: (entry: Buffer | undefined) => void): () => void {
    this.#events.on("entry", onEntry);
    return () => this.#events.off("entry", onEntry);
  }

  /** The container has ended: nothing more comes. */
  close(): void {
    if (this.#fd === undefined) return;
    const time = this.#time();
    this.#append([...this.#cutters.stdout.flush(time), ...this.#cutters.stderr.flush(time)]);
    closeSync(this.#fd);
    this.#fd = undefined;
    this.#events.emit("entry", undefined);
    this.#events.removeAllListeners();
  }

  #append(entries: readonly Buffer[]): void {
    if (entries.length === 0 || this.#fd === undefined) return;
    const data = Buffer.concat(entries);
    if (this.#bytes > 0 && this.#bytes + data.length > LOG_FILE_BYTES_MAX) this.#rotate(this.#fd);
    this.#bytes += writeWhole(this.#fd, data);
    for (const entry of entries) this.#events.emit("entry", entry);
  }

  /** The file is renamed first: if there is no room for another one, the old one is written on. */
  #rotate(old: number): void {
    try {
      renameSync(this.path, `${this.path}.1`);
      this.#open();
      closeSync(old);
    } catch {
      this.#bytes = 0;
    }
  }

  #open(): void {
    this.#fd = openSync(this.path, "a", 0o600);
    this.#bytes = fstatSync(this.#fd).size;
  }

  /** RFC 3339 with nanoseconds; entries of one millisecond differ in the last digits. */
  #time(): string {
    const ms = this.#now();
    this.#sequence = ms === this.#lastMs ? Math.min(this.#sequence + 1, 999_999) : 0;
    this.#lastMs = ms;
    const nanos = String(this.#sequence).padStart(6, "0");
    return `${new Date(ms).toISOString().slice(0, 23)}${nanos}Z`;
  }
}

/**
 * Writes entries, or nothing: a pod can fill the disk, and what others print then is lost, as in Kubernetes. Returns how
 * many bytes the file has grown.
 */
function writeWhole(fd: number, data: Buffer): number {
  try {
    const written = writeSync(fd, data);
    if (written === data.length) return written;
    ftruncateSync(fd, fstatSync(fd).size - written);
  } catch (error) {
    if (errorCode(error) !== "ENOSPC" && errorCode(error) !== "EDQUOT") throw error;
  }
  return 0;
}

/** All entries that a log's files hold, oldest first, as they lie there. Empty if there is no such log. */
export function readLogFiles(path: string): Buffer {
  const files = [`${path}.1`, path].filter((file) => existsSync(file));
  return Buffer.concat(files.map((file) => readFileSync(file)));
}

/** Deletes the files of one life. */
export function removeLogFiles(path: string): void {
  for (const file of [`${path}.1`, path]) rmSync(file, { force: true });
}
