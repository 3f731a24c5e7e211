import { describeMachine } from "./machine.ts";

/** Figures of one series. */
export interface Summary {
  readonly count: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Order statistics (nearest rank); throws on an empty series, which would be a broken benchmark. */
export function summarize(series: readonly number[]): Summary {
  const sorted = series.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  const [min, p50, p99, max] = [sorted[0], at(0.5), at(0.99), sorted.at(-1)];
  if (min === undefined || p50 === undefined || p99 === undefined || max === undefined) {
    throw new Error("Cannot summarize an empty series");
  }
  return { count: sorted.length, min, p50, p99, max };
}

export type Row = Readonly<Record<string, string | number>>;

/** Prints a table to stdout, then one JSON line with the same figures and the machine. */
export function report(name: string, rows: readonly Row[], note?: string): void {
  const columns = Object.keys(rows[0] ?? {});
  const cell = (value: string | number | undefined) =>
    typeof value === "number" ? String(Number(value.toPrecision(3))) : (value ?? "");
  const lines = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => (line[i] ?? "").length)));
  const machine = describeMachine();
  console.log(`bench/${name}`);
  for (const line of lines) {
    console.log(
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join("   ")
        .trimEnd(),
    );
  }
  if (note !== undefined) console.log(note);
  console.log(
    `${machine.cores} cores (${machine.cpu}), ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, load ${machine.load.toFixed(1)}`,
  );
  console.log(JSON.stringify({ bench: name, rows, machine }));
}
