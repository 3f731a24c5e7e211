/** Says where a text stops being JSON, in the words of Go's reader; undefined where it finds nothing wrong. */
export function syntaxProblem(text: string): string | undefined {
  try {
    new SyntaxReader(text).read();
  } catch (error) {
    if (error instanceof Problem) return error.message;
    throw error;
  }
  return undefined;
}

class Problem extends Error {}

type Expected = "value" | "item" | "key" | "firstKey" | "colon" | "more";

const endOfInput = "unexpected end of JSON input";
const literals = ["true", "false", "null"];

/** Reads with a stack of its own: how deep a text is nested is its author's choice. */
class SyntaxReader {
  readonly #text: string;
  #at = 0;
  readonly #open: ("{" | "[")[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): void {
    let expected: Expected = "value";
    for (;;) {
      while (" \t\r\n".includes(this.#peek() || "x")) this.#at++;
      if (this.#peek() === "" && expected === "more" && this.#open.length === 0) return;
      expected = this.#step(expected, this.#next());
    }
  }

  #step(expected: Expected, char: string): Expected {
    switch (expected) {
      case "item":
        if (char === "]") return this.#close();
        return this.#value(char);
      case "value":
        return this.#value(char);
      case "firstKey":
        if (char === "}") return this.#close();
        return this.#key(char);
      case "key":
        return this.#key(char);
      case "colon":
        if (char === ":") return "value";
        throw wrong(char, "after object key");
      case "more":
        return this.#more(char);
    }
  }

  #more(char: string): Expected {
    const open = this.#open.at(-1);
    if (open === undefined) throw wrong(char, "after top-level value");
    if (char === (open === "{" ? "}" : "]")) return this.#close();
    if (char === ",") return open === "{" ? "key" : "value";
    throw wrong(char, open === "{" ? "after object key:value pair" : "after array element");
  }

  #close(): Expected {
    this.#open.pop();
    return "more";
  }

  #key(char: string): Expected {
    if (char !== '"') throw wrong(char, "looking for beginning of object key string");
    this.#string();
    return "colon";
  }

  #value(char: string): Expected {
    if (char === "{" || char === "[") {
      this.#open.push(char);
      return char === "{" ? "firstKey" : "item";
    }
    const literal = literals.find((word) => word.startsWith(char));
    if (char === '"') this.#string();
    else if (char === "-" || isDigit(char)) this.#number(char);
    else if (literal !== undefined) this.#literal(literal);
    else throw wrong(char, "looking for beginning of value");
    return "more";
  }

  #string(): void {
    for (;;) {
      const char = this.#next();
      if (char === '"') return;
      if (char < " ") throw wrong(char, "in string literal");
      if (char === "\\") this.#escape();
    }
  }

  #escape(): void {
    const char = this.#next();
    if ('bfnrt\\/"'.includes(char)) return;
    if (char !== "u") throw wrong(char, "in string escape code");
    for (let i = 0; i < 4; i++) {
      const digit = this.#next();
      if (!/[0-9a-fA-F]/.test(digit)) throw wrong(digit, "in \\u hexadecimal character escape");
    }
  }

  #number(first: string): void {
    const digit = first === "-" ? this.#digit("in numeric literal") : first;
    if (digit !== "0") this.#digits();
    if (this.#peek() === ".") {
      this.#at++;
      this.#digit("after decimal point in numeric literal");
      this.#digits();
    }
    if (this.#peek() === "e" || this.#peek() === "E") {
      this.#at++;
      if (this.#peek() === "+" || this.#peek() === "-") this.#at++;
      this.#digit("in exponent of numeric literal");
      this.#digits();
    }
  }

  #digit(place: string): string {
    const char = this.#next();
    if (isDigit(char)) return char;
    throw wrong(char, place);
  }

  #digits(): void {
    while (isDigit(this.#peek())) this.#at++;
  }

  #literal(word: string): void {
    for (const letter of word.slice(1)) {
      const char = this.#next();
      if (char !== letter) throw wrong(char, `in literal ${word} (expecting '${letter}')`);
    }
  }

  #peek(): string {
    return this.#text[this.#at] ?? "";
  }

  #next(): string {
    const char = this.#peek();
    if (char === "") throw new Problem(endOfInput);
    this.#at++;
    return char;
  }
}

function isDigit(char: string): boolean {
  return char >= "0" && char <= "9";
}

function wrong(char: string, place: string): Problem {
  const shown = char === "'" ? "\\'" : char === '"' ? '"' : JSON.stringify(char).slice(1, -1);
  return new Problem(`invalid character '${shown}' ${place}`);
}
