import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Pauses between looks at the program, in milliseconds, by how long it is being terminated. */
const looks = [
  { untilMs: 200, pauseMs: 2 },
  { untilMs: 2_000, pauseMs: 10 },
  { untilMs: Number.POSITIVE_INFINITY, pauseMs: 100 },
] as const;

/**
 * How long to wait at once for a signal to be taken, in milliseconds. Most programs take it within one; on a machine
 * with too much to do a program may wait this long for its turn. One that cannot have a turn is not waited for.
 */
const DELIVERY_MAX_MS = 1_000;

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
  let isHeard = false;
  const look = () => {
    const masks = signalMasks(pid);
    const canHear = hears(masks);
    if (canHear && !isHeard) {
      send();
      // What is blocked is kept for the program, whenever it comes to read it.
      isHeard = masks.blocked || staysWhenTaken(pid);
    } else {
      isHeard = canHear;
    }
    const elapsedMs = performance.now() - startMs;
    const pauseMs = looks.find(({ untilMs }) => elapsedMs < untilMs)?.pauseMs;
    timer = setTimeout(look, pauseMs);
  };
  look();
  return () => clearTimeout(timer);
}

/**
 * Whether the handler is still there when it has taken the signal. The kernel takes a handler of one use away in the
 * same step in which it delivers the signal, and shows both together. Waits in place: by the time that a timer of a
 * busy agent fires, a program may have set its own handler, and the two could not be told apart.
 */
function staysWhenTaken(pid: number): boolean {
  const untilMs = performance.now() + DELIVERY_MAX_MS;
  let masks = signalMasks(pid);
  while (masks.pending && !masks.blocked && masks.runs && performance.now() < untilMs) {
    Atomics.wait(sleeper, 0, 0, 1);
    masks = signalMasks(pid);
  }
  // A handler that runs blocks the signal meanwhile, also one that has been taken away.
  return masks.caught;
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** Whether it catches SIGTERM, or blocks it to read it later. */
function hears({ caught, blocked }: SignalMasks): boolean {
  return caught || blocked;
}

/** What the kernel says of SIGTERM in a process: all of one moment. */
interface SignalMasks {
  /** Neither stopped nor waiting for a device. */
  readonly runs: boolean;
  readonly pending: boolean;
  readonly blocked: boolean;
  readonly caught: boolean;
}

/** Of a process that is gone, all are false. */
function signalMasks(pid: number): SignalMasks {
  const status = readStatus(pid);
  const has = (field: string) => {
    const mask = new RegExp(`^${field}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
    return (BigInt(`0x${mask}`) & SIGTERM_BIT) !== 0n;
  };
  return {
    runs: /^State:\s*[RS]/m.test(status),
    pending: has("ShdPnd"),
    blocked: has("SigBlk"),
    caught: has("SigCgt"),
  };
}

const SIGTERM_BIT = 1n << BigInt(constants.signals.SIGTERM - 1);

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
