import { parseLogEntry } from "../runtime/log-lines.ts";

/** What a reader of a container's log asks for. */
export interface LogQuery {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** Epoch milliseconds; older entries are left out. */
  readonly sinceMs?: number;
}

/** Reads the query of `/containerLogs`; a text says what is wrong with it. */
export function parseLogQuery(query: URLSearchParams, nowMs: number): LogQuery | string {
  const flag = (name: string) => /^(1|t|true)$/i.test(query.get(name) ?? "");
  const number = (name: string) => {
    const text = query.get(name);
    return text === null ? undefined : Number(text);
  };
  const tailLines = number("tailLines");
  const limitBytes = number("limitBytes");
  const sinceSeconds = number("sinceSeconds");
  const sinceTime = query.get("sinceTime");
  const isCount = (n: number | undefined) => n === undefined || (Number.isInteger(n) && n >= 0);
  if (!isCount(tailLines)) return "tailLines must be greater than or equal to 0";
  if (!isCount(limitBytes) || limitBytes === 0) return "limitBytes must be greater than 0";
  if (!isCount(sinceSeconds) || sinceSeconds === 0) return "sinceSeconds must be greater than 0";
  const sinceTimeMs = sinceTime === null ? undefined : Date.parse(sinceTime);
  if (Number.isNaN(sinceTimeMs)) return "sinceTime must be a time as of RFC 3339";
  const sinceMs =
    sinceTimeMs ?? (sinceSeconds === undefined ? undefined : nowMs - sinceSeconds * 1000);
  return {
    follow: flag("follow"),
    previous: flag("previous"),
    timestamps: flag("timestamps"),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}

/** The text of one entry as the reader wants it; undefined if it is too old or damaged. */
export function formatEntry(line: Buffer, query: LogQuery): Buffer | undefined {
  const entry = parseLogEntry(line);
  if (entry === undefined) return undefined;
  if (query.sinceMs !== undefined && Date.parse(entry.time) < query.sinceMs) return undefined;
  return query.timestamps ? Buffer.concat([Buffer.from(`${entry.time} `), entry.text]) : entry.text;
}

/** The answer to a query from the log's files, oldest first. Lines are counted after `sinceMs` has been applied. */
export function selectLog(file: Buffer, query: LogQuery): Buffer {
  const found: Buffer[] = [];
  let end = file.length;
  let lines = 0;
  // Backwards, so that the last lines of a large log cost little.
  while (end > 0 && (query.tailLines === undefined || lines <= query.tailLines)) {
    const start = file.lastIndexOf(10, end - 2) + 1;
    const text = formatEntry(file.subarray(start, end - 1), query);
    if (text !== undefined) {
      // A piece without an end belongs to the line that follows it.
      if (text.at(-1) === 10 || found.length === 0) lines++;
      if (query.tailLines !== undefined && lines > query.tailLines) break;
      found.push(text);
    }
    end = start;
  }
  const all = Buffer.concat(found.toReversed());
  return query.limitBytes === undefined ? all : all.subarray(0, query.limitBytes);
}
