/**
 * A fault that Portolan explains to a person and that callers tell apart by `code`.
 *
 * Wording: `Cannot <do what> "<to what>": <what is>, <what is needed>`. Callers test the code, never the text.
 */
export class PortolanError<Code extends string = string> extends Error {
  override readonly name: string = "PortolanError";
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of anything that was thrown, followed by those of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? error.message
    : `${error.message}: ${describeError(error.cause)}`;
}

/** The `code` of a system or Portolan error; undefined where there is none. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
