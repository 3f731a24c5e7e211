import type { Transport } from "./wire/reply.ts";

/** What a server counts, since it began. Written on the hot path, read by whoever shows it. */
export interface DnsCounters {
  readonly queries: Record<Transport, number>;
  /** Answers by their code, as in the header (without EDNS' upper bits). */
  readonly rcodes: number[];
  forwarded: number;
  truncated: number;
  /** Packets that get no answer: too short, answers themselves, or from port 0. */
  ignored: number;
  /** Answers that could not be sent. */
  dropped: number;
  /** TCP connections that were closed because there were too many. */
  rejectedConnections: number;
}

export function createCounters(): DnsCounters {
  return {
    queries: { udp: 0, tcp: 0 },
    rcodes: new Array<number>(16).fill(0),
    forwarded: 0,
    truncated: 0,
    ignored: 0,
    dropped: 0,
    rejectedConnections: 0,
  };
}
