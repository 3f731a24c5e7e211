import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

test("the example in README.md prints what it says", async (context) => {
  const readme = readFileSync(join(import.meta.dirname, "README.md"), "utf8");
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const absolute = code.replaceAll(/from "(\.\/[^"]+)"/g, (_, file: string) => {
    return `from "${pathToFileURL(join(import.meta.dirname, file)).href}"`;
  });
  const printed: unknown[] = [];
  context.mock.method(console, "log", (text: unknown) => printed.push(text));
  await import(`data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(absolute))}`);
  context.mock.restoreAll();
  assert.deepEqual(printed, [code.trim().split("\n").at(-1)?.replace("// ", "")]);
});
