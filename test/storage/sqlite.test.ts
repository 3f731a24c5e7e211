import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { silentLogger } from "../../src/lib/log.ts";
import { conformanceCases } from "../../src/storage/conformance.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";
import type { StorageEvent } from "../../src/storage/storage.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const put = (key: string, value: string) =>
  ({ type: "put", key, value: bytes(value), expect: [] }) as const;
const open = (directory: string) => openSqliteStorage({ directory, log: silentLogger });

function scratch(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "portolan-storage-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

for (const { name, run } of conformanceCases) {
  test(`SQLite: ${name}`, async (t) => {
    await using storage = await open(scratch(t));
    await run(storage);
  });
}

test("after an orderly end the same revision and content are there, and a watch resumes", async (t) => {
  const directory = scratch(t);
  const before = await open(directory);
  const result = await before.write(put("a", "1"));
  await before.write(put("a", "2"));
  const { revision } = before;
  await before[Symbol.asyncDispose]();

  await using after = await open(directory);
  assert.equal(after.revision, revision);
  assert(result.done);
  const seen: StorageEvent[] = [];
  await after.watch({
    prefix: "",
    after: result.revision,
    onEvents: (events) => seen.push(...events),
  });
  assert.deepEqual(
    seen.map((event) => [event.type, event.revision]),
    [["put", revision]],
  );
});

test("a database restored from a copy gives out no revision again, and refuses those it lost", async (t) => {
  const directory = scratch(t);
  const first = await open(directory);
  await first.write(put("a", "1"));
  const kept = first.revision;
  await first[Symbol.asyncDispose]();
  const copy = readFileSync(join(directory, "state.db"));

  const second = await open(directory);
  await second.write(put("a", "2"));
  await second.write(put("a", "3"));
  const lost = second.revision;
  await second[Symbol.asyncDispose]();
  writeFileSync(join(directory, "state.db"), copy);

  await using third = await open(directory);
  assert.ok(third.revision >= lost);
  assert.equal(third.isReachable(kept), true);
  assert.equal(third.isReachable(lost - 1), false);
  const result = await third.write(put("b", "1"));
  assert(result.done);
  assert.ok(result.revision > lost);
});

test("a directory that another process uses is refused, and free again when that process is gone", async (t) => {
  const directory = scratch(t);
  const module = join(import.meta.dirname, "../../src/storage/sqlite/sqlite-storage.ts");
  const script = `
    import { openSqliteStorage } from ${JSON.stringify(module)};
    const log = { debug() {}, info() {}, warn() {}, error() {}, with() { return log; } };
    try { await openSqliteStorage({ directory: ${JSON.stringify(directory)}, log }); console.log("opened"); }
    catch (error) { console.log(error.code); }
    process.exit();
  `;
  const openElsewhere = async () => {
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", script];
    return (await promisify(execFile)(process.execPath, args)).stdout.trim();
  };
  {
    await using _storage = await open(directory);
    assert.equal(await openElsewhere(), "STORAGE_IN_USE");
    await assert.rejects(open(directory), { code: "STORAGE_IN_USE" });
  }
  assert.equal(await openElsewhere(), "opened");
  await (await open(directory))[Symbol.asyncDispose]();
});

test("a directory of a newer version is refused and left as it is", async (t) => {
  const directory = scratch(t);
  await (await open(directory))[Symbol.asyncDispose]();
  const db = new DatabaseSync(join(directory, "state.db"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  await assert.rejects(open(directory), { code: "STORAGE_NEWER_VERSION", message: /version 99/ });
});

test("a damaged database is told apart from a missing one", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "state.db"), "This is no database. ".repeat(1000));
  await assert.rejects(open(directory), { code: "STORAGE_CORRUPT" });
});

test("a database that is damaged behind its first page says so, whenever it is found", async (t) => {
  const directory = scratch(t);
  {
    await using storage = await open(directory);
    for (let i = 0; i < 100; i++) {
      const value = new TextEncoder().encode("x".repeat(1000));
      await storage.write({ type: "put", key: `key/${i}`, value, expect: [] });
    }
  }
  const file = join(directory, "state.db");
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.fill(0x5a, 4096));
  const read = async () => {
    await using storage = await open(directory);
    await storage.list("");
  };
  await assert.rejects(read, { code: "STORAGE_CORRUPT", message: /is damaged, restore a copy/ });
});

test("a directory that cannot be made is refused with the reason", async (t) => {
  const directory = scratch(t);
  writeFileSync(join(directory, "file"), "");
  await assert.rejects(open(join(directory, "file", "below")), { code: "STORAGE_NOT_WRITABLE" });
});

test("many writes of one moment share few commits", async (t) => {
  await using storage = await open(scratch(t));
  await Promise.all(Array.from({ length: 500 }, (_, i) => storage.write(put(`k${i}`, "x"))));
  const { writes, commits } = storage.counters;
  assert.equal(writes, 500);
  assert.ok(commits <= 5, `${commits} commits`);
});
