import assert from "node:assert/strict";
import { closeSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { openPipe } from "../../src/kernel/processes.ts";
import { spawnProgram } from "../../src/kernel/spawn.ts";

const skip = process.platform === "linux" ? false : "programs are started by system calls of Linux";

/** Runs a script of a shell; what it printed, and how it ended. */
async function run(script: string) {
  const { read, write } = openPipe();
  const child = spawnProgram({
    program: "/bin/sh",
    args: ["-c", script],
    stdio: ["ignore", write, "ignore"],
    isSessionLeader: true,
  });
  closeSync(write);
  const exit = await child.exited;
  const output = readFileSync(read, "utf8");
  closeSync(read);
  return { ...exit, output };
}

const cases: readonly {
  readonly name: string;
  readonly script: string;
  readonly want: { readonly exitCode: number; readonly signal?: number; readonly output: string };
}[] = [
  { name: "an exit status", script: "exit 7", want: { exitCode: 7, output: "" } },
  {
    name: "the end by a signal",
    script: "kill -TERM $$",
    want: { exitCode: 143, signal: 15, output: "" },
  },
  {
    name: "input that has an end",
    script: "cat; echo end",
    want: { exitCode: 0, output: "end\n" },
  },
  {
    name: "no variable of this process",
    script: "env | grep -c -v -e ^PWD= -e ^SHLVL= -e ^_=",
    want: { exitCode: 1, output: "0\n" },
  },
  {
    name: "no blocked and no ignored signal",
    script: "grep -c -E '^Sig(Blk|Ign):.0+$' /proc/self/status",
    want: { exitCode: 0, output: "2\n" },
  },
  {
    name: "a session of its own",
    script:
      "read _ _ _ _ group session _ < /proc/$$/stat; test $group-$session = $$-$$ && echo own",
    want: { exitCode: 0, output: "own\n" },
  },
];

for (const { name, script, want } of cases) {
  test(`spawnProgram: ${name}`, { skip }, async () => {
    assert.deepEqual(await run(script), want);
  });
}

test("spawnProgram: kill ends a program, and nothing else after its end", { skip }, async () => {
  const stdio = ["ignore", "ignore", "ignore"] as const;
  const child = spawnProgram({
    program: "/bin/sleep",
    args: ["60"],
    stdio,
    isSessionLeader: false,
  });
  child.kill("SIGKILL");
  assert.deepEqual(await child.exited, { exitCode: 137, signal: 9 });
  child.kill("SIGKILL");
});

test("spawnProgram: what cannot be started says why", { skip }, () => {
  const stdio = ["ignore", "ignore", "ignore"] as const;
  const start = (program: string, args: readonly string[]) => () =>
    spawnProgram({ program, args, stdio, isSessionLeader: false });
  assert.throws(start("/no/such", []), { code: "ENOENT" });
  assert.throws(start("/bin/true", ["x".repeat(1 << 20)]), { code: "E2BIG" });
});
