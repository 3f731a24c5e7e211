import assert from "node:assert/strict";
import { once } from "node:events";
import { closeSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ReadStream } from "node:tty";
import { openPty } from "../../src/kernel/pty.ts";
import { companions, Lab, survivors } from "./harness.ts";

test("run names the nodes there are, and says when nothing runs", async () => {
  await using lab = new Lab();
  const stopped = await lab.drive("run", "node-1", "true");
  assert.equal(stopped.answer.code, "NOT_RUNNING");
  assert.equal(stopped.exitCode, 1);
  await lab.up({ nodes: 1 });
  const wrong = await lab.drive("run", "../client", "true");
  assert.equal(wrong.answer.code, "NO_SUCH_NODE");
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.answer.remedy, /node-1, client/);
  assert.ok(readFileSync(join(lab.dataDir, "sandbox.log"), "utf8").includes("Built the fabric"));
});

test("at a terminal Ctrl-C reaches the command that run started, and nothing else", async () => {
  await using lab = new Lab();
  await lab.up({ nodes: 1 });
  const { master, slave } = openPty({ columns: 80, rows: 24 });
  const command = lab.spawnAt(slave, "run", "node-1", "bash", "--norc", "-i");
  const ended = once(command, "exit");
  closeSync(slave);
  const screen = new ReadStream(master);
  let seen = "";
  screen.on("data", (chunk) => (seen += chunk)).on("error", () => {});
  const until = async (wanted: RegExp) => {
    for (let tries = 0; !wanted.test(seen); tries++) {
      assert.ok(tries < 3000, seen);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await until(/# $/);
  // Its handler is there when it says so: a Ctrl-C during the start of a program belongs to nobody.
  writeSync(master, "sh -c 'trap \"exit 9\" INT; echo go; while :; do sleep 0.1; done'\n");
  await until(/\rgo\r\n/);
  writeSync(master, "\x03");
  await until(/\^C[\s\S]*# $/);
  writeSync(master, "echo ended with $?; exit 5\n");
  await until(/ended with 9\r\n/);
  const [exitCode] = await ended;
  assert.equal(exitCode, 5);
  screen.destroy();
});

test("a command on a node ends with the run that started it", async () => {
  await using lab = new Lab();
  await lab.up({ nodes: 1 });
  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
    const before = companions(lab.pid("node"));
    const command = lab.spawn("run", "node-1", "sh", "-c", "echo go; exec sleep 60");
    await once(command.stdout!, "data");
    const started = companions(lab.pid("node")).filter((pid) => !before.includes(pid));
    command.kill(signal);
    await once(command, "exit");
    // A run that was killed can not end its command: that one goes with the sandbox.
    if (signal === "SIGKILL") await lab.drive("down");
    for (let tries = 0; survivors(started).length > 0 && tries < 3000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(survivors(started), [], signal);
  }
});
