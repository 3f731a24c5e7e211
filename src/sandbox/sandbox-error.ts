import { PortolanError } from "../lib/errors.ts";

/** Why a sandbox can not be started, found or used. */
export type SandboxErrorCode =
  | "BAD_OPTION"
  | "NOT_LINUX"
  | "TOOL_MISSING"
  | "DATA_DIR_UNUSABLE"
  | "DATA_DIR_NEWER"
  | "DATA_DIR_IN_USE"
  | "KUBECONFIG_UNUSABLE"
  | "API_PORT_IN_USE"
  | "API_PORT_REFUSED"
  | "NAMESPACES_REFUSED"
  | "START_FAILED"
  | "START_TIMEOUT"
  | "NOT_RUNNING"
  | "NO_SUCH_NODE"
  | "NOT_PERMITTED"
  | "STOP_FAILED";

const codes: ReadonlySet<string> = new Set<SandboxErrorCode>([
  "BAD_OPTION",
  "NOT_LINUX",
  "TOOL_MISSING",
  "DATA_DIR_UNUSABLE",
  "DATA_DIR_NEWER",
  "DATA_DIR_IN_USE",
  "KUBECONFIG_UNUSABLE",
  "API_PORT_IN_USE",
  "API_PORT_REFUSED",
  "NAMESPACES_REFUSED",
  "START_FAILED",
  "START_TIMEOUT",
  "NOT_RUNNING",
  "NO_SUCH_NODE",
  "NOT_PERMITTED",
  "STOP_FAILED",
]);

/** Codes that mean that the command line asked for something impossible. */
const misuse: ReadonlySet<SandboxErrorCode> = new Set(["BAD_OPTION", "NO_SUCH_NODE"]);

/** A fault that a person can mend; `remedy` is the command, or the sentence, that does it. */
export class SandboxError extends PortolanError<SandboxErrorCode> {
  readonly remedy: string;

  constructor(
    code: SandboxErrorCode,
    message: string,
    options: { readonly remedy: string; readonly cause?: unknown },
  ) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = options.remedy;
  }

  /** What the command exits with: 2 when it was misused, otherwise 1. */
  get exitCode(): 1 | 2 {
    return misuse.has(this.code) ? 2 : 1;
  }
}

/** A code that came from another process, or `START_FAILED` if it is none of ours. */
export function sandboxErrorCode(code: string): SandboxErrorCode {
  return isSandboxErrorCode(code) ? code : "START_FAILED";
}

function isSandboxErrorCode(code: string): code is SandboxErrorCode {
  return codes.has(code);
}
