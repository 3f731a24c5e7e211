import { StatusError } from "./status-error.ts";
import { labelValueRule, qualifiedName } from "./validation/names.ts";

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

/** Compiles a plain map, such as a Service's selector: every pair must be there. */
export function labelSetSelector(labels: Labels): LabelSelectorMatcher {
  return matcherOf(requirementsOf({ matchLabels: labels ?? {} }));
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

/** The text form of a selector object, sorted by key: what the scale sub-resource and tables show. */
export function formatLabelSelector(selector: LabelSelectorObject | undefined): string {
  if (selector === undefined) return "<none>";
  const text = formatRequirements(requirementsOf(selector));
  return text === "" ? "<none>" : text;
}

/** The text that `parseLabelSelector` reads back. */
export function formatRequirements(requirements: readonly LabelRequirement[]): string {
  return requirements
    .map(({ key, operator, values }) => {
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
    })
    .join(",");
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

function integerOf(value: unknown): bigint | undefined {
  return typeof value === "string" && /^[-+]?\d{1,19}$/.test(value) ? BigInt(value) : undefined;
}

function byKey(a: LabelRequirement, b: LabelRequirement): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

/** Checks one requirement as Kubernetes does, and sorts its values. */
function requirement(
  key: string,
  operator: LabelRequirement["operator"],
  values: readonly string[],
): LabelRequirement {
  const problems = qualifiedName(key).map(
    (problem) => `key: Invalid value: ${JSON.stringify(key)}: ${problem}`,
  );
  const takesValues = operator !== "exists" && operator !== "!";
  if (!takesValues && values.length > 0) {
    problems.push(
      `values: Invalid value: ${JSON.stringify(values)}: values set must be empty for exists and does not exist`,
    );
  }
  if ((operator === "in" || operator === "notin") && values.length === 0) {
    problems.push(
      "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    );
  }
  for (const [index, value] of values.entries()) {
    if ((operator === ">" || operator === "<") && integerOf(value) === undefined) {
      problems.push(
        `values[${index}]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    }
    problems.push(
      ...labelValueRule(value).map(
        (problem) =>
          `values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${problem}`,
      ),
    );
  }
  if (problems.length > 0) {
    const text = problems.length === 1 ? problems[0] : `[${problems.join(", ")}]`;
    throw badRequest(`unable to parse requirement: ${text}`);
  }
  return { key, operator, values: [...new Set(values)].toSorted() };
}

const wordPattern = /[^\s=!(),<>]+/y;
const symbols = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"] as const;
type LabelSymbol = (typeof symbols)[number];
type Token = { readonly symbol: LabelSymbol } | { readonly word: string } | { readonly end: true };

/** Recursive descent over the grammar of label selectors; one token of look-ahead. */
class LabelSelectorParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  requirements(): LabelRequirement[] {
    const found: LabelRequirement[] = [];
    if ("end" in this.#peek()) return found;
    for (;;) {
      found.push(this.#requirement());
      const token = this.#next();
      if ("end" in token) return found.toSorted(byKey);
      if (!isSymbol(token, ",")) throw unexpected(token, "',' or 'end of string'");
      const after = this.#peek();
      if (!("word" in after) && !isSymbol(after, "!")) {
        throw unexpected(after, "identifier after ','");
      }
    }
  }

  #requirement(): LabelRequirement {
    const first = this.#next();
    if (isSymbol(first, "!")) return requirement(this.#word(this.#next()), "!", []);
    const key = this.#word(first);
    const after = this.#peek();
    if ("end" in after || isSymbol(after, ",")) return requirement(key, "exists", []);
    const operator = this.#next();
    if ("word" in operator && (operator.word === "in" || operator.word === "notin")) {
      return requirement(key, operator.word, this.#valueList());
    }
    if (isSymbol(operator, "=") || isSymbol(operator, "==")) {
      return requirement(key, "=", [this.#value()]);
    }
    if (isSymbol(operator, "!=")) return requirement(key, "!=", [this.#value()]);
    if (isSymbol(operator, ">")) return requirement(key, ">", [this.#value()]);
    if (isSymbol(operator, "<")) return requirement(key, "<", [this.#value()]);
    throw unexpected(operator, "in, notin, =, ==, !=, gt, lt");
  }

  /** One value; empty before a comma and at the end. */
  #value(): string {
    const token = this.#peek();
    if ("end" in token || isSymbol(token, ",")) return "";
    return this.#word(this.#next());
  }

  #valueList(): string[] {
    const open = this.#next();
    if (!isSymbol(open, "(")) throw unexpected(open, "'('");
    if (isSymbol(this.#peek(), ")")) {
      this.#next();
      return [];
    }
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (isSymbol(token, ",") || isSymbol(token, ")")) values.push("");
      else values.push(this.#word(this.#next()));
      const separator = this.#next();
      if (isSymbol(separator, ")")) return values;
      if (!isSymbol(separator, ",")) throw unexpected(separator, "',' or ')'");
    }
  }

  #word(token: Token): string {
    if ("word" in token) return token.word;
    throw unexpected(token, "identifier");
  }

  #peek(): Token {
    const before = this.#at;
    const token = this.#next();
    this.#at = before;
    return token;
  }

  #next(): Token {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
    if (this.#at >= this.#text.length) return { end: true };
    const symbol = symbols.find((one) => this.#text.startsWith(one, this.#at));
    if (symbol !== undefined) {
      this.#at += symbol.length;
      return { symbol };
    }
    wordPattern.lastIndex = this.#at;
    const word = wordPattern.exec(this.#text)?.[0] ?? "";
    this.#at += word.length;
    return { word };
  }
}

function isSymbol(token: Token, symbol: LabelSymbol): boolean {
  return "symbol" in token && token.symbol === symbol;
}

function unexpected(token: Token, expected: string): StatusError {
  const found = "word" in token ? token.word : "symbol" in token ? token.symbol : "";
  return badRequest(`unable to parse requirement: found '${found}', expected: ${expected}`);
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

/** The refusal of a field selector over a field that the kind does not offer. */
export function unsupportedField(field: string): StatusError {
  return badRequest(`field label not supported: ${field}`);
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
  const result = value.replaceAll(/\\([\\,=])|([\\,=])/g, (all, kept?: string) => {
    if (kept !== undefined) return kept;
    throw badRequest(`invalid field selector: invalid escape or unescaped '${all}' in '${value}'`);
  });
  return result;
}

function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}
