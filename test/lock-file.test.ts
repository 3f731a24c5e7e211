import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

interface Package {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const root = new URL("..", import.meta.url);

// npm 11.19 refuses `npm ci` when an optional package is missing, also one of another platform; older ones do not.
test("the lock file has every package that another one names, of every platform", () => {
  const lockFile = readFileSync(new URL("package-lock.json", root), "utf8");
  const packages: Record<string, Package> = JSON.parse(lockFile).packages;
  const missing = Object.entries(packages).flatMap(
    ([place, { dependencies, optionalDependencies }]) =>
      Object.keys({ ...dependencies, ...optionalDependencies }).filter(
        (name) =>
          !(`${place}/node_modules/${name}` in packages || `node_modules/${name}` in packages),
      ),
  );
  assert.deepEqual(missing, []);
});
