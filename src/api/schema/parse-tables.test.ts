import assert from "node:assert/strict";
import { test } from "node:test";
import { kinds, virtualKinds } from "../kinds.ts";
import { parseTables } from "./parse-tables.ts";
import { schemaOf, schemas } from "./registry.ts";

const example = parseTables([
  {
    name: "core",
    text: `
enum Color = Blue Red

kind Boat | Swims.
  1 metadata Crew? | Who.
  2 sails    []Sail?  patch=merge,retainKeys:name list=map:name,color | Drive it.
  3 flags    {}string? atomic
  4 masts    *int32? =1
  5 ports    []string optional list=set
  6 ...Hull

struct Sail
  1 name string
  2 color Color? =Red | With "|" in | its text.

struct Crew atomic
  1 size int64

struct Hull
  1 length Quantity
`,
  },
]);

test("parseTables reads every part of a row", () => {
  const boat = example.get("core.Boat")!;
  assert.equal(boat.isKind, true);
  assert.equal(boat.doc, "Swims.");
  const sails = boat.fields.get("sails")!;
  assert.deepEqual(sails.patch, {
    merge: true,
    replace: false,
    retainKeys: true,
    mergeKey: "name",
  });
  assert.deepEqual(sails.list, { type: "map", keys: ["name", "color"] });
  assert.equal(sails.type.kind === "list" && sails.type.of.kind, "object");
  const masts = boat.fields.get("masts")!;
  assert.deepEqual([masts.pointer, masts.omitEmpty, masts.default], [true, true, 1]);
  const ports = boat.fields.get("ports")!;
  assert.deepEqual([ports.omitEmpty, ports.optional], [false, true]);
  assert.equal(boat.fields.get("flags")!.atomicMap, true);
  assert.equal(example.get("core.Crew")!.atomic, true);
});

test("parseTables takes inlined structs apart for JSON and keeps them for the wire", () => {
  const boat = example.get("core.Boat")!;
  assert.deepEqual(
    boat.rows.map((row) => row.number),
    [1, 2, 3, 4, 5, 6],
  );
  assert.ok(boat.fields.has("length"));
  assert.equal(boat.rows.at(-1)?.inline, true);
});

test("parseTables keeps the words of an enumeration, and bars in descriptions", () => {
  const color = example.get("core.Sail")!.fields.get("color")!;
  assert.deepEqual(color.type.kind === "scalar" && color.type.values, {
    name: "Color",
    words: ["Blue", "Red"],
  });
  assert.equal(color.doc, 'With "|" in | its text.');
});

test("parseTables refuses a type that no table has", () => {
  const text = "struct A\n  1 b Missing";
  assert.throws(() => parseTables([{ name: "core", text }]), /no type Missing/);
});

test("a type is looked up in its own table first", () => {
  const ports = schemaOf("discovery.EndpointSlice").fields.get("ports")!.type;
  assert.equal(
    ports.kind === "list" && ports.of.kind === "object" && ports.of.schema.table,
    "discovery",
  );
});

test("the structs that people look up are described, field by field", () => {
  const described = [
    ...[...kinds, ...virtualKinds].map((kind) => kind.schema),
    ...["Service", "Pod", "Node"].flatMap((name) => [
      schemaOf(`core.${name}Spec`),
      schemaOf(`core.${name}Status`),
    ]),
    ...["ServicePort", "Endpoints", "EndpointSubset", "EndpointAddress", "Container", "Probe"].map(
      (name) => schemaOf(`core.${name}`),
    ),
    ...["Endpoint", "EndpointPort", "EndpointConditions"].map((name) =>
      schemaOf(`discovery.${name}`),
    ),
    ...["DeploymentSpec", "DeploymentStatus", "StatefulSetSpec"].map((name) =>
      schemaOf(`apps.${name}`),
    ),
    schemaOf("meta.ObjectMeta"),
  ];
  const bare = described.flatMap((schema) => [
    ...(schema.doc === "" ? [schema.name] : []),
    ...[...schema.fields]
      .filter(([, { doc }]) => doc === "")
      .map(([name]) => `${schema.name}.${name}`),
  ]);
  assert.deepEqual(bare, []);
});

test("merge keys and list keys are fields of the items", () => {
  for (const schema of schemas.values()) {
    for (const { name, type, patch, list } of schema.rows) {
      const keys = [...(patch?.mergeKey ? [patch.mergeKey] : []), ...(list?.keys ?? [])];
      for (const key of keys) {
        const item = type.kind === "list" && type.of.kind === "object" ? type.of.schema : undefined;
        assert.ok(item?.fields.has(key), `${schema.name}.${name} ${key}`);
      }
    }
  }
});
