import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { exec, root, startTestCluster, type TestCluster } from "../e2e/harness.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { codeBlocks, promisedOutput } from "./code-blocks.ts";

// Every TypeScript example of a room's README is run, beside a real cluster, and prints what it says.

const files = globSync("src/**/README.md", { cwd: root }).sort();

describe("the examples of the rooms", { skip: await namespacesMissing(), timeout: 240_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), "portolan-examples-"));
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ nodes: 1 });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
    rmSync(scratch, { recursive: true });
  });

  for (const file of files) {
    const examples = codeBlocks(readFileSync(`${root}/${file}`, "utf8")).filter(
      ({ language }) => language === "ts",
    );
    for (const [index, { text }] of examples.entries()) {
      test(`${file}, example ${index + 1}`, async () => {
        const own = { TMPDIR: scratch, KUBECONFIG: cluster.kubeconfig, NO_COLOR: "1" };
        const env = { ...process.env, ...own };
        const argv = ["--disable-warning=ExperimentalWarning", runner, file, String(index)];
        const outcome = await exec(process.execPath, argv, { env });
        assert.equal(outcome.code, 0, outcome.stderr);
        assert.equal(outcome.stdout, promisedOutput(text));
      });
    }
  }
});

const runner = new URL("run-example.ts", import.meta.url).pathname;
