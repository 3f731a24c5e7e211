import { errorCode } from "../../lib/errors.ts";
import { StorageError } from "../storage.ts";

/** SQLite's primary result codes that have a meaning of their own here; sqlite.org/rescode.html. */
const codes = {
  perm: 3,
  busy: 5,
  readOnly: 8,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

/** What a fault of SQLite or of the file system means to who runs the server; a `StorageError` stays what it is. */
export function explained(error: unknown, directory: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = errorCode(error);
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return notWritable(directory, error);
  }
  if (code === "ENOSPC" || code === "EDQUOT") return full(error);
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") {
    return failed(error);
  }
  const options = { cause: error };
  switch (error.errcode & 0xff) {
    case codes.busy:
      return new StorageError(
        "STORAGE_IN_USE",
        `Cannot open the data directory "${directory}": another process uses it, stop that one first`,
        options,
      );
    case codes.corrupt:
    case codes.notADatabase:
      return new StorageError(
        "STORAGE_CORRUPT",
        `Cannot read the data directory "${directory}": its database is damaged, restore a copy`,
        options,
      );
    case codes.full:
      return full(error);
    case codes.perm:
    case codes.readOnly:
    case codes.cannotOpen:
      return notWritable(directory, error);
    default:
      return failed(error);
  }
}

function notWritable(directory: string, cause: unknown): StorageError {
  return new StorageError(
    "STORAGE_NOT_WRITABLE",
    `Cannot open the data directory "${directory}": this user may not write there`,
    { cause },
  );
}

function full(cause: unknown): StorageError {
  return new StorageError(
    "STORAGE_FULL",
    "Cannot write to the database: the disk is full, free some space",
    { cause },
  );
}

function failed(cause: unknown): StorageError {
  return new StorageError("STORAGE_FAILED", "Cannot use the database: it failed", { cause });
}
