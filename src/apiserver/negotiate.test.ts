import assert from "node:assert/strict";
import { test } from "node:test";
import { negotiateForm, parseAccept } from "./negotiate.ts";

interface Case {
  readonly name: string;
  readonly accept: string | undefined;
  readonly query?: string;
  /** "406", or the form in one word. */
  readonly want: string;
}

const table = "application/json;as=Table;v=v1;g=meta.k8s.io";
const cases: readonly Case[] = [
  { name: "no header takes anything", accept: undefined, want: "object" },
  { name: "JSON", accept: "application/json", want: "object" },
  { name: "anything", accept: "*/*", want: "object" },
  {
    name: "protobuf or JSON",
    accept: "application/vnd.kubernetes.protobuf,application/json",
    want: "object",
  },
  { name: "protobuf alone", accept: "application/vnd.kubernetes.protobuf", want: "406" },
  { name: "a table with its metadata", accept: table, want: "table v1 Metadata" },
  {
    name: "a table with whole objects",
    accept: table,
    query: "includeObject=Object",
    want: "table v1 Object",
  },
  {
    name: "an older table",
    accept: table.replace("v1", "v1beta1"),
    want: "table v1beta1 Metadata",
  },
  {
    name: "a table of the future, or JSON",
    accept: `${table.replace("v1", "v9")},application/json`,
    want: "object",
  },
  { name: "a table of the future alone", accept: table.replace("v1", "v9"), want: "406" },
  {
    name: "metadata only",
    accept: table.replace("Table", "PartialObjectMetadata"),
    want: "metadata v1",
  },
  {
    name: "quality counts more than place",
    accept: `application/json;q=0.5,${table}`,
    want: "table v1 Metadata",
  },
  { name: "a quality of zero is a refusal", accept: "application/json;q=0", want: "406" },
];

function formFor({ accept, query = "" }: Case): string {
  try {
    const form = negotiateForm(accept, new URLSearchParams(query));
    switch (form.type) {
      case "object":
        return "object";
      case "metadata":
        return `metadata ${form.version}`;
      case "table":
        return `table ${form.version} ${form.include}`;
    }
  } catch {
    return "406";
  }
}

for (const row of cases) {
  test(`negotiateForm: ${row.name}`, () => assert.equal(formFor(row), row.want));
}

test("parseAccept: parameters are whole words, without their quotes", () => {
  const [first] = parseAccept('Application/JSON; v="v2beta1" ;g=apidiscovery.k8s.io');
  assert.deepEqual(first, {
    type: "application/json",
    parameters: { v: "v2beta1", g: "apidiscovery.k8s.io" },
  });
});
