import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../../lib/errors.ts";

/**
 * The highest revision that may have been given out, in a file beside the database.
 *
 * It lies outside the database so that a database restored from a copy, or one that lost its newest commits, goes on
 * above every revision that clients may hold, and never gives one revision to two different states.
 */
export function readReservedRevision(path: string): number {
  try {
    const value = Number(readFileSync(path, "utf8").trim());
    return Number.isSafeInteger(value) && value > 0 ? value : 0;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0;
    throw error;
  }
}

/** Replaces the file and returns when the new content is on disk. */
export function writeReservedRevision(path: string, revision: number): void {
  const next = `${path}.next`;
  const file = openSync(next, "w", 0o600);
  try {
    writeSync(file, `${revision}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(next, path);
  if (process.platform === "win32") return; // Directories cannot be opened there.
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
