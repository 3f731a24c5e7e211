/** Fields of a log line: plain values only, never a secret. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

export type LogLevel = "debug" | "info" | "warn" | "error";

/** A logger that knows its room. Messages are constant; what varies goes into the fields. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger of a part of this room; the fields go on each of its lines. */
  with(fields: LogFields): Logger;
}

export interface LoggerOptions {
  readonly room: string;
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly now: () => number;
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** A logger that writes one JSON object a line. */
export function createLogger(options: LoggerOptions, bound: LogFields = {}): Logger {
  const threshold = levels.indexOf(options.level);
  const at = (level: LogLevel) => (message: string, fields?: LogFields) => {
    if (levels.indexOf(level) < threshold) return;
    const time = new Date(options.now()).toISOString();
    options.write(
      `${JSON.stringify({ time, level, room: options.room, message, ...bound, ...fields })}\n`,
    );
  };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => createLogger(options, { ...bound, ...fields }),
  };
}

/** A logger that drops everything; for tests and tools. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};
