import { readFileSync } from "node:fs";
import { readLogFiles } from "../runtime/container-log.ts";
import { parseLogEntry } from "../runtime/log-lines.ts";

/** Limits of a termination message, and of the part of the log that may stand in for it (the kubelet's). */
const MESSAGE_BYTES_MAX = 4096;
const LOG_BYTES_MAX = 2048;
const LOG_LINES_MAX = 80;

/** A container that has ended, and where it may have left a word. */
export interface TerminationMessageInput {
  /** The file that `terminationMessagePath` showed in the container. */
  readonly file: string;
  readonly logFile: string;
  readonly policy: string;
  readonly exitCode: number;
}

/** What a container left behind to explain its end; empty if nothing. */
export function terminationMessage(input: TerminationMessageInput): string {
  const { file, logFile, policy, exitCode } = input;
  const own = readStart(file);
  if (own !== "" || policy !== "FallbackToLogsOnError" || exitCode === 0) return own;
  const lines = readLogFiles(logFile)
    .toString("latin1")
    .split("\n")
    .slice(-LOG_LINES_MAX - 1);
  const text = lines
    .flatMap((line) => parseLogEntry(Buffer.from(line, "latin1"))?.text ?? [])
    .map((part) => part.toString())
    .join("");
  return text.slice(-LOG_BYTES_MAX);
}

function readStart(file: string): string {
  try {
    return readFileSync(file).subarray(0, MESSAGE_BYTES_MAX).toString();
  } catch {
    return "";
  }
}
