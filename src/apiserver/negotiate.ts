import { invalid } from "../api/field-error.ts";
import { badRequest, notAcceptable, notAcceptableForm } from "./refusals.ts";

/** One entry of an Accept header. */
export interface MediaRange {
  /** Such as `application/json`, lower case; parts may be `*`. */
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Reads an Accept header: best first, by quality, then by place. */
export function parseAccept(header: string | undefined): readonly MediaRange[] {
  if (header === undefined || header.trim() === "") return [{ type: "*/*", parameters: {} }];
  return header
    .split(",")
    .map(parseMediaType)
    .filter(({ type }) => type !== "")
    .map((range) => ({ range, quality: Number(range.parameters["q"] ?? 1) }))
    .filter(({ quality }) => quality !== 0)
    .toSorted((a, b) => b.quality - a.quality)
    .map(({ range }) => range);
}

/** A media type with its parameters, as in Content-Type. Values lose their quotes. */
function parseMediaType(text: string): MediaRange {
  const [type = "", ...rest] = text.split(";");
  const parameters = rest.map((part): [string, string] => {
    const [name = "", value = ""] = part.split("=", 2);
    return [name.trim().toLowerCase(), value.trim().replaceAll('"', "")];
  });
  return { type: type.trim().toLowerCase(), parameters: Object.fromEntries(parameters) };
}

/** In what form objects are wanted. */
export type Form =
  | { readonly type: "object" }
  | { readonly type: "metadata"; readonly version: MetaVersion }
  | { readonly type: "table"; readonly version: MetaVersion; readonly include: IncludeObject };

export type MetaVersion = "v1" | "v1beta1";
/** What the rows of a table carry: nothing, the metadata, the whole object. */
export type IncludeObject = "None" | "Metadata" | "Object";

export const objectForm: Form = { type: "object" };

const accepted = ["application/json"] as const;

/** What is asked for: one object or an event with one, or a list. */
export type Shape = "object" | "list";

/** Chooses the form of the answer, or throws the 406 answer. */
export function negotiateForm(
  accept: string | undefined,
  query: URLSearchParams,
  shape: Shape = "object",
): Form {
  for (const { type, parameters } of parseAccept(accept)) {
    if (!isJson(type)) continue;
    const form = formOf(parameters, query, shape);
    if (form !== undefined) return form;
  }
  throw notAcceptable(accepted);
}

/** Throws the 406 answer unless JSON will do. */
export function requireJson(accept: string | undefined): void {
  if (!parseAccept(accept).some(({ type }) => isJson(type))) throw notAcceptable(accepted);
}

export function isJson(type: string): boolean {
  return type === "application/json" || type === "*/*" || type === "application/*";
}

function formOf(
  { as, g, v }: Readonly<Record<string, string>>,
  query: URLSearchParams,
  shape: Shape,
): Form | undefined {
  if (as === undefined) return objectForm;
  if (g !== "meta.k8s.io" || (v !== "v1" && v !== "v1beta1")) return undefined;
  if (as === "Table") return { type: "table", version: v, include: includeOf(query) };
  if (as !== "PartialObjectMetadata" && as !== "PartialObjectMetadataList") return undefined;
  const asked = as === "PartialObjectMetadataList" ? "list" : "object";
  if (asked !== shape) throw notAcceptableForm(as, shape);
  return { type: "metadata", version: v };
}

function includeOf(query: URLSearchParams): IncludeObject {
  const include = query.get("includeObject") ?? "";
  if (include === "") return "Metadata";
  if (include === "None" || include === "Metadata" || include === "Object") return include;
  const { field, message } = invalid(
    "includeObject",
    include,
    "must be 'Metadata', 'Object', 'None', or empty",
  );
  throw badRequest(`Unable to convert to Table as requested: ${field}: ${message}`);
}
