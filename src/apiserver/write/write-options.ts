import type { FieldValidation } from "../../api/decode.ts";
import { type FieldError, invalidStatus, notSupported } from "../../api/field-error.ts";

/** What the query of a write says. */
export interface WriteOptions {
  /** Everything happens but the write itself. */
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
}

/** Reads the options, or throws the 422 answer. `kind` is how Kubernetes calls them: CreateOptions, … */
export function writeOptions(query: URLSearchParams, kind: string): WriteOptions {
  const errors: FieldError[] = [];
  const dryRun = query.getAll("dryRun").filter((text) => text !== "");
  if (dryRun.some((text) => text !== "All")) {
    errors.push(notSupported("dryRun", dryRun, ["All"]));
  }
  const text = query.get("fieldValidation") ?? "";
  const fieldValidation = text === "" ? "Warn" : text;
  if (!isFieldValidation(fieldValidation)) {
    errors.push(notSupported("fieldValidation", text, ["Ignore", "Strict", "Warn", ""]));
    throw invalidStatus({ group: "meta.k8s.io", kind }, "", errors);
  }
  if (errors.length > 0) throw invalidStatus({ group: "meta.k8s.io", kind }, "", errors);
  return { dryRun: dryRun.length > 0, fieldValidation };
}

function isFieldValidation(text: string): text is FieldValidation {
  return text === "Ignore" || text === "Strict" || text === "Warn";
}
