// The child of the crash test: many writers, each line of output an acknowledged write.
import { writeSync } from "node:fs";
import { errorCode } from "../../src/lib/errors.ts";
import { silentLogger } from "../../src/lib/log.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";

const [directory = "", writers = "64", writesEach = "1000000"] = process.argv.slice(2);
const storage = await openSqliteStorage({ directory, log: silentLogger });
/** Writes at once, past every buffer of ours: a line that the parent reads was said before the kill. */
function say(line: string): void {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") throw error; // The pipe is full; the parent empties it.
    }
  }
}
say(`open ${storage.revision}`);

async function write(writer: number): Promise<void> {
  const key = `writer/${String(writer).padStart(2, "0")}`;
  let revision = (await storage.get(key))?.revision ?? 0;
  for (let i = 0; i < Number(writesEach); i++) {
    const value = new TextEncoder().encode(`${process.pid}/${i}/${"x".repeat(500)}`);
    const result = await storage.write({ type: "put", key, value, expect: [{ key, revision }] });
    if (!result.done) throw new Error(`${key} was not at ${revision}`);
    revision = result.revision;
    say(`ack ${key} ${revision} ${process.pid}/${i}`);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)));
await storage[Symbol.asyncDispose]();
