import { canonicalDataDir } from "../sandbox/data-dir.ts";
import { down } from "../sandbox/down.ts";
import type { Output } from "./terminal.ts";

/** `portolan down`: it is no failure if nothing runs, so that a script may call it twice. */
export async function runDown(dataDir: string | undefined, output: Output): Promise<number> {
  const startedMs = performance.now();
  const wasRunning = await down(dataDir);
  const path = canonicalDataDir(dataDir);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  output.stderr(
    wasRunning
      ? `Stopped the sandbox in ${path} · ${seconds} s · its data stay there\n`
      : `No sandbox runs in ${path}\n`,
  );
  return 0;
}
