import assert from "node:assert/strict";
import type { SQLOutputValue } from "node:sqlite";

/** A row as node:sqlite gives it. */
export type Row = Readonly<Record<string, SQLOutputValue>>;

export function numberOf(row: Row | undefined, column: string): number {
  const value = row?.[column];
  assert(typeof value === "number", `column ${column} is no number`);
  return value;
}

export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column];
  assert(typeof value === "string", `column ${column} is no text`);
  return value;
}

export function bytesOf(row: Row | undefined, column: string): Uint8Array {
  const value = row?.[column];
  assert(value instanceof Uint8Array, `column ${column} is no blob`);
  return value;
}

/** False for NULL. */
export function isSet(row: Row, column: string): boolean {
  return row[column] !== null;
}
