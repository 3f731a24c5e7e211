import { systemClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";

/** A start is followed by people's first commands; the pause (about 40 ms) shall come after them. */
const AFTER_START_MS = 5000;

/**
 * Lets go, once, of what only the start needed: sources, compiled code, first lists. V8 would do so when its heap has
 * grown by as much again, which an idle cluster never does. 15 of 75 MiB on a sandbox of three nodes. Needs
 * `--expose-gc`; without it nothing happens.
 */
export async function shedMemory(signal: AbortSignal, log: Logger): Promise<void> {
  await systemClock.sleep(AFTER_START_MS, signal);
  if (signal.aborted || globalThis.gc === undefined) return;
  const startedMs = systemClock.monotonicMs();
  globalThis.gc({ type: "major", flavor: "last-resort", execution: "sync" });
  log.debug("Shed memory", { durationMs: systemClock.monotonicMs() - startedMs });
}
