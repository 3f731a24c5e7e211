import { nanosOf } from "../../api/quantity.ts";
import type { Container, ContainerPort, Node, Pod } from "../../api/types.ts";
import type { Obstacle } from "./obstacle.ts";
import { forNow } from "./obstacle.ts";

/** Pods a node takes unless it says otherwise (the kubelet's figure). */
const PODS_MAX = 110;
/** What every node has, also one that does not say how much: such a node is not held to it. */
const COMMON_RESOURCES: readonly string[] = ["cpu", "memory", "ephemeral-storage"];

/** Amounts in billionths, by resource. */
type Amounts = ReadonlyMap<string, bigint>;

/** What a node lacks for a pod beside the pods it has; undefined when there is room. */
export function lackingRoom(node: Node, pod: Pod, present: readonly Pod[]): Obstacle | undefined {
  const ports = hostPorts(pod);
  if (ports.length > 0 && present.some((other) => sharesPort(ports, hostPorts(other)))) {
    return forNow("node(s) didn't have free ports for the requested pod ports");
  }
  const allocatable = node.status?.allocatable ?? {};
  const podsMax = Number(allocatable["pods"] ?? PODS_MAX);
  const lacking = present.length >= podsMax ? ["Too many pods"] : [];
  let isForGood = false;
  for (const [resource, wanted] of requestsOf(pod)) {
    const size = nanosOf(allocatable[resource]);
    if (wanted === 0n || (size === undefined && COMMON_RESOURCES.includes(resource))) continue;
    const used = present.reduce((sum, other) => sum + (requestsOf(other).get(resource) ?? 0n), 0n);
    if (used + wanted <= (size ?? 0n)) continue;
    lacking.push(`Insufficient ${resource}`);
    isForGood ||= wanted > (size ?? 0n);
  }
  return lacking.length === 0 ? undefined : { reasons: lacking, isForGood };
}

/** Objects of caches never change, and each pod of a node is asked for every pod to place. */
const requestsOfPods = new WeakMap<Pod, Amounts>();

/**
 * What a pod asks for: its containers and sidecars (restartable init containers) run together, each other init container
 * runs beside the sidecars before it, and the larger of both counts; a runtime's overhead comes on top.
 */
export function requestsOf(pod: Pod): Amounts {
  const known = requestsOfPods.get(pod);
  if (known !== undefined) return known;
  const { containers = [], initContainers = [], overhead = {} } = pod.spec ?? {};
  let running: Amounts = new Map();
  let peak: Amounts = new Map();
  for (const container of initContainers) {
    const own = requestsOfContainer(container);
    if (container.restartPolicy === "Always") running = sum(running, own);
    else peak = largest(peak, sum(running, own));
  }
  for (const container of containers) running = sum(running, requestsOfContainer(container));
  const requests = sum(largest(running, peak), amountsOf(overhead));
  requestsOfPods.set(pod, requests);
  return requests;
}

function requestsOfContainer({ resources }: Container): Amounts {
  // A request that is left out is the limit.
  return amountsOf({ ...resources?.limits, ...resources?.requests });
}

function amountsOf(quantities: Readonly<Record<string, string | number>>): Amounts {
  return new Map(Object.entries(quantities).map(([name, text]) => [name, nanosOf(text) ?? 0n]));
}

function sum(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (x, y) => x + y);
}

function largest(a: Amounts, b: Amounts): Amounts {
  return combined(a, b, (x, y) => {
    if (x > y) return x;
    return y;
  });
}

function combined(a: Amounts, b: Amounts, pick: (x: bigint, y: bigint) => bigint): Amounts {
  const names = new Set([...a.keys(), ...b.keys()]);
  return new Map([...names].map((name) => [name, pick(a.get(name) ?? 0n, b.get(name) ?? 0n)]));
}

/** Whether two pods want the same port of their node: same protocol and number, and addresses that overlap. */
function sharesPort(wanted: readonly ContainerPort[], taken: readonly ContainerPort[]): boolean {
  return wanted.some((port) =>
    taken.some(
      (other) =>
        port.hostPort === other.hostPort &&
        (port.protocol ?? "TCP") === (other.protocol ?? "TCP") &&
        overlaps(port.hostIP, other.hostIP),
    ),
  );
}

function hostPorts({ spec }: Pod): readonly ContainerPort[] {
  const sidecars = (spec?.initContainers ?? []).filter((c) => c.restartPolicy === "Always");
  return [...(spec?.containers ?? []), ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .filter(({ hostPort = 0 }) => hostPort > 0);
}

function overlaps(a = "0.0.0.0", b = "0.0.0.0"): boolean {
  return a === b || a === "0.0.0.0" || b === "0.0.0.0";
}
