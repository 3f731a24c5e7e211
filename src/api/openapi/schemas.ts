import type { JsonObject } from "../conform.ts";
import type { Kind } from "../kinds.ts";
import type { Field, FieldType, JsonValue, ObjectSchema, ScalarName } from "../schema/schema.ts";

const metaPackage = "io.k8s.apimachinery.pkg.apis.meta.v1";

/** Where a schema stands in a document of version 3. */
const schemasPath = "#/components/schemas/";

/** The name of a struct in an OpenAPI document: clients know these names. */
function schemaName({ table, name }: { table: string; name: string }): string {
  return table === "meta" ? `${metaPackage}.${name}` : `io.k8s.api.${table}.v1.${name}`;
}

/** Types that have a name of their own in Kubernetes' documents, although they are no structs. */
const namedScalars: Partial<Record<ScalarName, { name: string; schema: JsonObject }>> = {
  IntOrString: {
    name: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
    schema: {
      description: "A number or a text.",
      format: "int-or-string",
      oneOf: [{ type: "integer" }, { type: "string" }],
    },
  },
  Quantity: {
    name: "io.k8s.apimachinery.pkg.api.resource.Quantity",
    schema: {
      description: 'An amount: a number with an optional suffix, such as "500m" or "2Gi".',
      oneOf: [{ type: "string" }, { type: "number" }],
    },
  },
  Time: {
    name: `${metaPackage}.Time`,
    schema: { description: "A point in time, RFC 3339.", type: "string", format: "date-time" },
  },
  MicroTime: {
    name: `${metaPackage}.MicroTime`,
    schema: {
      description: "A point in time with microseconds, RFC 3339.",
      type: "string",
      format: "date-time",
    },
  },
  FieldsV1: {
    name: `${metaPackage}.FieldsV1`,
    schema: { description: "A set of fields, as a tree of JSON.", type: "object" },
  },
  RawExtension: {
    name: "io.k8s.apimachinery.pkg.runtime.RawExtension",
    schema: { description: "JSON of any form.", type: "object" },
  },
};

const plainScalars: Partial<Record<ScalarName, JsonObject>> = {
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  bool: { type: "boolean" },
  bytes: { type: "string", format: "byte" },
  Strings: { type: "array", items: { type: "string" } },
};

/** Collects the schemas of one document: what the kinds need, and what those need in turn. */
export class SchemaSet {
  readonly #schemas = new Map<string, JsonValue>();

  /** A reference to a struct's schema, which is added with everything below it. */
  ref(schema: ObjectSchema, identity?: JsonValue): JsonObject {
    const name = schemaName(schema);
    if (!this.#schemas.has(name)) {
      // First the place, then the content: what refers to it need not build it again.
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.#object(schema, identity));
    }
    return { $ref: schemasPath + name };
  }

  /** A reference to the schema of a kind's list. */
  listRef(kind: Kind, listMeta: ObjectSchema): JsonObject {
    const name = schemaName({ table: kind.schema.table, name: kind.listKind });
    const { group, version } = kind;
    this.#schemas.set(name, {
      description: `A list of objects of kind ${kind.kind}.`,
      type: "object",
      required: ["items"],
      properties: {
        ...identityProperties(),
        metadata: { allOf: [this.ref(listMeta)], default: {} },
        items: {
          description: "The objects.",
          type: "array",
          items: { allOf: [this.ref(kind.schema)], default: {} },
        },
      },
      "x-kubernetes-group-version-kind": [{ group, version, kind: kind.listKind }],
    });
    return { $ref: schemasPath + name };
  }

  /** All that was asked for, by name. */
  all(): JsonObject {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #object(schema: ObjectSchema, identity: JsonValue | undefined): JsonObject {
    const fields = [...schema.fields].sort(([a], [b]) => (a < b ? -1 : 1));
    const required = fields.filter(([, field]) => !field.optional).map(([name]) => name);
    return {
      ...described(schema.doc),
      type: "object",
      ...(required.length === 0 ? {} : { required }),
      properties: {
        ...(schema.isKind ? identityProperties() : {}),
        ...Object.fromEntries(fields.map(([name, field]) => [name, this.#field(field)])),
      },
      ...(identity === undefined ? {} : { "x-kubernetes-group-version-kind": [identity] }),
      ...(schema.atomic ? { "x-kubernetes-map-type": "atomic" } : {}),
    };
  }

  #field(field: Field): JsonObject {
    const { type, patch, list } = field;
    const strategies = patch && [
      ...(patch.retainKeys ? ["retainKeys"] : []),
      ...(patch.merge ? ["merge"] : []),
      ...(patch.replace ? ["replace"] : []),
    ];
    return {
      ...described(field.doc),
      ...this.#type(type),
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(strategies && { "x-kubernetes-patch-strategy": strategies.join(",") }),
      ...(patch?.mergeKey && { "x-kubernetes-patch-merge-key": patch.mergeKey }),
      ...(list && { "x-kubernetes-list-type": list.type }),
      ...(list && list.keys.length > 0 && { "x-kubernetes-list-map-keys": list.keys }),
      ...(field.atomicMap && { "x-kubernetes-map-type": "atomic" }),
    };
  }

  #type(type: FieldType): JsonObject {
    switch (type.kind) {
      case "object":
        return { allOf: [this.ref(type.schema)] };
      case "list":
        return { type: "array", items: this.#type(type.of) };
      case "map":
        return { type: "object", additionalProperties: this.#type(type.of) };
      case "scalar":
        return this.#scalar(type);
    }
  }

  #scalar({ name, values }: FieldType & { kind: "scalar" }): JsonObject {
    const named = namedScalars[name];
    if (named === undefined) {
      const plain = plainScalars[name] ?? { type: "string" };
      return values === undefined ? plain : { ...plain, enum: values.words };
    }
    this.#schemas.set(named.name, named.schema);
    return { allOf: [{ $ref: schemasPath + named.name }] };
  }
}

function described(doc: string): JsonObject {
  return doc === "" ? {} : { description: doc };
}

function identityProperties(): JsonObject {
  return {
    apiVersion: {
      description: "Group and version of the schema that this object follows, such as apps/v1.",
      type: "string",
    },
    kind: { description: "The kind of this object, in CamelCase.", type: "string" },
  };
}
