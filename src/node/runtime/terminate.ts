import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Pauses between looks at the program, in milliseconds, by how long it is being terminated. */
const looks = [
  { untilMs: 200, pauseMs: 2 },
  { untilMs: 2_000, pauseMs: 10 },
  { untilMs: Number.POSITIVE_INFINITY, pauseMs: 100 },
] as const;

/**
 * Sends SIGTERM to process 1 of a container once it can hear it. For a process 1 without a handler the kernel drops
 * the signal (pid_namespaces(7)), and a program that is just starting has none yet: sent at once it would be lost, and
 * the pod would stay for its whole grace period.
 *
 * Some runtimes (Node) begin with a handler that takes itself away and signals itself again, which process 1 survives:
 * a handler that is set later gets the signal, too. One that stays gets it once. Call the result when the process has
 * ended.
 */
export function terminateWhenHeard(pid: number, send: () => void): () => void {
  const startMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let isSent = false;
  const look = () => {
    const canHear = hears(pid);
    if (canHear && !isSent) send();
    isSent = canHear;
    const elapsedMs = performance.now() - startMs;
    const pauseMs = looks.find(({ untilMs }) => elapsedMs < untilMs)?.pauseMs;
    timer = setTimeout(look, pauseMs);
  };
  look();
  return () => clearTimeout(timer);
}

/** Whether it catches SIGTERM, or blocks it to read it later. */
function hears(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const masks = [...status.matchAll(/^Sig(?:Cgt|Blk):\s*([0-9a-f]+)$/gm)];
    const bit = 1n << BigInt(constants.signals.SIGTERM - 1);
    return masks.some(([, mask = "0"]) => (BigInt(`0x${mask}`) & bit) !== 0n);
  } catch {
    return false;
  }
}
