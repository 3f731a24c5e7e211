/** Longest piece of a line that is written as one entry, in bytes, as in container engines. */
export const LOG_PIECE_BYTES_MAX = 16_384;

/** Where a line was printed. */
export type LogStream = "stdout" | "stderr";

/** Cuts what a program prints into entries of the CRI log format: `TIME STREAM F|P TEXT`. */
export class LogLineCutter {
  readonly #stream: LogStream;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: LogStream) {
    this.#stream = stream;
  }

  /** The complete entries that the chunk makes; the beginning of a line is kept for later. */
  push(chunk: Buffer, time: string): Buffer[] {
    const entries: Buffer[] = [];
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const end = data.subarray(0, LOG_PIECE_BYTES_MAX + 1).indexOf(10);
      if (end >= 0) {
        entries.push(this.#entry(time, "F", data.subarray(0, end)));
        data = data.subarray(end + 1);
      } else if (data.length >= LOG_PIECE_BYTES_MAX) {
        entries.push(this.#entry(time, "P", data.subarray(0, LOG_PIECE_BYTES_MAX)));
        data = data.subarray(LOG_PIECE_BYTES_MAX);
      } else {
        this.#rest = Buffer.from(data);
        return entries;
      }
    }
  }

  /** What is left at the end of the stream: a line without an end. */
  flush(time: string): Buffer[] {
    if (this.#rest.length === 0) return [];
    const entry = this.#entry(time, "P", this.#rest);
    this.#rest = Buffer.alloc(0);
    return [entry];
  }

  #entry(time: string, tag: "F" | "P", text: Buffer): Buffer {
    return Buffer.concat([Buffer.from(`${time} ${this.#stream} ${tag} `), text, Buffer.from("\n")]);
  }
}

/** One line, or a piece of a long one. */
export interface LogEntry {
  readonly time: string;
  readonly stream: LogStream;
  /** With its line end, unless the entry is a piece of a longer line. */
  readonly text: Buffer;
}

/** Reads one entry of a log file; undefined if it is damaged. */
export function parseLogEntry(line: Buffer): LogEntry | undefined {
  const afterTime = line.indexOf(32);
  const afterStream = line.indexOf(32, afterTime + 1);
  const afterTag = line.indexOf(32, afterStream + 1);
  if (afterTime <= 0 || afterStream < 0 || afterTag < 0) return undefined;
  const stream = line.toString("latin1", afterTime + 1, afterStream);
  if (stream !== "stdout" && stream !== "stderr") return undefined;
  const isWhole = line.toString("latin1", afterStream + 1, afterTag) === "F";
  const text = line.subarray(afterTag + 1);
  return {
    time: line.toString("latin1", 0, afterTime),
    stream,
    text: isWhole ? Buffer.concat([text, Buffer.from("\n")]) : text,
  };
}
