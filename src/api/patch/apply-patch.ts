import { conform, isJson, isJsonObject, type JsonObject, MismatchError } from "../conform.ts";
import { decodeText, parseJson, SyntaxFault, strictFaults } from "../decode/json.ts";
import { type FieldValidation, faultText, strictMessage } from "../decode.ts";
import { invalid, invalidStatus } from "../field-error.ts";
import type { BodyType } from "../kinds.ts";
import { apiVersionOf } from "../resource.ts";
import type { JsonValue } from "../schema/schema.ts";
import { StatusError } from "../status-error.ts";
import { typed } from "../typed.ts";
import type { KubeObject } from "../types.ts";
import { jsonPatch, unknownMembers } from "./json-patch.ts";
import { mergePatch } from "./merge-patch.ts";
import { PatchFault } from "./patch-fault.ts";
import { printed } from "./printed.ts";
import { strategicMergePatch } from "./strategic-merge-patch.ts";

/** The media types that patches may have. */
export const patchMediaTypes = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
] as const;
type PatchMediaType = (typeof patchMediaTypes)[number];

/** How strictly a patch and its result are read. */
export interface PatchOptions {
  readonly fieldValidation: FieldValidation;
  /** Gets what "Warn" has to say, one text per unknown or duplicate field. */
  readonly warn?: (text: string) => void;
}

/**
 * Applies a patch to an object, and decodes the result as strictly as a new body: what comes back follows the
 * schema. `current` is not touched. Throws a StatusError: 400 for what is no patch, 422 for one that does not
 * fit the object or makes nonsense of it, 413 and 415.
 */
export function applyPatch<T extends object>(
  kind: BodyType,
  current: T,
  body: Uint8Array,
  mediaType: string,
  options: PatchOptions,
): KubeObject {
  const type = patchTypeOf(mediaType);
  const { patch, faults: patchFaults } = parsePatch(body, type, options);
  try {
    const patched = patchedValue(kind, toJson(current), type, patch);
    const { value, unknown } = conform(patched, kind.schema);
    checkIdentity(kind, value);
    const faults = [
      ...patchFaults,
      // The patched object has no text, and so no order but that of its names.
      ...unknown.toSorted().map((path) => faultText({ problem: "unknown", path })),
    ];
    if (options.fieldValidation === "Strict" && faults.length > 0) {
      throw new MismatchError(strictMessage(faults));
    }
    if (options.fieldValidation === "Warn") for (const fault of faults) options.warn?.(fault);
    const identity = { kind: kind.kind, apiVersion: apiVersionOf(kind) };
    return typed<KubeObject>({ ...identity, metadata: {}, ...value });
  } catch (error) {
    if (error instanceof PatchFault) throw statusOf(error);
    if (error instanceof MismatchError)
      throw invalidPatch(shownPatch(type, body, patch), error.message);
    throw error;
  }
}

/** What kind of patch a media type is; throws the 415 answer for any other, server-side apply among them. */
export function patchTypeOf(mediaType: string): PatchMediaType {
  const essence = mediaType.split(";", 1).join("").trim().toLowerCase();
  const known = patchMediaTypes.find((type) => type === essence);
  if (known !== undefined) return known;
  const hint = essence.startsWith("application/apply-patch+")
    ? "server-side apply is not supported yet"
    : "the body of the request was in an unknown format";
  throw new StatusError(
    415,
    "UnsupportedMediaType",
    `${hint} - accepted media types include: ${patchMediaTypes.join(", ")}`,
  );
}

interface ParsedPatch {
  readonly patch: JsonValue;
  /** What a strict reader says of the patch itself. */
  readonly faults: readonly string[];
}

function parsePatch(
  body: Uint8Array,
  type: PatchMediaType,
  { fieldValidation }: PatchOptions,
): ParsedPatch {
  try {
    const text = decodeText(body);
    const patch = parseJson(text);
    if (!isJson(patch)) throw new SyntaxFault("exceeded max depth");
    if (fieldValidation === "Ignore") return { patch, faults: [] };
    const isJsonPatch = type === "application/json-patch+json";
    const faults = strictFaults(text, patch, isJsonPatch ? unknownMembers(patch) : []);
    return {
      patch,
      faults: faults.map((one) => `${isJsonPatch ? "json patch " : ""}${faultText(one)}`),
    };
  } catch (error) {
    if (!(error instanceof SyntaxFault)) throw error;
    throw new StatusError(400, "BadRequest", `error decoding patch: ${error.message}`);
  }
}

function toJson(object: object): JsonObject {
  const value: unknown = object;
  return isJsonObject(value) ? value : {};
}

function patchedValue(
  kind: BodyType,
  current: JsonObject,
  type: PatchMediaType,
  patch: JsonValue,
): JsonValue {
  if (type === "application/json-patch+json") return jsonPatch(current, patch);
  if (!isJsonObject(patch)) throw new PatchFault("malformed", "invalid JSON document");
  return type === "application/merge-patch+json"
    ? mergePatch(current, patch)
    : strategicMergePatch(current, patch, kind.schema);
}

/** A patch changes an object, not what it is. */
function checkIdentity(kind: BodyType, value: JsonObject): void {
  const { apiVersion = apiVersionOf(kind), kind: name = kind.kind } = value;
  if (apiVersion === apiVersionOf(kind) && name === kind.kind) return;
  throw new StatusError(
    400,
    "BadRequest",
    `the object in the patch (${apiVersion}, ${name}) does not match the expected one (${apiVersionOf(kind)}, ${kind.kind})`,
  );
}

function statusOf({ problem, message: whole }: PatchFault): StatusError {
  const message = shortened(whole);
  switch (problem) {
    case "malformed":
      return new StatusError(400, "BadRequest", message);
    case "tooLarge":
      return new StatusError(413, "RequestEntityTooLarge", message);
    case "inapplicable":
      return new StatusError(
        422,
        "Invalid",
        "the server rejected our request due to an error in our request",
        { causes: [{ reason: "UnexpectedServerResponse", message }] },
      );
  }
}

/** So much of a bad patch is shown. */
const SHOWN_LENGTH_MAX = 1000;

function shortened(text: string): string {
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)} ...` : text;
}

function invalidPatch(text: string, message: string): StatusError {
  return invalidStatus({ group: "", kind: "" }, "", [invalid("patch", shortened(text), message)]);
}

/** Kubernetes shows the text of a patch, and of a strategic one what Go prints of its content. */
function shownPatch(type: PatchMediaType, body: Uint8Array, patch: JsonValue): string {
  return type === "application/strategic-merge-patch+json"
    ? printed(patch)
    : Buffer.from(body).toString("utf8");
}
