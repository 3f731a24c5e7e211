import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { kubernetesMinor, kubernetesVersion, portolanVersion } from "./version.ts";

test("the version is that of the package", () => {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  assert.equal(Reflect.get(Object(manifest), "version"), portolanVersion);
});

test("the Kubernetes version begins with its minor", () => {
  assert.ok(kubernetesVersion.startsWith(`v${kubernetesMinor.major}.${kubernetesMinor.minor}.`));
});
