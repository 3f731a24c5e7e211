import assert from "node:assert/strict";
import { test } from "node:test";
import { parseImageFile } from "./image-file.ts";

test("parseImageFile: names, commands, arguments and variables", () => {
  const text =
    "images:\n  api: { command: [python3, main.py], args: [-v], environment: { A: b } }\n";
  assert.deepEqual(
    [...parseImageFile(text, "images.yaml")],
    [["api", { command: ["python3", "main.py"], args: ["-v"], environment: { A: "b" } }]],
  );
});

test("parseImageFile: all mistakes at once, each with its path", () => {
  const text =
    "images:\n  a: 1\n  b: { comand: [x] }\n  c: { command: x, environment: { N: 1 } }\n";
  assert.throws(() => parseImageFile(text, "images.yaml"), {
    code: "BAD_IMAGE_FILE",
    message:
      'Cannot read the image table "images.yaml": images["a"]: is no map, command and args are needed; ' +
      'images["b"].comand: is unknown, there are command, args, environment; images["b"].command: is missing; ' +
      'images["c"].command: is no list of texts; images["c"].command: is missing; ' +
      'images["c"].environment.N: is no text',
  });
});

test("parseImageFile: what is no table at all", () => {
  for (const text of ["", "[]", "images: []", "{"]) {
    assert.throws(() => parseImageFile(text, "x"), { code: "BAD_IMAGE_FILE" }, text);
  }
});
