import type { IncomingMessage, ServerResponse } from "node:http";
import { type ContainerLog, readLogFiles } from "../runtime/container-log.ts";
import { formatEntry, type LogQuery, selectLog } from "./log-query.ts";

/** Which log is read. */
export interface LogTarget {
  /** The log file of the life that is asked for. */
  readonly path: string;
  /** The container's current log, to be followed. */
  readonly log: ContainerLog | undefined;
}

/** Answers with a container's log, and follows it as long as container and client live. */
export function serveLogs(
  target: LogTarget,
  query: LogQuery,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
): void {
  const { path, log } = target;
  const { request, response } = exchange;
  response.writeHead(200, { "content-type": "text/plain" });
  const past = selectLog(readLogFiles(path), query);
  response.write(past);
  if (!query.follow || query.previous || log === undefined || log.isClosed) {
    response.end();
    return;
  }
  response.flushHeaders();
  let left = (query.limitBytes ?? Number.POSITIVE_INFINITY) - past.length;
  const stop = log.follow((line) => {
    if (line === undefined) {
      response.end();
      return;
    }
    const text = formatEntry(line.subarray(0, -1), query);
    if (text === undefined) return;
    response.write(text.subarray(0, left));
    left -= text.length;
    // A reader that falls too far behind is cut off: what it misses is in the file.
    if (left <= 0 || response.writableLength > FOLLOWER_BYTES_MAX) response.end();
  });
  response.on("close", stop);
  request.on("aborted", stop);
}

/** What may wait for a slow reader, in bytes. */
const FOLLOWER_BYTES_MAX = 8 * 1024 * 1024;
