import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultDataDir, isSandboxKubeconfig, prepareDataDir } from "./data-dir.ts";

test("defaultDataDir: follows XDG_STATE_HOME, if it is absolute", () => {
  assert.equal(defaultDataDir({ XDG_STATE_HOME: "/state" }), "/state/portolan");
  assert.equal(defaultDataDir({}), `${homedir()}/.local/state/portolan`);
  assert.equal(defaultDataDir({ XDG_STATE_HOME: "state" }), `${homedir()}/.local/state/portolan`);
});

test("prepareDataDir: makes folders above it too, and ends where the kernel lets nobody make any", () => {
  const base = mkdtempSync(join(tmpdir(), "portolan-data-dir-"));
  try {
    const path = join(base, "a/b");
    assert.equal(prepareDataDir(path), path);
    assert.equal(readFileSync(join(path, "version"), "utf8"), "1\n");
    assert.throws(() => prepareDataDir("/proc/none/here"), { code: "DATA_DIR_UNUSABLE" });
  } finally {
    rmSync(base, { recursive: true });
  }
});

const server = "https://127.0.0.1:6443";
for (const { name, text, want } of [
  { name: "an empty file", text: "\n", want: true },
  { name: "what Portolan wrote", text: `{ "cluster": {\n  "server": "${server}",`, want: true },
  {
    name: "what kubectl made of it",
    text: `clusters:\n- cluster:\n    server: ${server}\n`,
    want: true,
  },
  { name: "another cluster's", text: "    server: https://192.0.2.1:6443\n", want: false },
  { name: "one with two clusters", text: `server: ${server}\nserver: ${server}\n`, want: false },
  { name: "what is no kubeconfig", text: "my notes\n", want: false },
]) {
  test(`isSandboxKubeconfig: ${name}`, () => {
    assert.equal(isSandboxKubeconfig(text), want);
  });
}
