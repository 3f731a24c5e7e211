import type { Informers } from "../client/api.ts";
import type { Conntrack } from "../kernel/conntrack.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Sockets } from "../lib/sockets.ts";
import type { ProxyHealth } from "./health.ts";
import { ProxyLoop } from "./proxy-loop.ts";
import type { SyncCounters, SyncReport } from "./sync-log.ts";
import type { DataPlane } from "./table/data-plane.ts";
import type { ForwardingTable } from "./table/forwarding-table.ts";
import type { ProxyConfig } from "./table/proxy-config.ts";

export interface ProxyOptions {
  readonly nodeName: string;
  readonly config: ProxyConfig;
  readonly informers: Informers;
  readonly dataPlane: DataPlane;
  /** Cuts off UDP flows to endpoints that are gone; without it they go on for as long as their clients send. */
  readonly conntrack?: Pick<Conntrack, "listUdp" | "delete">;
  /** The node's; health checks are answered there. Without them nobody is answered. */
  readonly sockets?: Sockets;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: Logger;
  /** Ends the loop. What is in the kernel stays in force. */
  readonly signal: AbortSignal;
  /** Hears of every round, also of those that failed. */
  readonly onSynced?: (report: SyncReport) => void;
  readonly timing?: Partial<ProxyTiming>;
}

export interface ProxyTiming {
  /** From the end of one round to the start of the next, at least. */
  readonly gapMs: number;
  /** How often to look whether somebody else changed the kernel's state. */
  readonly driftCheckMs: number;
}

/** The proxy of one node while it runs. */
export interface RunningProxy {
  readonly nodeName: string;
  /** What the data plane was last told. */
  readonly table: ForwardingTable;
  readonly counters: SyncCounters;
  /** The last rounds, oldest first. */
  readonly reports: readonly SyncReport[];
  health(): ProxyHealth;
  /** Resolves after the first round that succeeded; rejects when the signal aborts first. */
  readonly ready: Promise<void>;
  /** Resolves when the loop has ended. */
  readonly done: Promise<void>;
}

/**
 * Keeps one node's data plane at what the API server says.
 *
 * Nothing is written before both lists are complete; then everything once, then what changed. Events
 * only mark what changed; all that arrives in one turn of the event loop, or while a round runs, is one
 * round.
 */
export function runProxy(options: ProxyOptions): RunningProxy {
  const loop = new ProxyLoop(options);
  const done = loop.run();
  return {
    nodeName: options.nodeName,
    get table() {
      return loop.table;
    },
    get counters() {
      return loop.log.counters;
    },
    get reports() {
      return loop.log.reports;
    },
    health: () => loop.health(),
    ready: loop.ready.promise,
    done,
  };
}
