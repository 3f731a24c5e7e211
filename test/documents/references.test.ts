import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { root } from "../e2e/harness.ts";

const documents = globSync(["*.md", "{bench,docs,examples,src,test}/**/*.md"], { cwd: root });

/** Paths of the repository that a document names as code; those with a place to fill in are not meant. */
const path =
  /`((?:bench|docs|examples|scripts|src|test)\/[\w./-]*|(?:CHANGELOG|CONTRIBUTING|README[.\w]*)\.md)`/g;

for (const document of documents.sort()) {
  test(`${document} names only what is there`, () => {
    const text = readFileSync(join(root, document), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, to = ""]) =>
      join(dirname(document), to),
    );
    const named = [...text.matchAll(path)].map(([, to = ""]) => to);
    const missing = [...links, ...named].filter((to) => !existsSync(join(root, to)));
    assert.deepEqual(missing, []);
  });
}

test("the English and the Chinese README show the same commands", () => {
  const commands = (file: string) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("$ "))
      .map((line) => line.replace(/ +#.*/, ""));
  assert.deepEqual(commands("README.zh.md"), commands("README.md"));
});

test("each room has a README", () => {
  const rooms = execFileSync("git", ["ls-files", "src"], { cwd: root, encoding: "utf8" })
    .split("\n")
    .flatMap((file) => /^src\/(\w+)\//.exec(file)?.[1] ?? []);
  const without = [...new Set(rooms)].filter(
    (room) => !existsSync(join(root, "src", room, "README.md")),
  );
  assert.deepEqual(without, []);
});
