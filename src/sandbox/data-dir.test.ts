import assert from "node:assert/strict";
import { homedir } from "node:os";
import { test } from "node:test";
import { defaultDataDir, quoted } from "./data-dir.ts";

test("defaultDataDir: follows XDG_STATE_HOME, if it is absolute", () => {
  assert.equal(defaultDataDir({ XDG_STATE_HOME: "/state" }), "/state/portolan");
  assert.equal(defaultDataDir({}), `${homedir()}/.local/state/portolan`);
  assert.equal(defaultDataDir({ XDG_STATE_HOME: "state" }), `${homedir()}/.local/state/portolan`);
});

test("quoted: a remedy can be pasted into a shell", () => {
  assert.equal(quoted("/var/lib/portolan"), "/var/lib/portolan");
  assert.equal(quoted("/tmp/it's here"), "'/tmp/it'\\''s here'");
});
