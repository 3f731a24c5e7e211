import type { JsonObject } from "../conform.ts";
import { bodyMediaTypes } from "../decode.ts";
import { bodyTypes, type Kind, subresourceOf } from "../kinds.ts";
import { patchMediaTypes } from "../patch/apply-patch.ts";
import { schemaOf } from "../schema/registry.ts";
import type { JsonValue } from "../schema/schema.ts";
import type { SchemaSet } from "./schemas.ts";

function query(name: string, type: string, description: string): JsonObject {
  return { name, in: "query", description, schema: { type } };
}

const writeParameters: readonly JsonObject[] = [
  query("dryRun", "string", "With All, everything is done but the write itself."),
  query("fieldManager", "string", "Who makes this change."),
  query(
    "fieldValidation",
    "string",
    "What becomes of unknown and duplicate fields: Strict (refused), Warn or Ignore.",
  ),
];

const listParameters: readonly JsonObject[] = [
  query("allowWatchBookmarks", "boolean", "A watch may send events that carry a version only."),
  query("continue", "string", "Where an earlier page of the list ended."),
  query("fieldSelector", "string", "Only objects with these values of fields."),
  query("labelSelector", "string", "Only objects with these labels."),
  query("limit", "integer", "The most objects that one page may have."),
  query("resourceVersion", "string", "How new the answer has to be."),
  query("resourceVersionMatch", "string", "How resourceVersion is meant."),
  query("sendInitialEvents", "boolean", "A watch begins with the objects that there are."),
  query("timeoutSeconds", "integer", "When a watch ends."),
  query("watch", "boolean", "Follow the changes instead of listing."),
];

function pathParameter(name: string): JsonObject {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

/** Every path of one kind with its operations. */
export function pathsOf(kind: Kind, schemas: SchemaSet): Record<string, JsonValue> {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const collection = kind.namespaced
    ? `${root}/namespaces/{namespace}/${kind.plural}`
    : `${root}/${kind.plural}`;
  const writer = new OperationWriter(kind, schemas);
  const item = `${collection}/{name}`;
  return {
    ...(kind.verbs.includes("list") && kind.namespaced
      ? { [`${root}/${kind.plural}`]: writer.path([], { list: "get" }) }
      : {}),
    [collection]: writer.path(namespaceOf(kind), {
      list: "get",
      create: "post",
      deletecollection: "delete",
    }),
    ...(kind.verbs.includes("get")
      ? {
          [item]: writer.path([...namespaceOf(kind), "name"], {
            get: "get",
            update: "put",
            patch: "patch",
            delete: "delete",
          }),
        }
      : {}),
    ...Object.fromEntries(
      kind.subresources.map((name) => [`${item}/${name}`, writer.subresource(name)]),
    ),
  };
}

function namespaceOf(kind: Kind): string[] {
  return kind.namespaced ? ["namespace"] : [];
}

/** Kubernetes' names for what an operation does. */
const actions: Readonly<Record<string, string>> = {
  create: "post",
  delete: "delete",
  deletecollection: "deletecollection",
  get: "get",
  list: "list",
  patch: "patch",
  update: "put",
};

class OperationWriter {
  readonly #kind: Kind;
  readonly #schemas: SchemaSet;

  constructor(kind: Kind, schemas: SchemaSet) {
    this.#kind = kind;
    this.#schemas = schemas;
  }

  /** One path; `methods` says which method carries which verb. */
  path(parameters: readonly string[], methods: Readonly<Record<string, string>>): JsonObject {
    const kind = this.#kind;
    const identity = { group: kind.group, version: kind.version, kind: kind.kind };
    const { schema } = kind;
    const self = this.#schemas.ref(schema, identity);
    const operations = Object.entries(methods)
      .filter(([verb]) => kind.verbs.some((served) => served === verb))
      .map(([verb, method]) => [method, this.#operation({ verb, identity, self, parameters })]);
    return { ...Object.fromEntries(operations), parameters: parameters.map(pathParameter) };
  }

  subresource(name: string): JsonObject {
    const sub = subresourceOf(this.#kind, name);
    const parameters = [...namespaceOf(this.#kind), "name"];
    if (sub === undefined) return {};
    const { group, version, kind } = sub;
    const identity = { group, version, kind };
    const body = Object.values(bodyTypes).find((type) => type.kind === kind);
    const self =
      body === undefined
        ? this.#schemas.ref(this.#kind.schema)
        : this.#schemas.ref(body.schema, identity);
    const methods: Readonly<Record<string, string>> = {
      get: "get",
      create: "post",
      update: "put",
      patch: "patch",
    };
    const operations = sub.verbs.map((verb) => [
      methods[verb],
      this.#operation({ verb, identity, self, parameters: [...parameters, name] }),
    ]);
    return { ...Object.fromEntries(operations), parameters: parameters.map(pathParameter) };
  }

  #operation({
    verb,
    identity,
    self,
    parameters,
  }: {
    readonly verb: string;
    readonly identity: JsonObject;
    readonly self: JsonObject;
    readonly parameters: readonly string[];
  }): JsonObject {
    const writes = verb === "create" || verb === "update" || verb === "patch";
    const lists = verb === "list" || verb === "deletecollection";
    const answer =
      verb === "list" ? this.#schemas.listRef(this.#kind, schemaOf("meta.ListMeta")) : self;
    return {
      operationId: operationId(this.#kind, verb, parameters),
      parameters: [...(writes ? writeParameters : []), ...(lists ? listParameters : [])],
      ...(writes || verb === "delete" ? { requestBody: this.#body(verb, self) } : {}),
      responses: {
        "200": { description: "OK", content: { "application/json": { schema: answer } } },
      },
      "x-kubernetes-action": actions[verb] ?? verb,
      "x-kubernetes-group-version-kind": identity,
    };
  }

  #body(verb: string, self: JsonObject): JsonObject {
    const schema =
      verb === "delete"
        ? this.#schemas.ref(schemaOf("meta.DeleteOptions"))
        : verb === "patch"
          ? { type: "object", description: "A patch of the media type's form." }
          : self;
    const types = verb === "patch" ? patchMediaTypes : bodyMediaTypes;
    return {
      ...(verb === "delete" ? {} : { required: true }),
      content: Object.fromEntries(types.map((type) => [type, { schema }])),
    };
  }
}

/** A name that no other operation of the document has: `listNamespacedService`, `readPodLog`. */
function operationId(kind: Kind, verb: string, parameters: readonly string[]): string {
  const words: Readonly<Record<string, string>> = {
    get: "read",
    update: "replace",
    deletecollection: "deleteCollection",
  };
  const scope = parameters.includes("namespace") ? "Namespaced" : "";
  const all = kind.namespaced && scope === "" ? "ForAllNamespaces" : "";
  const below = parameters.filter((name) => name !== "namespace" && name !== "name");
  const suffix = below.map((name) => name.replace(/^./, (letter) => letter.toUpperCase()));
  return `${words[verb] ?? verb}${scope}${kind.kind}${suffix.join("")}${all}`;
}
