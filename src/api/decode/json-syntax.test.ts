import assert from "node:assert/strict";
import { test } from "node:test";
import { syntaxProblem } from "./json-syntax.ts";

const rows: readonly { readonly text: string; readonly want: string | undefined }[] = [
  { text: '{"a":[1,-2.5e3,"\\u00e9\\n",true,null,{}]}', want: undefined },
  { text: "", want: "unexpected end of JSON input" },
  { text: '{"a":', want: "unexpected end of JSON input" },
  { text: '"a', want: "unexpected end of JSON input" },
  { text: "{a:1}", want: "invalid character 'a' looking for beginning of object key string" },
  { text: '{"a":1,}', want: "invalid character '}' looking for beginning of object key string" },
  { text: "a: b", want: "invalid character 'a' looking for beginning of value" },
  { text: "[1,]", want: "invalid character ']' looking for beginning of value" },
  { text: '{"a" 1}', want: "invalid character '1' after object key" },
  { text: '{"a":1 "b":2}', want: "invalid character '\"' after object key:value pair" },
  { text: "[1 2]", want: "invalid character '2' after array element" },
  { text: "{} {}", want: "invalid character '{' after top-level value" },
  { text: '"a\nb"', want: "invalid character '\\n' in string literal" },
  { text: '"\\x"', want: "invalid character 'x' in string escape code" },
  { text: '"\\u00g0"', want: "invalid character 'g' in \\u hexadecimal character escape" },
  { text: "-x", want: "invalid character 'x' in numeric literal" },
  { text: "01", want: "invalid character '1' after top-level value" },
  { text: "1.", want: "unexpected end of JSON input" },
  { text: "1.x", want: "invalid character 'x' after decimal point in numeric literal" },
  { text: "1e+x", want: "invalid character 'x' in exponent of numeric literal" },
  { text: "tru!", want: "invalid character '!' in literal true (expecting 'e')" },
  { text: "'a'", want: "invalid character '\\'' looking for beginning of value" },
];

for (const { text, want } of rows) {
  test(`syntaxProblem: ${JSON.stringify(text)}`, () => {
    assert.equal(syntaxProblem(text), want);
    if (want === undefined) JSON.parse(text);
    else assert.throws(() => JSON.parse(text), SyntaxError);
  });
}

test("syntaxProblem: a text may be nested as deep as it likes", () => {
  assert.equal(syntaxProblem("[".repeat(200_000)), "unexpected end of JSON input");
});
