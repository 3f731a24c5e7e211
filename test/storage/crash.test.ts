import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLogger } from "../../src/lib/log.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";
import type { StorageEvent } from "../../src/storage/storage.ts";

const rounds = 20;
const storm = join(import.meta.dirname, "storm.ts");
const nodeOptions = ["--disable-warning=ExperimentalWarning"];

interface Acknowledged {
  readonly key: string;
  readonly revision: number;
  readonly value: string;
}

/** Runs the writers until they have acknowledged some writes, then kills them. */
async function stormAndKill(directory: string, acksMin: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [...nodeOptions, storm, directory, "64"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  let lines = 0;
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (chunk: string) => {
    output += chunk;
    lines += chunk.split("\n").length - 1;
    if (lines > acksMin) child.kill("SIGKILL");
  });
  await new Promise((resolve) => child.on("close", resolve));
  // What was written whole to the pipe before the kill was acknowledged; a torn last line was not read as one.
  const whole = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return whole
    .filter((line) => line.startsWith("ack "))
    .map((line) => {
      const [, key = "", revision = "", value = ""] = line.split(" ");
      return { key, revision: Number(revision), value };
    });
}

function contentOf(value: Uint8Array): string {
  return new TextDecoder().decode(value).split("/").slice(0, 2).join("/");
}

test(`64 writers killed ${rounds} times lose no acknowledged write and reuse no revision`, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "portolan-crash-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const random = Math.floor(Math.random() * 1e9);
  t.diagnostic(`seed ${random}`);
  const given = new Map<number, string>();
  let highest = 0;

  for (let round = 0; round < rounds; round++) {
    const acknowledged = await stormAndKill(directory, 50 + ((random + round * 7919) % 2000));
    assert.ok(acknowledged.length > 0, "the writers got somewhere");
    for (const { key, revision, value } of acknowledged) {
      assert.ok(revision > highest, `revision ${revision} is above ${highest} of earlier rounds`);
      assert.equal(given.has(revision), false, `revision ${revision} was given twice`);
      given.set(revision, `${key}=${value}`);
    }

    await using storage = await openSqliteStorage({ directory, log: silentLogger });
    const newest = new Map(acknowledged.map((write) => [write.key, write]));
    for (const { key, revision, value } of newest.values()) {
      const entry = await storage.get(key);
      assert(entry !== undefined, `${key} is there`);
      assert.ok(entry.revision >= revision, `${key} is not older than acknowledged`);
      if (entry.revision === revision) assert.equal(contentOf(entry.value), value);
    }

    // A watch from the first acknowledged revision of the round sees each later one, once, in order.
    const resumeAt = acknowledged[0]!.revision;
    const seen: StorageEvent[] = [];
    await storage.watch({
      prefix: "",
      after: resumeAt,
      onEvents: (events) => seen.push(...events),
    });
    const revisions = seen.map(({ revision }) => revision);
    assert.deepEqual(
      revisions,
      revisions.toSorted((a, b) => a - b),
    );
    const replayed = new Map(
      seen.map((event) => [
        event.revision,
        event.type === "put" ? `${event.key}=${contentOf(event.value)}` : `-${event.key}`,
      ]),
    );
    assert.equal(replayed.size, seen.length);
    for (const { revision } of acknowledged) {
      if (revision > resumeAt) assert.equal(replayed.get(revision), given.get(revision));
    }
    highest = storage.revision;
  }
});

const hasStrace = spawnSync("strace", ["-V"]).status === 0;

test("no write is acknowledged before it is on disk: a sync of the log lies between write and answer", {
  skip: hasStrace ? false : "strace, which counts the system calls, is not installed",
}, (t) => {
  const directory = mkdtempSync(join(tmpdir(), "portolan-sync-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const trace = join(directory, "trace");
  const writes = 40;
  const calls = "trace=fdatasync,fsync,pwrite64,write";
  execFileSync(
    "strace",
    ["-f", "-y", "-s", "8", "-e", calls, "-e", "signal=none", "-o", trace].concat([
      process.execPath,
      ...nodeOptions,
      storm,
      join(directory, "data"),
      "1",
      String(writes),
    ]),
    { stdio: ["ignore", "ignore", "pipe"] },
  );

  let isWritten = false;
  let isSynced = false;
  let acknowledged = 0;
  for (const line of readFileSync(trace, "utf8").split("\n")) {
    // Of a call that another thread interrupts strace prints two lines; the second has the result and no path.
    if (/pwrite64\(\d+<[^>]*state\.db-wal>/.test(line)) {
      isWritten = true;
      isSynced = false;
    } else if (/f(data)?sync\(\d+<[^>]*state\.db-wal>.*= 0/.test(line)) {
      isSynced = isWritten;
    } else if (/<\.\.\. f(data)?sync resumed>.*= 0/.test(line)) {
      isSynced = isWritten;
    } else if (/write\(1<.*"ack /.test(line)) {
      acknowledged += 1;
      assert.ok(isWritten && isSynced, `acknowledgement ${acknowledged} came before its sync`);
      isWritten = false;
      isSynced = false;
    }
  }
  assert.equal(acknowledged, writes);
});
