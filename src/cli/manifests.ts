import { parseAllDocuments } from "yaml";
import { type Kind, kinds } from "../api/kinds.ts";
import { apiVersionOf } from "../api/resource.ts";
import type { KubeObject } from "../api/types.ts";

/** An object that a manifest wants, with the kind that the API knows it by. */
export interface Wanted {
  readonly kind: Kind;
  readonly object: KubeObject;
}

/** What a manifest says, and what is wrong with it, a sentence each; `path` is for the sentences. */
export interface Manifest {
  readonly wanted: readonly Wanted[];
  readonly mistakes: readonly string[];
}

/** Reads a YAML or JSON manifest of one or many documents; Lists are opened. */
export function parseManifest(text: string, path: string): Manifest {
  const wanted: Wanted[] = [];
  const mistakes: string[] = [];
  const refuse = (why: string) => mistakes.push(`Cannot create what "${path}" says: ${why}`);
  for (const document of parseAllDocuments(text, { version: "1.1" })) {
    const [error] = document.errors;
    const value: unknown = error === undefined ? document.toJS() : null;
    if (error !== undefined) refuse(error.message);
    for (const item of value === null ? [] : opened(value)) {
      const found = isObject(item) ? wantedOf(item) : "a document is no object";
      if (typeof found === "string") refuse(found);
      else wanted.push(found);
    }
  }
  return { wanted, mistakes };
}

function opened(value: unknown): readonly unknown[] {
  return isObject(value) && value.kind === "List" && Array.isArray(value["items"])
    ? value["items"]
    : [value];
}

function wantedOf(object: KubeObject & Record<string, unknown>): Wanted | string {
  if (!isObject(object.metadata)) return `a ${object.kind ?? "document"} has no metadata`;
  const kind = kinds.find((k) => k.kind === object.kind && apiVersionOf(k) === object.apiVersion);
  if (kind === undefined) {
    return `no kind "${object.kind}" in "${object.apiVersion}", kubectl api-resources shows all`;
  }
  return { kind, object };
}

function isObject(value: unknown): value is KubeObject & Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
