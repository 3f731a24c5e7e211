import { conform, isJsonObject, type JsonObject, MismatchError } from "./conform.ts";
import {
  decodeText,
  parseJson,
  type StrictFault,
  SyntaxFault,
  strictFaults,
} from "./decode/json.ts";
import { decodeMessage, openEnvelope } from "./decode/protobuf.ts";
import { WireFault } from "./decode/wire.ts";
import { parseYaml } from "./decode/yaml.ts";
import { type BodyName, type BodyOf, type BodyType, bodyTypes } from "./kinds.ts";
import { apiVersionOf } from "./resource.ts";
import { StatusError } from "./status-error.ts";
import { typed } from "./typed.ts";
import type { KubeObject } from "./types.ts";

/** What becomes of fields that the schema doesn't have, or that stand twice. */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

/** How strictly a body is read. */
export interface DecodeOptions {
  readonly fieldValidation: FieldValidation;
}

/** A body that has been read. */
export interface Decoded<T> {
  readonly object: T;
  /** What the client is to be told: one line per unknown or duplicate field; only with "Warn". */
  readonly warnings: readonly string[];
}

/** The media types that bodies may have. */
export const bodyMediaTypes = [
  "application/json",
  "application/yaml",
  "application/vnd.kubernetes.protobuf",
] as const;

/** YAML takes a hundred times as long to read as JSON, and no object may be larger than this anyway. */
const YAML_BYTES_MAX = 1_500_000;

/**
 * Reads a body as an object of one kind: right types, no unknown fields, `apiVersion`, `kind` and `metadata`
 * filled in. Throws a StatusError of 400, 413 or 415, in Kubernetes' words.
 *
 * An absent media type means JSON.
 */
export function decodeObject(
  kind: BodyType,
  body: Uint8Array,
  mediaType: string,
  options: DecodeOptions,
): Decoded<KubeObject> {
  const { object, warnings } = decodeBody(kind, body, mediaType, options, true);
  const complete = "metadata" in object ? object : { ...object, metadata: {} };
  return { object: typed<KubeObject>(complete), warnings };
}

/** Reads the body of a sub-resource or of options. An empty body of DeleteOptions means no options. */
export function decodeMeta<N extends BodyName>(
  name: N,
  body: Uint8Array,
  mediaType: string,
  options: DecodeOptions,
): Decoded<BodyOf[N]> {
  const isOptions = name === "DeleteOptions";
  if (isOptions && body.length === 0) {
    return { object: typed<BodyOf[N]>({ kind: name, apiVersion: "v1" }), warnings: [] };
  }
  // Options are registered in every group, so their apiVersion says nothing.
  const { object, warnings } = decodeBody(bodyTypes[name], body, mediaType, options, !isOptions);
  return { object: typed<BodyOf[N]>(object), warnings };
}

function decodeBody(
  kind: BodyType,
  body: Uint8Array,
  mediaType: string,
  options: DecodeOptions,
  checkVersion: boolean,
): Decoded<JsonObject> {
  const parsed = parseBody(kind, body, mediaType);
  checkIdentity(kind, parsed.value, checkVersion);
  try {
    return conformBody(kind, parsed, options);
  } catch (error) {
    if (!(error instanceof MismatchError)) throw error;
    throw cannotHandle(kind, parsed.value, error.message);
  }
}

interface ParsedBody {
  readonly value: JsonObject;
  /** What a strict reader says of it, given the paths of the fields that the schema doesn't have. */
  faults(unknown: readonly string[]): readonly string[];
}

function parseBody(kind: BodyType, body: Uint8Array, mediaType: string): ParsedBody {
  const [essence = ""] = mediaType.split(";", 1);
  try {
    switch (essence.trim().toLowerCase()) {
      case "":
      case "application/json": {
        const text = decodeText(body);
        const value = parseJson(text);
        if (!isJsonObject(value)) throw new SyntaxFault(noObject(value));
        return { value, faults: (unknown) => strictFaults(text, value, unknown).map(faultText) };
      }
      case "application/yaml": {
        if (body.length > YAML_BYTES_MAX) {
          const message = `Request entity too large: limit is ${YAML_BYTES_MAX}`;
          throw new StatusError(413, "RequestEntityTooLarge", message);
        }
        const { value, duplicates } = parseYaml(decodeText(body));
        if (!isJsonObject(value)) throw new SyntaxFault("the body is no YAML map");
        return { value, faults: (unknown) => yamlFaults(duplicates, unknown) };
      }
      case "application/vnd.kubernetes.protobuf":
        return { value: parseProtobuf(kind, body), faults: () => [] };
      default:
        throw new StatusError(
          415,
          "UnsupportedMediaType",
          `the body of the request was in an unknown format - accepted media types include: ${bodyMediaTypes.join(", ")}`,
        );
    }
  } catch (error) {
    if (error instanceof SyntaxFault) {
      throw unrecognized(
        kind,
        body,
        `couldn't get version/kind; json parse error: ${error.message}`,
      );
    }
    if (error instanceof WireFault) throw unrecognized(kind, body, `proto: ${error.message}`);
    throw error;
  }
}

