import type { LabelRequirement } from "../selectors.ts";
import type { StatusError } from "../status-error.ts";
import { badRequest, byKey, requirement } from "./label-requirement.ts";

const wordPattern = /[^\s=!(),<>]+/y;
const symbols = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"] as const;
type LabelSymbol = (typeof symbols)[number];
type Token = { readonly symbol: LabelSymbol } | { readonly word: string } | { readonly end: true };

/** Recursive descent over the grammar of label selectors; one token of look-ahead. */
export class LabelSelectorParser {
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
