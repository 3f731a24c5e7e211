import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "../src/lib/log.ts";
import { openSqliteStorage } from "../src/storage/sqlite/sqlite-storage.ts";
import { report, summarize } from "./report.ts";

// Durable writes a second: each is acknowledged only when it is on disk. 2 kB values, so that the figures stand beside
// those of the first experiments; the disk's own limit (4 kB written and fdatasync) is measured in the same run.

const valueBytes = 2048;
const seconds = 4;
const writersList = [1, 8, 64, 256];

const dir = await mkdtemp(join(tmpdir(), "portolan-bench-storage-"));
const rows = [];
try {
  const fsync = measureDisk(join(dir, "disk"));
  rows.push({ what: "raw 4 kB fdatasync", ...fsync, "commits/s": fsync["writes/s"] });
  for (const writers of writersList) {
    rows.push({
      what: `${writers} writer${writers === 1 ? "" : "s"}`,
      ...(await measure(writers)),
    });
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
report(
  "storage",
  rows,
  "beside it: SQLite alone, group commit: 2,553 with 1, 20,182 with 8, 36,518 with 64, 39,894 with 256 writers; etcd 3.4: 995 with 1, 3,772 with 64",
);

async function measure(writers: number) {
  await using storage = await openSqliteStorage({
    directory: join(dir, `writers-${writers}`),
    log: silentLogger,
  });
  const value = Buffer.alloc(valueBytes, "x");
  const latencies: number[] = [];
  const run = async (writer: number, end: number, isMeasured: boolean) => {
    for (let i = 0; performance.now() < end; i++) {
      const startedMs = performance.now();
      const key = `/bench/${isMeasured}/${writer}/${i}`;
      const result = await storage.write({
        type: "put",
        key,
        value,
        expect: [{ key, revision: 0 }],
      });
      if (!result.done) throw new Error(`"${key}" exists already`);
      if (isMeasured) latencies.push(performance.now() - startedMs);
    }
  };
  const all = (until: number, isMeasured: boolean) =>
    Promise.all(Array.from({ length: writers }, (_, writer) => run(writer, until, isMeasured)));
  // The write-ahead log first grows to its size; afterwards a commit is cheaper.
  await all(performance.now() + 1000, false);
  const commitsBefore = storage.counters.commits;
  const startedMs = performance.now();
  await all(startedMs + seconds * 1000, true);
  const elapsed = (performance.now() - startedMs) / 1000;
  const { count, p50, p99 } = summarize(latencies);
  const stored = await storage.list("/bench/true/");
  if (stored.entries.length !== count) throw new Error("A write that was acknowledged is missing");
  return {
    "writes/s": Math.round(count / elapsed),
    "commits/s": Math.round((storage.counters.commits - commitsBefore) / elapsed),
    "p50 ms": p50,
    "p99 ms": p99,
  };
}

function measureDisk(path: string) {
  const file = openSync(path, "w");
  const block = Buffer.alloc(4096, "x");
  const latencies: number[] = [];
  const startedMs = performance.now();
  for (let i = 0; i < 2000; i++) {
    const before = performance.now();
    writeSync(file, block, 0, block.length, (i % 256) * block.length);
    fdatasyncSync(file);
    latencies.push(performance.now() - before);
  }
  closeSync(file);
  const { p50, p99 } = summarize(latencies);
  const perSecond = Math.round((latencies.length * 1000) / (performance.now() - startedMs));
  return { "writes/s": perSecond, "p50 ms": p50, "p99 ms": p99 };
}
