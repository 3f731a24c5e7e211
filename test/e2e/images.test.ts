import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { exec, kubectlMissing, root, startTestCluster } from "./harness.ts";

/** A file with this text, in a folder that goes when the test ends. */
async function imageFile(text: string) {
  const folder = await mkdtemp(join(tmpdir(), "portolan-images-"));
  const path = join(folder, "images.yaml");
  await writeFile(path, text);
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, path, [Symbol.asyncDispose]: remove };
}

test("an image of the user's table runs what the table says", {
  skip: kubectlMissing,
}, async () => {
  await using file = await imageFile(`
images:
  example.org/team/api:
    command: [sh, -c, 'echo "$MODE $0"; exec sleep 1000']
    args: [by default]
    environment: { MODE: demo }
`);
  await using cluster = await startTestCluster({ nodes: 1, flags: ["--images", file.path] });
  await cluster.kubectl("run", "plain", "--image=example.org/team/api:v1");
  await cluster.kubectl("run", "own", "--image=example.org/team/api", "--", "by the pod");
  await cluster.kubectl("wait", "pod", "--all", "--for=condition=Ready");
  assert.equal(await cluster.kubectl("logs", "plain"), "demo by default\n");
  assert.equal(await cluster.kubectl("logs", "own"), "demo by the pod\n");
});

const refusals: readonly {
  readonly name: string;
  readonly text?: string;
  readonly says: readonly string[];
}[] = [
  {
    name: "with mistakes",
    text: "images: { a: { comand: [x] }, b: 1 }",
    says: ['images["a"].comand: is unknown', 'images["a"].command: is missing', 'images["b"]: '],
  },
  {
    name: "too large for a command line",
    text: `images: { a: { command: ["${"x".repeat(100_000)}"] } }`,
    says: ["at most 98304 are possible"],
  },
  { name: "that is not there", says: ["ENOENT"] },
];

for (const { name, text, says } of refusals) {
  test(`up refuses an image table ${name} before anything starts`, async () => {
    await using file = await imageFile(text ?? "");
    if (text === undefined) await rm(file.path);
    const dataDir = join(file.folder, "data");
    const flags = ["--detach", "--nodes=0", "--api-port=0", "--data-dir", dataDir];
    const done = await exec(join(root, "portolan"), ["up", ...flags, "--images", file.path]);
    assert.equal(done.code, 2, done.stderr);
    for (const part of says) assert.ok(done.stderr.includes(part), done.stderr);
    assert.match(done.stderr, /\n {2}Try: /);
    assert.ok(!existsSync(dataDir));
  });
}
