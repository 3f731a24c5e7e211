import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** How often is looked whether a program has become able to hear SIGTERM, in milliseconds. */
const LOOK_MS = 50;

/**
 * Sends SIGTERM to process 1 of a container once it can hear it: for a process 1 without a handler the kernel drops
 * the signal (pid_namespaces(7)), and a program that is just starting has none yet. Sent at once it would be lost, and
 * the pod would stay for its whole grace period. Call the result when the process has ended.
 */
export function terminateWhenHeard(pid: number, send: () => void): () => void {
  if (hears(pid)) {
    send();
    return () => {};
  }
  const timer = setInterval(() => {
    if (!hears(pid)) return;
    clearInterval(timer);
    send();
  }, LOOK_MS);
  return () => clearInterval(timer);
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
