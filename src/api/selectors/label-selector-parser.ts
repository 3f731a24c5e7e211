import type { LabelRequirement } from "../selectors.ts";
import type { StatusError } from "../status-error.ts";
import { badRequest, badRequirement, byKey, checkKey, requirement } from "./label-requirement.ts";

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
    const first = this.#peek();
    if ("end" in first) return found;
    if (!beginsRequirement(first)) {
      throw unexpected(first, "!, identifier, or 'end of string'");
    }
    for (;;) {
      found.push(this.#requirement());
      const token = this.#next();
      if ("end" in token) return found.toSorted(byKey);
      if (!isSymbol(token, ",")) throw unexpected(token, "',' or 'end of string'");
      const after = this.#peek();
      if (!beginsRequirement(after)) throw unexpected(after, "identifier after ','");
    }
  }

  #requirement(): LabelRequirement {
    const first = this.#next();
    if (isSymbol(first, "!")) return requirement(this.#word(this.#next()), "!", []);
    const key = this.#word(first);
    checkKey(key);
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
    throw badRequirement(`found '${textOf(operator)}', expected: in, notin, =, ==, !=, gt, lt`);
  }

  /** One value; empty before a comma and at the end. */
  #value(): string {
    const token = this.#peek();
    if ("end" in token || isSymbol(token, ",")) return "";
    return this.#word(this.#next());
  }

  /** `()` holds one value, the empty one; so does every place between two commas. */
  #valueList(): string[] {
    const open = this.#next();
    if (!isSymbol(open, "(")) throw badRequirement(`found '${textOf(open)}' expected: '('`);
    const first = this.#peek();
    if (!("word" in first) && !isSymbol(first, ",") && !isSymbol(first, ")")) {
      throw badRequirement(`found '${textOf(first)}', expected: ',', ')' or identifier`);
    }
    const values: string[] = [];
    for (;;) {
      const token = this.#peek();
      if ("word" in token) values.push(this.#word(this.#next()));
      else if (isSymbol(token, ",") || isSymbol(token, ")")) values.push("");
      else throw badRequirement(`found '${textOf(token)}', expected: ',', or identifier`);
      const separator = this.#next();
      if (isSymbol(separator, ")")) return values;
      if (!isSymbol(separator, ",")) {
        throw badRequirement(`found '${textOf(separator)}', expected: ',' or ')'`);
      }
    }
  }

  #word(token: Token): string {
    if ("word" in token) return token.word;
    throw badRequirement(`found '${textOf(token)}', expected: identifier`);
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

function beginsRequirement(token: Token): boolean {
  return "word" in token || isSymbol(token, "!");
}

function textOf(token: Token): string {
  return "word" in token ? token.word : "symbol" in token ? token.symbol : "";
}

/** Between requirements Kubernetes says only what it found, inside one it says first that it is one. */
function unexpected(token: Token, expected: string): StatusError {
  return badRequest(`found '${textOf(token)}', expected: ${expected}`);
}
