import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Node, NodeCondition, Taint } from "../../api/types.ts";
import { formatTime } from "../../lib/clock.ts";

const NOT_READY_TAINT = "node.kubernetes.io/not-ready";
const UNREACHABLE_TAINT = "node.kubernetes.io/unreachable";

/** Conditions that an agent reports, and the taints that follow from them besides those of Ready. */
const taintsByCondition: Readonly<Record<string, string>> = {
  MemoryPressure: "node.kubernetes.io/memory-pressure",
  DiskPressure: "node.kubernetes.io/disk-pressure",
  PIDPressure: "node.kubernetes.io/pid-pressure",
  NetworkUnavailable: "node.kubernetes.io/network-unavailable",
};
const NEVER_SPOKE = "NodeStatusNeverUpdated";
const UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable";
const healthKeys: readonly string[] = [NOT_READY_TAINT, UNREACHABLE_TAINT];
const ownKeys: readonly string[] = [
  ...healthKeys,
  UNSCHEDULABLE_TAINT,
  ...Object.values(taintsByCondition),
];

/** Conditions that nobody vouches for once the agent is silent. */
const vouchedConditions: readonly string[] = [
  "Ready",
  "MemoryPressure",
  "DiskPressure",
  "PIDPressure",
];

/** The node's conditions once its agent has been silent for too long. */
export function silentConditions(node: Node, nowMs: number): readonly NodeCondition[] {
  const conditions = node.status?.conditions ?? [];
  const time = formatTime(nowMs);
  const unknown = vouchedConditions.map((type): NodeCondition => {
    const known = conditions.find((condition) => condition.type === type);
    if (known?.status === "Unknown") return known;
    return known === undefined
      ? {
          type,
          status: "Unknown",
          reason: NEVER_SPOKE,
          message: "Kubelet never posted node status.",
          lastHeartbeatTime: node.metadata.creationTimestamp ?? time,
          lastTransitionTime: time,
        }
      : {
          ...known,
          status: "Unknown",
          reason: "NodeStatusUnknown",
          message: "Kubelet stopped posting node status.",
          lastTransitionTime: time,
        };
  });
  return [...conditions.filter(({ type }) => !vouchedConditions.includes(type)), ...unknown];
}

/**
 * The taints that the node's conditions call for, beside those of others; undefined when it has them. One that makes
 * pods leave (NoExecute) is added only if `evicts` or in the place of another, but always goes with its cause.
 */
export function wantedTaints(
  node: Node,
  evicts: boolean,
  nowMs: number,
): readonly Taint[] | undefined {
  const taints = node.spec?.taints ?? [];
  const isTrue = (type: string) =>
    node.status?.conditions?.some((known) => known.type === type && known.status === "True");
  const causes = Object.entries(taintsByCondition).filter(([type]) => isTrue(type));
  const health = healthTaint(node);
  const noSchedule = new Set(causes.map(([, key]) => key));
  if (health !== undefined) noSchedule.add(health);
  if (node.spec?.unschedulable === true) noSchedule.add(UNSCHEDULABLE_TAINT);

  const kept = taints.filter(({ key, effect }) => {
    if (effect === "NoSchedule" && ownKeys.includes(key)) return noSchedule.has(key);
    if (expelsPods([{ key, effect }])) return key === health;
    return true;
  });
  const has = (key: string, effect: string) =>
    kept.some((taint) => taint.key === key && taint.effect === effect);
  const timeAdded = formatTime(nowMs);
  const wanted: Taint[] = [...kept];
  for (const key of noSchedule) {
    if (!has(key, "NoSchedule")) wanted.push({ key, effect: "NoSchedule", timeAdded });
  }
  // A node that never spoke has no pods that could leave.
  const hasSpoken = readiness(node) !== undefined;
  const expels = hasSpoken && (evicts || expelsPods(taints));
  if (expels && health !== undefined && !has(health, "NoExecute")) {
    wanted.push({ key: health, effect: "NoExecute", timeAdded });
  }
  return semanticEqual(wanted, taints) ? undefined : wanted;
}

/** Whether a node that is not well already makes its pods leave. */
export function expelsPods(taints: readonly Taint[]): boolean {
  return taints.some(({ key, effect }) => effect === "NoExecute" && healthKeys.includes(key));
}

/** The taint that says the node is not well, if it is not. */
function healthTaint(node: Node): string | undefined {
  switch (readiness(node)) {
    case "True":
      return undefined;
    case "Unknown":
      return UNREACHABLE_TAINT;
    default:
      return NOT_READY_TAINT;
  }
}

/** From this share of a zone's nodes unwell on, if more than two are, the fault is likelier ours or the network's. */
const UNWELL_SHARE_MIN = 0.55;
/** Larger zones go on losing pods then, but slowly; in others nobody is moved. */
const SMALL_ZONE_MAX = 50;
/** Nodes of a zone that begin to lose their pods are so far apart at least (0.1 a second, 0.01 in trouble). */
const EVICTION_INTERVAL_MS = 10_000;
const SLOW_EVICTION_INTERVAL_MS = 100_000;

/** Nodes of one zone are likely to fail together; those without labels are one zone too. */
export function zoneOf({ metadata }: Node): string {
  const { labels = {} } = metadata;
  const region = labels["topology.kubernetes.io/region"] ?? "";
  return `${region}/${labels["topology.kubernetes.io/zone"] ?? ""}`;
}

/**
 * How far apart nodes of a zone begin to lose their pods, in milliseconds; infinite when none shall. Where no node of
 * the cluster is well the fault is likely ours; when it is all nodes of one zone only, it is the zone's own.
 */
export function evictionIntervalMs(nodes: readonly Node[], zone: string): number {
  const isWell = (node: Node) => readiness(node) === "True";
  if (!nodes.some(isWell)) return Number.POSITIVE_INFINITY;
  const ofZone = nodes.filter((node) => zoneOf(node) === zone);
  const unwell = ofZone.filter((node) => !isWell(node)).length;
  const isTrouble = unwell > 2 && unwell / ofZone.length >= UNWELL_SHARE_MIN;
  if (!isTrouble || unwell === ofZone.length) return EVICTION_INTERVAL_MS;
  return ofZone.length > SMALL_ZONE_MAX ? SLOW_EVICTION_INTERVAL_MS : Number.POSITIVE_INFINITY;
}

/** Whether the node was marked as unknown after its agent had spoken: a node that never spoke serves nobody. */
export function wentSilent(node: Node): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "Unknown" && ready.reason !== NEVER_SPOKE;
}

export function readiness(node: Node): string | undefined {
  return node.status?.conditions?.find(({ type }) => type === "Ready")?.status;
}
