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
  { name: "an empty list holds the empty value", text: "empty in ()", want: true },
  { name: "so does a place between commas", text: "empty in (a,,b)", want: true },
  { name: "white space is free", text: " app = web , tier in ( front ) ", want: true },
  { name: "a key named like an object member is only a key", text: "constructor", want: false },
];

for (const { name, text, want } of labelCases) {
  test(`parseLabelSelector: ${name}`, () => {
    assert.equal(parseLabelSelector(text).matches(labels), want);
  });
}

const inRequirement = "unable to parse requirement: ";
const badLabelSelectors = [
  { text: "a=b,", want: "found '', expected: identifier after ','" },
  { text: ",a", want: "found ',', expected: !, identifier, or 'end of string'" },
  { text: "=b", want: "found '=', expected: !, identifier, or 'end of string'" },
  { text: "a=b=c", want: "found '=', expected: ',' or 'end of string'" },
  { text: "a=b)", want: "found ')', expected: ',' or 'end of string'" },
  { text: "!a b", want: "found 'b', expected: ',' or 'end of string'" },
  { text: "a b", want: `${inRequirement}found 'b', expected: in, notin, =, ==, !=, gt, lt` },
  { text: "a!in(b)", want: `${inRequirement}found '!', expected: in, notin, =, ==, !=, gt, lt` },
  { text: "a in b", want: `${inRequirement}found 'b' expected: '('` },
  { text: "x in (a", want: `${inRequirement}found '', expected: ',' or ')'` },
  { text: "x in (=", want: `${inRequirement}found '=', expected: ',', ')' or identifier` },
  { text: "x in (a,=)", want: `${inRequirement}found '=', expected: ',', or identifier` },
  { text: "a==!", want: `${inRequirement}found '!', expected: identifier` },
  { text: "-x=1", want: `${inRequirement}<nil>: Invalid value: "-x": name part must consist of` },
  {
    text: "a=b/c",
    want: `${inRequirement}values[0][a]: Invalid value: "b/c": a valid label must be`,
  },
  {
    text: "a>b",
    want: `${inRequirement}values[0]: Invalid value: "b": for 'Gt', 'Lt' operators, the value must be an integer`,
  },
];

for (const { text, want } of badLabelSelectors) {
  test(`parseLabelSelector: what is wrong with ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseLabelSelector(text),
      (error) =>
        error instanceof StatusError &&
        error.status.code === 400 &&
        error.status.message?.startsWith(want) === true,
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

test("parseFieldSelector: commas and equals signs of a value are escaped, and nothing else is", () => {
  assert.throws(() => parseFieldSelector("a=b=c"), /unescaped character in value: 61$/);
  assert.throws(() => parseFieldSelector("a=b\\x"), /invalid escape sequence: \\x$/);
});
