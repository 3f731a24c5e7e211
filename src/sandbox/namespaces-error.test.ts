import assert from "node:assert/strict";
import { test } from "node:test";
import { namespacesError } from "./namespaces-error.ts";

test("namespacesError: says what unshare said, and how to try it alone", () => {
  const error = namespacesError("unshare: unshare failed: Operation not permitted\n");
  assert.equal(error?.code, "NAMESPACES_REFUSED");
  assert.equal(error?.exitCode, 1);
  assert.match(error?.message ?? "", /^Cannot make the sandbox's namespaces: /);
  assert.match(error?.remedy ?? "", /or run portolan as root$/);
});

test("namespacesError: a log without unshare's complaint is another story", () => {
  assert.equal(namespacesError('{"message":"Built the fabric"}\n'), undefined);
  // What unshare says when its child was killed.
  assert.equal(
    namespacesError("unshare: sigprocmask unblock failed: Invalid argument\n"),
    undefined,
  );
});
