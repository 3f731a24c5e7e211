import assert from "node:assert/strict";
import { test } from "node:test";
import { parseManifest } from "./manifests.ts";

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n";

const cases = [
  { name: "an empty file wants nothing", text: "", want: [] },
  { name: "one object", text: pod, want: ["Pod a"] },
  { name: "two documents", text: `${pod}---\n${pod}`, want: ["Pod a", "Pod a"] },
  { name: "an empty document between", text: `${pod}---\n---\n${pod}`, want: ["Pod a", "Pod a"] },
  {
    name: "a List is opened",
    text: JSON.stringify({
      apiVersion: "v1",
      kind: "List",
      items: [{ apiVersion: "v1", kind: "Service", metadata: { name: "s" } }],
    }),
    want: ["Service s"],
  },
  {
    name: "an unknown kind is named, and the rest still read",
    text: `apiVersion: v1\nkind: Pot\nmetadata: {name: a}\n---\n${pod}`,
    want: ["Pod a"],
    mistake: /"f\.yaml" says: no kind "Pot" in "v1"/,
  },
  { name: "a list is no object", text: "[1]", want: [], mistake: /a document is no object/ },
  {
    name: "no metadata",
    text: "apiVersion: v1\nkind: Pod\n",
    want: [],
    mistake: /a Pod has no metadata/,
  },
  { name: "half a YAML", text: "a: [", want: [], mistake: /f\.yaml/ },
];

for (const { name, text, want, mistake } of cases) {
  test(`parseManifest: ${name}`, () => {
    const { wanted, mistakes } = parseManifest(text, "f.yaml");
    assert.deepEqual(
      wanted.map(({ kind, object }) => `${kind.kind} ${object.metadata.name}`),
      want,
    );
    if (mistake === undefined) assert.deepEqual(mistakes, []);
    else assert.match(mistakes.join("\n"), mistake);
  });
}
