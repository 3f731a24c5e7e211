import type { FieldValidation } from "../../api/decode.ts";
import {
  type FieldError,
  forbidden,
  invalid,
  invalidStatus,
  notSupported,
  tooLong,
} from "../../api/field-error.ts";

/** What the query of a write says. */
export interface WriteOptions {
  /** Everything happens but the write itself. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

/** How Kubernetes calls the options of each kind of write. */
type OptionsKind = "CreateOptions" | "UpdateOptions" | "PatchOptions" | "DeleteOptions";

/** Longest name of a field manager, in bytes, as in Kubernetes. */
const MANAGER_BYTES_MAX = 128;

/** Reads the options, or throws the 422 answer. */
export function writeOptions(query: URLSearchParams, kind: OptionsKind): WriteOptions {
  const dryRun = query.getAll("dryRun").filter((text) => text !== "");
  const text = query.get("fieldValidation") ?? "";
  const fieldValidation = text === "" ? "Warn" : text;
  const isKnown = isFieldValidation(fieldValidation);
  const errors: FieldError[] = [
    ...(kind === "PatchOptions" && query.has("force")
      ? [forbidden("force", "may not be specified for non-apply patch")]
      : []),
    ...managerErrors(query.get("fieldManager") ?? ""),
    ...(dryRun.every((word) => word === "All") ? [] : [notSupported("dryRun", dryRun, ["All"])]),
    ...(isKnown ? [] : [notSupported("fieldValidation", text, ["", "Ignore", "Strict", "Warn"])]),
  ];
  if (!isKnown || errors.length > 0) {
    throw invalidStatus({ group: "meta.k8s.io", kind }, "", errors);
  }
  return { dryRun: dryRun.length > 0, fieldValidation };
}

/** Who writes is not recorded, but a name that Kubernetes refuses is refused here too. */
function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (Buffer.byteLength(manager) > MANAGER_BYTES_MAX) {
    errors.push(tooLong("fieldManager", MANAGER_BYTES_MAX));
  }
  let at = 0;
  for (const character of manager) {
    if (/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      const detail = `invalid character ${codePointText(character)} (at position ${at})`;
      errors.push(invalid("fieldManager", manager, detail));
    }
    at += Buffer.byteLength(character);
  }
  return errors;
}

/** As Kubernetes writes a character that can't be shown: `U+0007`. */
function codePointText(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase();
  return `U+${hex.padStart(4, "0")}`;
}

function isFieldValidation(text: string): text is FieldValidation {
  return text === "Ignore" || text === "Strict" || text === "Warn";
}
