import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import {
  ContainerLog,
  LOG_FILE_BYTES_MAX,
  readLogFiles,
} from "../../src/node/runtime/container-log.ts";

const dir = mkdtempSync(join(tmpdir(), "portolan-log-"));
after(() => rmSync(dir, { recursive: true }));

test("ContainerLog: on a full disk output is lost, but not for those who follow", () => {
  const path = join(dir, "full.log");
  symlinkSync("/dev/full", path);
  const log = new ContainerLog(path, () => 0);
  const seen: (string | undefined)[] = [];
  log.follow((entry) => seen.push(entry?.toString().trimEnd().split(" ").at(-1)));
  log.write("stdout", Buffer.from("one\n"));
  log.write("stdout", Buffer.from("rest"));
  log.close();
  assert.deepEqual(seen, ["one", "rest", undefined]);
});

test("ContainerLog: one file is put aside, older ones go", () => {
  const path = join(dir, "long.log");
  const log = new ContainerLog(path, () => 0);
  const line = `${"x".repeat(8_000)}\n`;
  const lines = Math.ceil((2.5 * LOG_FILE_BYTES_MAX) / line.length);
  for (let i = 0; i < lines; i++) log.write("stdout", Buffer.from(`${i} ${line}`));
  log.close();
  const all = readLogFiles(path);
  assert.ok(all.length > LOG_FILE_BYTES_MAX && all.length <= 2 * LOG_FILE_BYTES_MAX);
  assert.ok(all.includes(` ${lines - 1} xxx`) && !all.includes(" 0 xxx"));
});
