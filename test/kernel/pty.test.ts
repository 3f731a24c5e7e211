import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, writeSync } from "node:fs";
import { test } from "node:test";
import { ReadStream } from "node:tty";
import { openPty, setTerminalSize } from "../../src/kernel/pty.ts";

test("a program on a terminal sees its size, its input is echoed, and its end ends the stream", async () => {
  const { master, slave, slavePath } = openPty({ columns: 132, rows: 43 });
  setTerminalSize(master, { columns: 100, rows: 40 });
  const child = spawn(
    "setsid",
    ["--ctty", "sh", "-c", "tty; stty size; read word; echo got $word"],
    {
      stdio: [slave, slave, slave],
    },
  );
  closeSync(slave);
  const screen = new ReadStream(master);
  writeSync(master, "hello\n");
  let text = "";
  screen.on("data", (chunk) => (text += chunk));
  // A terminal that nobody has open any more reads as EIO; that is its end.
  await new Promise((resolve) => screen.once("error", resolve).once("close", resolve));
  screen.destroy();
  assert.match(text, new RegExp(`${slavePath}\\r\\n`));
  assert.match(text, /40 100\r\n/);
  assert.match(text, /hello\r\n/);
  assert.match(text, /got hello\r\n/);
  assert.equal(child.killed, false);
});
