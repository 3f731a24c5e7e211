import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { limitedVolumes, overfullVolume } from "../../src/node/agent/volume-limits.ts";

const folder = mkdtempSync(join(tmpdir(), "portolan-limits-"));
after(() => rmSync(folder, { recursive: true }));

const MIB = 1 << 20;
const cases: readonly {
  readonly name: string;
  readonly fill: (path: string) => void;
  readonly isOver: boolean;
}[] = [
  {
    name: "less than it may",
    fill: (path) => writeFileSync(join(path, "a"), randomBytes(MIB / 2)),
    isOver: false,
  },
  {
    name: "more, in several folders",
    fill: (path) => {
      mkdirSync(join(path, "x/y"), { recursive: true });
      for (const name of ["x/a", "x/y/b"]) writeFileSync(join(path, name), randomBytes(MIB));
    },
    isOver: true,
  },
  {
    name: "a hole takes nothing",
    fill: (path) => {
      writeFileSync(join(path, "a"), "");
      truncateSync(join(path, "a"), 10 * MIB);
    },
    isOver: false,
  },
  {
    name: "a link is not what it points at",
    fill: (path) => {
      writeFileSync(join(folder, "big"), randomBytes(2 * MIB));
      symlinkSync(join(folder, "big"), join(path, "a"));
    },
    isOver: false,
  },
];

for (const { name, fill, isOver } of cases) {
  test(`overfullVolume: ${name}`, async () => {
    const path = join(folder, "v");
    mkdirSync(path);
    fill(path);
    const found = await overfullVolume([{ name: "v", limit: "1Mi", bytesMax: MIB }], folder);
    const told = 'Usage of EmptyDir volume "v" exceeds the limit "1Mi". ';
    assert.equal(found, isOver ? told : undefined);
    rmSync(path, { recursive: true });
  });
}

test("limitedVolumes: only those that have a limit", () => {
  const volumes = [
    { name: "a", emptyDir: {} },
    { name: "b", emptyDir: { sizeLimit: "0" } },
    { name: "c", emptyDir: { sizeLimit: "1500k", medium: "Memory" } },
    { name: "d", configMap: { name: "x" } },
  ];
  const found = limitedVolumes({ metadata: {}, spec: { containers: [], volumes } });
  assert.deepEqual(found, [{ name: "c", limit: "1500k", bytesMax: 1_500_000 }]);
});

test("overfullVolume: what is not there holds nothing", async () => {
  assert.equal(
    await overfullVolume([{ name: "none", limit: "1", bytesMax: 1 }], folder),
    undefined,
  );
});
