import { badRequest, byKey, integerOf, requirement } from "./selectors/label-requirement.ts";
import { LabelSelectorParser } from "./selectors/label-selector-parser.ts";
import type { StatusError } from "./status-error.ts";

/** Labels of an object; absent as in JSON. */
export type Labels = Readonly<Record<string, string>> | undefined;

/** One condition on labels, in the form of the text grammar. */
export interface LabelRequirement {
  readonly key: string;
  readonly operator: "=" | "!=" | "in" | "notin" | "exists" | "!" | ">" | "<";
  /** Sorted and without duplicates; empty for `exists` and `!`. */
  readonly values: readonly string[];
}

/** A compiled selector over labels. */
export interface LabelSelectorMatcher {
  /** All must hold. Empty: everything matches (or nothing, see `labelSelectorOf`). */
  readonly requirements: readonly LabelRequirement[];
  matches(labels: Labels): boolean;
}

/** The selector object in Deployments and their like; structurally `metav1.LabelSelector`. */
export interface LabelSelectorObject {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Longest selector text; a URL of this size would be refused before. */
const selectorCharactersMax = 64 * 1024;

/** Compiles the text of `?labelSelector=`. Throws a StatusError 400 that says where it is wrong. */
export function parseLabelSelector(text: string): LabelSelectorMatcher {
  if (text.length > selectorCharactersMax) {
    throw badRequest(`label selector must be no more than ${selectorCharactersMax} characters`);
  }
  const parser = new LabelSelectorParser(text);
  return matcherOf(parser.requirements());
}

/** Compiles a selector object: absent matches nothing, empty matches everything. Throws a StatusError 400. */
export function labelSelectorOf(selector: LabelSelectorObject | undefined): LabelSelectorMatcher {
  if (selector === undefined) return { requirements: [], matches: () => false };
  return matcherOf(requirementsOf(selector));
}

function requirementsOf(selector: LabelSelectorObject): LabelRequirement[] {
  const pairs = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    requirement(key, "=", [value]),
  );
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    switch (operator) {
      case "In":
        return requirement(key, "in", values);
      case "NotIn":
        return requirement(key, "notin", values);
      case "Exists":
        return requirement(key, "exists", values);
      case "DoesNotExist":
        return requirement(key, "!", values);
      default:
        throw badRequest(`${JSON.stringify(operator)} is not a valid label selector operator`);
    }
  });
  return [...pairs, ...expressions].toSorted(byKey);
}

/** The text form of a selector object, sorted by key, as tables show it. */
export function formatLabelSelector(selector: LabelSelectorObject | undefined): string {
  const text = selector === undefined ? "" : labelSelectorText(selector);
  return text === "" ? "<none>" : text;
}

/** The text that `parseLabelSelector` reads back: "" for a selector that matches everything. */
export function labelSelectorText(selector: LabelSelectorObject): string {
  return requirementsOf(selector).map(requirementText).join(",");
}

function requirementText({ key, operator, values }: LabelRequirement): string {
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${values.join(",")})`;
    default:
      return `${key}${operator}${values[0] ?? ""}`;
  }
}

function matcherOf(requirements: readonly LabelRequirement[]): LabelSelectorMatcher {
  const tests = requirements.map(testOf);
  return {
    requirements,
    matches: (labels) => tests.every((test) => test(labels ?? {})),
  };
}

function testOf({ key, operator, values }: LabelRequirement): (labels: object) => boolean {
  const set = new Set<unknown>(values);
  const valueIn = (labels: object): unknown =>
    Object.hasOwn(labels, key) ? Reflect.get(labels, key) : undefined;
  const compare = (holds: (have: bigint, want: bigint) => boolean) => (labels: object) => {
    const have = integerOf(valueIn(labels));
    const want = integerOf(values[0]);
    return have !== undefined && want !== undefined && holds(have, want);
  };
  switch (operator) {
    case "=":
    case "in":
      return (labels) => set.has(valueIn(labels));
    case "!=":
    case "notin":
      return (labels) => !set.has(valueIn(labels));
    case "exists":
      return (labels) => valueIn(labels) !== undefined;
    case "!":
      return (labels) => valueIn(labels) === undefined;
    case ">":
      return compare((have, want) => have > want);
    case "<":
      return compare((have, want) => have < want);
  }
}

/** One condition on a field. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** A parsed field selector. Which fields a kind has is its strategy's matter. */
export interface FieldSelector {
  readonly requirements: readonly FieldRequirement[];
  /** `fields` must hold every field of the kind; a field that is not there throws a StatusError 400. */
  matches(fields: Readonly<Record<string, string>>): boolean;
}

/** Parses the text of `?fieldSelector=`: `=`, `==` and `!=`, joined by commas, `\` escapes. Throws a StatusError 400. */
export function parseFieldSelector(text: string): FieldSelector {
  if (text.length > selectorCharactersMax) {
    throw badRequest(`field selector must be no more than ${selectorCharactersMax} characters`);
  }
  const requirements = splitTerms(text)
    .toSorted()
    .filter((term) => term !== "")
    .map((term) => fieldRequirement(term, text));
  return {
    requirements,
    matches: (fields) =>
      requirements.every(({ field, operator, value }) => {
        const have = Object.hasOwn(fields, field) ? fields[field] : undefined;
        if (have === undefined) throw unsupportedField(field);
        return (have === value) === (operator === "=");
      }),
  };
}

/** The refusal of a field selector over a field that the kind does not offer beside those that it does. */
export function unsupportedField(field: string): StatusError {
  return badRequest(`field label not supported: ${field}`);
}

/** The same for a kind that offers none of its own. */
export function unknownField(field: string): StatusError {
  return badRequest(
    `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
  );
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === ",") {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...terms, text.slice(start)];
}

function fieldRequirement(term: string, whole: string): FieldRequirement {
  for (let at = 0; at < term.length; at++) {
    const operator = ["!=", "==", "="].find((one) => term.startsWith(one, at));
    if (operator === undefined) continue;
    return {
      field: term.slice(0, at),
      operator: operator === "!=" ? "!=" : "=",
      value: unescaped(term.slice(at + operator.length)),
    };
  }
  throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`);
}

function unescaped(value: string): string {
  return value.replaceAll(/\\(.?)|[,=]/gsu, (all, escaped?: string) => {
    if (escaped === undefined) {
      // Kubernetes shows the character's number.
      const code = all.codePointAt(0);
      throw badRequest(`invalid field selector: unescaped character in value: ${code}`);
    }
    if (["\\", ",", "="].includes(escaped)) return escaped;
    throw badRequest(`invalid field selector: invalid escape sequence: ${all}`);
  });
}
