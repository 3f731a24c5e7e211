import assert from "node:assert/strict";
import {
  type EnumValues,
  type Field,
  type FieldType,
  type JsonValue,
  type ObjectSchema,
  type PatchStrategy,
  scalarNames,
} from "./schema.ts";

/** The text of one table; several texts may make up the table of one name. */
export interface Table {
  readonly name: string;
  readonly text: string;
}

/** A line in parts: its words, and what follows the bar. */
interface Line {
  readonly words: readonly string[];
  readonly doc: string;
}

interface Draft extends ObjectSchema {
  readonly rows: Field[];
  readonly fields: Map<string, Field>;
  readonly lines: Line[];
}

/**
 * Reads tables into schemas, by `table.Struct`.
 *
 * A table is lines of three forms; `|` starts a description:
 *
 *     enum Protocol = SCTP TCP UDP
 *     struct ServicePort                             | "kind" instead of "struct": it has apiVersion and kind.
 *       2 protocol Protocol? =TCP                    | Protobuf number, name, type, flags.
 *       5 nodePort int32?                            | "?": left out of JSON while it is zero.
 *       1 ports []ServicePort? list=map:port,protocol patch=merge:port
 *       3 replicas *int32? =1                        | "*": zero and absent differ. "=": the default.
 *       2 ...VolumeSource                            | Its fields stand beside our own in JSON.
 *
 * `[]T` is a list, `{}T` a map from strings. The flag `optional` is for a field that clients may leave out
 * and answers never do, `atomic` (of a map or struct) and `list=` are for server-side apply, `patch=` for
 * strategic merge. A type is looked up in its own table, then in "meta", then in "core".
 */
export function parseTables(tables: readonly Table[]): ReadonlyMap<string, ObjectSchema> {
  const drafts = new Map<string, Draft>();
  const enums = new Map<string, EnumValues>();
  for (const { name, text: lines } of tables) {
    let draft: Draft | undefined;
    for (const text of lines.split("\n")) {
      const line = splitLine(text);
      const [word, structName] = line.words;
      if (word === undefined) continue;
      if (word === "enum") {
        enums.set(`${name}.${structName}`, { name: structName ?? "", words: line.words.slice(3) });
      } else if (word === "struct" || word === "kind") {
        assert(structName !== undefined, text);
        draft = newDraft(name, structName, line);
        drafts.set(`${name}.${structName}`, draft);
      } else {
        assert(draft !== undefined, text);
        draft.lines.push(line);
      }
    }
  }
  for (const draft of drafts.values()) {
    for (const line of draft.lines) draft.rows.push(parseRow(line, draft.table, drafts, enums));
  }
  for (const draft of drafts.values()) {
    for (const [name, field] of jsonFields(draft)) draft.fields.set(name, field);
  }
  return drafts;
}

function splitLine(text: string): Line {
  const bar = text.indexOf("|");
  const words = (bar === -1 ? text : text.slice(0, bar)).match(/\S+/g) ?? [];
  return { words, doc: bar === -1 ? "" : text.slice(bar + 1).trim() };
}

function newDraft(table: string, name: string, { words, doc }: Line): Draft {
  return {
    name,
    table,
    isKind: words[0] === "kind",
    atomic: words.includes("atomic"),
    doc,
    rows: [],
    fields: new Map(),
    lines: [],
  };
}

function parseRow(
  { words, doc }: Line,
  table: string,
  drafts: ReadonlyMap<string, ObjectSchema>,
  enums: ReadonlyMap<string, EnumValues>,
): Field {
  const [number, word, ...rest] = words;
  assert(word !== undefined, words.join(" "));
  const inline = word.startsWith("...");
  const typeText = inline ? word.slice(3) : (rest.shift() ?? "");
  const flags = rest;
  const pointer = typeText.startsWith("*");
  const omitEmpty = typeText.endsWith("?");
  const resolveType = (text: string): FieldType => {
    if (text.startsWith("[]")) return { kind: "list", of: resolveType(text.slice(2)) };
    if (text.startsWith("{}")) return { kind: "map", of: resolveType(text.slice(2)) };
    const scalar = scalarTypes.get(text);
    if (scalar !== undefined) return scalar;
    for (const place of [table, "meta", "core"]) {
      const schema = drafts.get(`${place}.${text}`);
      if (schema !== undefined) return { kind: "object", schema };
      const values = enums.get(`${place}.${text}`);
      if (values !== undefined) return { kind: "scalar", name: "string", values };
    }
    assert.fail(`${table}: no type ${text} for ${word}`);
  };
  return {
    name: inline ? "" : word,
    number: Number(number),
    type: resolveType(typeText.replace(/^\*/, "").replace(/\?$/, "")),
    pointer,
    omitEmpty,
    optional: omitEmpty || flags.includes("optional"),
    atomicMap: flags.includes("atomic"),
    inline,
    doc,
    ...defaultOf(flags),
    ...listOf(flags),
    ...patchOf(flags),
  };
}

/** One object per scalar, so that a thousand fields share a dozen. */
const scalarTypes: ReadonlyMap<string, FieldType> = new Map(
  scalarNames.map((name) => [name, { kind: "scalar", name }]),
);

function flagValue(flags: readonly string[], name: string): string | undefined {
  return flags.find((flag) => flag.startsWith(`${name}=`))?.slice(name.length + 1);
}

function defaultOf(flags: readonly string[]): { default?: JsonValue } {
  const text = flagValue(flags, "");
  if (text === undefined) return {};
  const isJson = /^([0-9]+|true|false|[{["].*)$/.test(text);
  return { default: isJson ? JSON.parse(text) : text };
}

function listOf(flags: readonly string[]): Pick<Field, "list"> {
  const [type, keys] = (flagValue(flags, "list") ?? "").split(":");
  if (type !== "atomic" && type !== "set" && type !== "map") return {};
  return { list: { type, keys: keys === undefined ? [] : keys.split(",") } };
}

function patchOf(flags: readonly string[]): { patch?: PatchStrategy } {
  const text = flagValue(flags, "patch");
  if (text === undefined) return {};
  const [strategies = "", mergeKey] = text.split(":");
  const names = strategies.split(",");
  return {
    patch: {
      merge: names.includes("merge"),
      replace: names.includes("replace"),
      retainKeys: names.includes("retainKeys"),
      ...(mergeKey === undefined ? {} : { mergeKey }),
    },
  };
}

/** The fields as JSON has them: inlined structs taken apart. */
function* jsonFields(schema: ObjectSchema): Generator<readonly [string, Field]> {
  for (const row of schema.rows) {
    if (row.inline && row.type.kind === "object") yield* jsonFields(row.type.schema);
    else yield [row.name, row];
  }
}
