import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { isJsonObject, type JsonObject } from "./conform.ts";
import { groupVersions } from "./discovery.ts";
import { kinds, virtualKinds } from "./kinds.ts";
import { pathsOf } from "./openapi/paths.ts";
import { SchemaSet } from "./openapi/schemas.ts";
import { apiVersionOf } from "./resource.ts";
import type { JsonValue } from "./schema/schema.ts";

/** One document, built when it is first asked for and kept compressed: the texts are large and rarely read. */
export class OpenApiDocument {
  /** Names the content: for the ETag, and for the URL that clients may keep for ever. */
  readonly hash: string;
  readonly gzip: Uint8Array;

  constructor(content: JsonValue) {
    const json = JSON.stringify(content);
    this.hash = createHash("sha256").update(json).digest("hex").toUpperCase();
    this.gzip = gzipSync(json);
  }

  /** The document as JSON. */
  json(): Uint8Array {
    return gunzipSync(this.gzip);
  }
}

/** What the documents say about the server: title and version of Kubernetes that it follows. */
const info: JsonObject = { title: "Portolan", version: "v1.33.0" };

const documents = new Map<string, OpenApiDocument>();

/** The names of the documents, as they stand in URLs: `api/v1`, `apis/apps/v1`… */
const documentNames: ReadonlyMap<string, string> = new Map(
  groupVersions.map((name) => [name.includes("/") ? `apis/${name}` : `api/${name}`, name]),
);

/** `GET /openapi/v3`: every group version that is served, or kubectl refuses to write its objects. */
export function openApiIndex(): JsonObject {
  const paths = [...documentNames.keys()].map((name) => [
    name,
    { serverRelativeURL: `/openapi/v3/${name}?hash=${openApiDocument(name)?.hash}` },
  ]);
  return { paths: Object.fromEntries(paths) };
}

/** The document of one group version, such as `apis/apps/v1`; undefined for one that is not served. */
export function openApiDocument(name: string): OpenApiDocument | undefined {
  const groupVersion = documentNames.get(name);
  if (groupVersion === undefined) return undefined;
  return cached(name, () => contentOf((version) => version === groupVersion));
}

function cached(name: string, build: () => JsonValue): OpenApiDocument {
  const known = documents.get(name);
  if (known !== undefined) return known;
  const document = new OpenApiDocument(build());
  documents.set(name, document);
  return document;
}

function contentOf(includes: (groupVersion: string) => boolean): JsonObject {
  const schemas = new SchemaSet();
  const members = [...kinds, ...virtualKinds].filter((kind) => includes(apiVersionOf(kind)));
  const paths = Object.assign({}, ...members.map((kind) => pathsOf(kind, schemas)));
  return { openapi: "3.0.0", info, paths, components: { schemas: schemas.all() } };
}

/**
 * `GET /openapi/v2` as protobuf: a document that says nothing but what it is. kubectl 1.27 and 1.28 want to read
 * one, and then use version 3.
 */
export const openApiV2Protobuf: Uint8Array = Uint8Array.from([
  ...[0x0a, 3, ...Buffer.from("2.0")], // swagger = "2.0"
  ...[0x12, 8, 0x12, 6, ...Buffer.from("1.33.0")], // info.version
]);

/** `GET /openapi/v2` as JSON, for scripts: all group versions in one. */
export function openApiV2Document(): OpenApiDocument {
  return cached("v2", () => {
    const { paths, components } = contentOf(() => true);
    const definitions = isJsonObject(components) ? components["schemas"] : {};
    const text = JSON.stringify({ swagger: "2.0", info, paths: swaggerPaths(paths), definitions });
    return JSON.parse(text.replaceAll("#/components/schemas/", "#/definitions/"));
  });
}

/** Version 2 has bodies among the parameters and the type of a parameter beside its name. */
function swaggerPaths(paths: JsonValue | undefined): JsonValue {
  return mapObject(paths, (path) =>
    mapObject(path, (value, key) => {
      if (key === "parameters") return swaggerParameters(value);
      if (!isJsonObject(value)) return value;
      const { requestBody, parameters, ...rest } = value;
      const content = isJsonObject(requestBody) ? requestBody["content"] : undefined;
      const types = isJsonObject(content) ? Object.keys(content) : [];
      const body = { name: "body", in: "body", required: true, ...firstSchema(content) };
      return {
        ...rest,
        ...(types.length === 0 ? {} : { consumes: types }),
        produces: ["application/json"],
        parameters: [...swaggerParameters(parameters), ...(types.length === 0 ? [] : [body])],
        responses: mapObject(value["responses"], (answer) =>
          isJsonObject(answer)
            ? { description: answer["description"] ?? "", ...firstSchema(answer["content"]) }
            : answer,
        ),
      };
    }),
  );
}

function swaggerParameters(parameters: JsonValue | undefined): JsonValue[] {
  if (!Array.isArray(parameters)) return [];
  const list: readonly JsonValue[] = parameters;
  return list.map((parameter) => {
    if (!isJsonObject(parameter)) return parameter;
    const { schema, ...rest } = parameter;
    return { ...rest, ...(isJsonObject(schema) ? schema : {}) };
  });
}

function firstSchema(content: JsonValue | undefined): JsonObject {
  const [first] = isJsonObject(content) ? Object.values(content) : [];
  return isJsonObject(first) ? first : {};
}

function mapObject(
  value: JsonValue | undefined,
  change: (item: JsonValue, key: string) => JsonValue,
): JsonObject {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, change(item, key)]));
}
