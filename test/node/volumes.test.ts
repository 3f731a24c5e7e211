import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { ConfigMap, Secret } from "../../src/api/types.ts";
import { prepareVolumes, volumeMounts } from "../../src/node/agent/pod-volumes.ts";
import type { Volume } from "../../src/node/pod-types.ts";

let dir = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "portolan-volumes-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

let map: ConfigMap = { metadata: { name: "map" }, data: { a: "1", b: "2" } };
const secret: Secret = {
  metadata: { name: "keys" },
  data: { k: Buffer.from("s").toString("base64") },
};

function prepare(volume: Omit<Volume, "name">) {
  const pod = {
    metadata: { name: "p", namespace: "shop", labels: { app: "web" } },
    spec: { containers: [{ name: "main" }], volumes: [{ name: "v", ...volume }] },
  };
  return prepareVolumes({
    pod,
    dir,
    facts: { pod, podIps: ["10.0.0.1"], hostIps: [], allocatable: {} },
    sources: {
      configMap: (name) => (name === "map" ? map : undefined),
      secret: (name) => (name === "keys" ? secret : undefined),
    },
  });
}

/** What a program sees: names without dots, and what they hold. */
function shown(): Record<string, string> {
  const folder = join(dir, "volumes/v");
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const visible = names.filter((name) => !name.startsWith(".."));
  const files = visible.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

const cases: readonly {
  readonly name: string;
  readonly volume: Omit<Volume, "name">;
  readonly want: Readonly<Record<string, string>> | RegExp;
}[] = [
  {
    name: "every key of a ConfigMap is a file",
    volume: { configMap: { name: "map" } },
    want: { a: "1", b: "2" },
  },
  {
    name: "chosen keys lie where they are wanted",
    volume: { configMap: { name: "map", items: [{ key: "b", path: "c.txt" }] } },
    want: { "c.txt": "2" },
  },
  { name: "a Secret is decoded", volume: { secret: { secretName: "keys" } }, want: { k: "s" } },
  {
    name: "an optional ConfigMap may be missing",
    volume: { configMap: { name: "none", optional: true } },
    want: {},
  },
  {
    name: "a missing one is told",
    volume: { configMap: { name: "none" } },
    want: /for volume "v" : configmap "none" not found$/,
  },
  {
    name: "a missing key is told",
    volume: { configMap: { name: "map", items: [{ key: "z", path: "z" }] } },
    want: /references non-existent config key: z$/,
  },
  {
    name: "a path can not lead out of the volume",
    volume: { configMap: { name: "map", items: [{ key: "a", path: "../../x" }] } },
    want: { x: "1" },
  },
  {
    name: "facts of the pod",
    volume: {
      downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] },
    },
    want: { labels: 'app="web"' },
  },
  {
    name: "several sources in one",
    volume: {
      projected: { sources: [{ configMap: { name: "map" } }, { secret: { name: "keys" } }] },
    },
    want: { a: "1", b: "2", k: "s" },
  },
  {
    name: "kinds that there are none of here are told",
    volume: { persistentVolumeClaim: { claimName: "x" } },
    want: /has no such kind of volume$/,
  },
];

for (const { name, volume, want } of cases) {
  test(`prepareVolumes: ${name}`, () => {
    if (want instanceof RegExp) assert.throws(() => prepare(volume), { message: want });
    else {
      prepare(volume);
      assert.deepEqual(shown(), want);
    }
  });
}

test("prepareVolumes: new contents replace the old ones, and nothing is left of them", () => {
  prepare({ configMap: { name: "map" } });
  const before = map;
  map = { metadata: { name: "map" }, data: { b: "3" } };
  prepare({ configMap: { name: "map" } });
  map = before;
  assert.deepEqual(shown(), { b: "3" });
  assert.equal(readdirSync(join(dir, "volumes/v")).filter((n) => /^\.\.\d/.test(n)).length, 1);
});

test("volumeMounts: a hostPath is for reading only, and asking for more is told", () => {
  const volumes = prepare({ hostPath: { path: "/usr/share" } });
  const mount = (readOnly: boolean) =>
    volumeMounts(
      { name: "main", volumeMounts: [{ name: "v", mountPath: "/x", readOnly }] },
      volumes,
      new Map(),
    );
  assert.deepEqual(mount(true), [{ source: "/usr/share", target: "/x", isReadOnly: true }]);
  assert.throws(() => mount(false), { message: /can only be mounted read-only/ });
});

test("volumeMounts: a subPath can not lead out of the volume by a link", () => {
  const volumes = prepare({ emptyDir: {} });
  symlinkSync("/etc", join(dir, "volumes/v/link"));
  const [found] = volumeMounts(
    { name: "main", volumeMounts: [{ name: "v", mountPath: "/x", subPath: "link/deep" }] },
    volumes,
    new Map(),
  );
  assert.equal(found?.source, join(dir, "volumes/v/etc/deep"));
});

test("volumeMounts: variables choose the place in a volume", () => {
  const volumes = prepare({ emptyDir: {} });
  const mount = (subPathExpr: string) =>
    volumeMounts(
      { name: "main", volumeMounts: [{ name: "v", mountPath: "/x", subPathExpr }] },
      volumes,
      new Map([
        ["POD", "web-0"],
        ["UP", "../.."],
      ]),
    )[0]?.source;
  assert.equal(mount("logs/$(POD)"), join(dir, "volumes/v/logs/web-0"));
  assert.throws(() => mount("$(NONE)"), { message: 'missing value for "NONE"' });
  assert.throws(() => mount("$(UP)"), { message: /must not contain '..'$/ });
});
