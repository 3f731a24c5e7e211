import type { EndpointFacts } from "./slice-facts.ts";

/** Where this proxy stands. */
export interface NodeFacts {
  readonly nodeName: string;
  /** The node's `topology.kubernetes.io/zone`. */
  readonly zone?: string;
}

/** Which of its endpoint lists a Service port makes use of at all. */
export interface ListUse {
  readonly cluster: boolean;
  readonly local: boolean;
}

/** The endpoints that the traffic policies of one Service port may use on one node. */
export interface ChosenEndpoints<E> {
  /** For policy Cluster; undefined where no traffic has that policy. */
  readonly cluster: readonly E[] | undefined;
  /** For policy Local; undefined where no traffic has that policy. */
  readonly local: readonly E[] | undefined;
  /**
   * Whether anybody could serve this port, here or on another node. It tells the two failures apart:
   * nobody at all is refused at once; nobody here is dropped, since another node may do.
   */
  readonly hasAnyInCluster: boolean;
}

/**
 * Chooses endpoints by readiness (KEP-1669), traffic policy (KEP-2086) and topology hints (KEP-2433, KEP-3015).
 *
 * The order of the endpoints is kept. Hints never touch the local list, and the two lists fall back to
 * endpoints that are shutting down but still serving each on its own.
 */
export function chooseEndpoints<E extends EndpointFacts>(
  endpoints: readonly E[],
  use: ListUse,
  node: NodeFacts,
): ChosenEndpoints<E> {
  const ready = endpoints.filter((endpoint) => endpoint.isReady);
  const draining = endpoints.filter((e) => !e.isReady && e.isServing && e.isTerminating);
  const isLocal = (endpoint: E) => isOnNode(endpoint, node);

  const local = firstNonEmpty(ready.filter(isLocal), draining.filter(isLocal));
  const cluster = firstNonEmpty(ready.filter(topologyFilter(ready, node)), draining);
  return {
    cluster: use.cluster ? cluster : undefined,
    local: use.local ? local : undefined,
    hasAnyInCluster: ready.length > 0 || draining.length > 0,
  };
}

/** The union of both lists, in the order of `cluster` first. */
export function reachableEndpoints<E>(chosen: ChosenEndpoints<E>): readonly E[] {
  return [...new Set([...(chosen.cluster ?? []), ...(chosen.local ?? [])])];
}

/** Whether the endpoint is on this node; its address says nothing about that. */
export function isOnNode(endpoint: EndpointFacts, node: NodeFacts): boolean {
  return endpoint.nodeName === node.nodeName;
}

/**
 * Which ready endpoints the hints allow this node. All or nothing: one ready endpoint without a hint, or
 * no endpoint meant for here, and hints of that sort are not used.
 */
function topologyFilter(
  ready: readonly EndpointFacts[],
  { nodeName, zone }: NodeFacts,
): (endpoint: EndpointFacts) => boolean {
  const forThisNode = (e: EndpointFacts) => e.forNodes.includes(nodeName);
  if (ready.every((e) => e.forNodes.length > 0) && ready.some(forThisNode)) return forThisNode;
  if (zone === undefined) return () => true;
  const forThisZone = (e: EndpointFacts) => e.forZones.includes(zone);
  if (ready.every((e) => e.forZones.length > 0) && ready.some(forThisZone)) return forThisZone;
  return () => true;
}

function firstNonEmpty<E>(first: readonly E[], second: readonly E[]): readonly E[] {
  return first.length > 0 ? first : second;
}