/** What Go says when it looks for the kind in something that is no object. */
function noObject(value: unknown): string {
  const wanted = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;
  const what = Array.isArray(value) ? "array" : typeof value === "boolean" ? "bool" : typeof value;
  return `json: cannot unmarshal ${what} into Go value of type ${wanted}`;
}

function parseProtobuf(kind: BodyType, body: Uint8Array): JsonObject {
  const envelope = openEnvelope(body);
  if (envelope === undefined) {
    throw new WireFault(
      "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    );
  }
  const identity = {
    ...(envelope.kind === "" ? {} : { kind: envelope.kind }),
    ...(envelope.apiVersion === "" ? {} : { apiVersion: envelope.apiVersion }),
  };
  // Another kind's message would only look like nonsense: let the check of the identity speak first.
  const isOther = envelope.kind !== "" && envelope.kind !== kind.kind;
  return isOther ? identity : { ...identity, ...decodeMessage(kind.schema, envelope.raw) };
}

/** A body says what it is, or nothing; it never says something else than the path. */
function checkIdentity(kind: BodyType, value: JsonObject, checkVersion: boolean): void {
  const wanted = apiVersionOf(kind);
  const { apiVersion, kind: name } = value;
  if (
    checkVersion &&
    typeof apiVersion === "string" &&
    apiVersion !== "" &&
    apiVersion !== wanted
  ) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`,
    );
  }
  if (typeof name === "string" && name !== "" && name !== kind.kind) {
    throw cannotHandle(
      kind,
      value,
      `converting (${kind.version}.${name}) to (${internalName(kind)}): unknown conversion`,
    );
  }
}

/** The kind as Go code inside Kubernetes calls it: `core.Pod`, `apps.Deployment`. */
function internalName({ group, kind }: BodyType): string {
  return `${group.split(".")[0] || "core"}.${kind}`;
}

function conformBody(
  kind: BodyType,
  { value, faults }: ParsedBody,
  { fieldValidation }: DecodeOptions,
): Decoded<JsonObject> {
  const { value: conformed, unknown } = conform(value, kind.schema);
  const found = fieldValidation === "Ignore" ? [] : faults(unknown);
  if (fieldValidation === "Strict" && found.length > 0) {
    throw cannotHandle(kind, value, strictMessage(found));
  }
  return {
    object: { kind: kind.kind, apiVersion: apiVersionOf(kind), ...conformed },
    warnings: fieldValidation === "Warn" ? found.flatMap(faultLines) : [],
  };
}

/** Kubernetes' words for a field that is unknown or stands twice. */
export function faultText({ problem, path }: StrictFault): string {
  return `${problem} field "${path}"`;
}

const yamlHead = "yaml: unmarshal errors:\n";

/** Go's reader of YAML tells of all duplicates at once, and passes the members on in the order of their names. */
function yamlFaults(duplicates: readonly string[], unknown: readonly string[]): readonly string[] {
  const lines = duplicates.map((line) => `  ${line}`).join("\n");
  return [
    ...(duplicates.length === 0 ? [] : [`${yamlHead}${lines}`]),
    ...unknown.toSorted().map((path) => faultText({ problem: "unknown", path })),
  ];
}

/** As warnings, the mistakes that YAML tells of at once stand each on a line of its own. */
function faultLines(text: string): readonly string[] {
  if (!text.startsWith(yamlHead)) return [text];
  return text
    .slice(yamlHead.length)
    .split("\n")
    .map((line) => line.trim());
}

/** All of them as one message. */
export function strictMessage(faults: readonly string[]): string {
  return `strict decoding error: ${faults.join(", ")}`;
}

function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

function cannotHandle(kind: BodyType, value: JsonObject, reason: string): StatusError {
  const name = typeof value["kind"] === "string" ? value["kind"] : kind.kind;
  return badRequest(
    `${name} in version "${kind.version}" cannot be handled as a ${kind.kind}: ${reason}`,
  );
}

function unrecognized(kind: BodyType, body: Uint8Array, reason: string): StatusError {
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): ${reason} (${summaryOf(body)})`,
  );
}

/** So many bytes of a bad body are shown. */
const SUMMARY_BYTES_MAX = 30;

/** The beginning of a body: as text when it looks like JSON, else in hexadecimal. */
function summaryOf(body: Uint8Array): string {
  if (body.length === 0) return "<empty>";
  const head = Buffer.from(body.subarray(0, SUMMARY_BYTES_MAX));
  const text = head.toString(head[0] === 0x7b ? "utf8" : "hex");
  return body.length > SUMMARY_BYTES_MAX ? `${text} ...` : text;
}
