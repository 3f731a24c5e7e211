import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatLabelSelector,
  labelSelectorOf,
  parseFieldSelector,
  parseLabelSelector,
} from "./selectors.ts";
import { StatusError } from "./status-error.ts";

const labels = { app: "web", tier: "front", rank: "7", empty: "" };

const labelCases = [
  { name: "the empty selector matches everything", text: "", want: true },
  { name: "= compares", text: "app=web", want: true },
  { name: "== is =", text: "app == web", want: true },
  { name: "a wrong value does not match", text: "app=db", want: false },
  { name: "!= holds for another value", text: "app!=db", want: true },
  { name: "!= holds for an absent key", text: "zone!=a", want: true },
  { name: "in takes one of a list", text: "app in (db, web)", want: true },
  { name: "notin refuses all of a list", text: "app notin (db,web)", want: false },
  { name: "notin holds for an absent key", text: "zone notin (a)", want: true },
  { name: "a bare key asks for its presence", text: "tier", want: true },
  { name: "a key with an empty value is present", text: "empty", want: true },
  { name: "an empty value is written as nothing", text: "empty=,app=web", want: true },
  { name: "!key asks for its absence", text: "!tier", want: false },
  { name: "! may stand apart from its key", text: "! zone", want: true },
  { name: "> compares numbers", text: "rank>6", want: true },
  { name: "< compares numbers", text: "rank < 7", want: false },
  { name: "> is false where the label is no number", text: "app>1", want: false },
  { name: "commas mean and", text: "app=web,tier=back", want: false },
  { name: "white space is free", text: " app = web , tier in ( front ) ", want: true },
  { name: "a key named like an object member is only a key", text: "constructor", want: false },
];

for (const { name, text, want } of labelCases) {
  test(`parseLabelSelector: ${name}`, () => {
    assert.equal(parseLabelSelector(text).matches(labels), want);
  });
}

for (const text of [
  "a=b,",
  ",a",
  "a b",
  "a in b",
  "a in ()",
  "a=b=c",
  "-x=1",
  "a>b",
  "a=b)",
  "x in (a",
]) {
  test(`parseLabelSelector: ${JSON.stringify(text)} is a bad request`, () => {
    assert.throws(
      () => parseLabelSelector(text),
      (error) => error instanceof StatusError && error.status.code === 400,
    );
  });
}

test("labelSelectorOf: expressions and labels hold together", () => {
  const selector = labelSelectorOf({
    matchLabels: { app: "web" },
    matchExpressions: [
      { key: "tier", operator: "In", values: ["front", "back"] },
      { key: "zone", operator: "DoesNotExist" },
    ],
  });
  assert.equal(selector.matches(labels), true);
  assert.equal(selector.matches({ ...labels, zone: "a" }), false);
});

test("labelSelectorOf: an absent selector matches nothing, an empty one everything", () => {
  assert.equal(labelSelectorOf(undefined).matches(labels), false);
  assert.equal(labelSelectorOf({}).matches(undefined), true);
});

test("formatLabelSelector: sorted by key, in the text grammar", () => {
  const selector = {
    matchLabels: { tier: "front", app: "web" },
    matchExpressions: [{ key: "b", operator: "NotIn", values: ["y", "x"] }],
  };
  assert.equal(formatLabelSelector(selector), "app=web,b notin (x,y),tier=front");
  assert.equal(formatLabelSelector(undefined), "<none>");
});

const fields = { "metadata.name": "web", "status.phase": "Running", "spec.nodeName": "" };
const fieldCases = [
  { name: "= compares", text: "metadata.name=web", want: true },
  { name: "== is =", text: "metadata.name==db", want: false },
  { name: "!= compares", text: "status.phase!=Running", want: false },
  { name: "an empty value is a value", text: "spec.nodeName=", want: true },
  { name: "commas mean and", text: "metadata.name=web,status.phase=Running", want: true },
  { name: "an escaped comma belongs to the value", text: "metadata.name=a\\,b", want: false },
  { name: "no text matches everything", text: "", want: true },
];
for (const { name, text, want } of fieldCases) {
  test(`parseFieldSelector: ${name}`, () => {
    assert.equal(parseFieldSelector(text).matches(fields), want);
  });
}

test("parseFieldSelector: a field that the kind does not offer is a bad request", () => {
  assert.throws(
    () => parseFieldSelector("spec.x=1").matches(fields),
    /field label not supported: spec\.x/,
  );
  assert.throws(() => parseFieldSelector("metadata.name"), /can't understand/);
});
