import { nanosOf } from "../../api/quantity.ts";
import type { Node } from "../../api/types.ts";

export const ZONE_LABEL = "topology.kubernetes.io/zone";
/** Nodes with one of these labels, whatever its value, take no traffic that would have to be shared out. */
const EXCLUDING_LABELS = [
  "node-role.kubernetes.io/control-plane",
  "node-role.kubernetes.io/master",
];

/** The share of the cluster's CPU in each zone; two zones at least, and all shares together are one. */
export type ZoneShares = ReadonlyMap<string, number>;

/**
 * Which part of the traffic each zone is taken to make and to bear: that of its allocatable CPU (KEP-2433). Undefined
 * when it cannot be told: a ready node has no zone or no CPU, or there are fewer than two zones.
 */
export function zoneShares(nodes: readonly Node[]): ZoneShares | undefined {
  const cpus = new Map<string, bigint>();
  let total = 0n;
  for (const node of nodes) {
    const facts = zoneFacts(node);
    if (!facts.counts) continue;
    if (facts.zone === "" || facts.cpu === 0n) return undefined;
    cpus.set(facts.zone, (cpus.get(facts.zone) ?? 0n) + facts.cpu);
    total += facts.cpu;
  }
  if (cpus.size < 2) return undefined;
  const inOrder = [...cpus].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(inOrder.map(([zone, cpu]) => [zone, Number(cpu) / Number(total)]));
}

/** Whether a change of a node leaves the shares as they are; its heartbeats do. */
export function isSameToShares(before: Node, after: Node): boolean {
  const [a, b] = [zoneFacts(before), zoneFacts(after)];
  return a.counts === b.counts && a.zone === b.zone && a.cpu === b.cpu;
}

function zoneFacts({ metadata, status }: Node) {
  const { labels = {} } = metadata;
  const ready = status?.conditions?.find(({ type }) => type === "Ready");
  return {
    counts: ready?.status === "True" && !EXCLUDING_LABELS.some((label) => label in labels),
    zone: labels[ZONE_LABEL] ?? "",
    /** In billionths. */
    cpu: nanosOf(status?.allocatable?.["cpu"]) ?? 0n,
  };
}
