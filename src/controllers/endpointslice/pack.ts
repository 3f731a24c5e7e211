import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Endpoint, EndpointSlice } from "../../api/types.ts";
import { endpointKey } from "./endpoints-of.ts";

/** What becomes of the slices of one group of ports. */
export interface Packing {
  /** Contents of slices to make. */
  readonly fresh: readonly (readonly Endpoint[])[];
  /** Slices to write again, with their new contents. */
  readonly changed: readonly Held[];
  readonly unchanged: readonly EndpointSlice[];
  readonly emptied: readonly EndpointSlice[];
}

/** A slice and what it shall hold. */
export interface Held {
  readonly slice: EndpointSlice;
  readonly endpoints: readonly Endpoint[];
}

export interface PackInput {
  readonly existing: readonly EndpointSlice[];
  /** By `endpointKey`. */
  readonly desired: ReadonlyMap<string, Endpoint>;
  readonly endpointsMax: number;
  /** Whether a slice has to be written again anyway, for its labels. */
  readonly isOutdated: (slice: EndpointSlice) => boolean;
}

/**
 * Distributes endpoints over slices with few writes rather than few slices: each write goes to every node.
 * Endpoints stay where they are; newcomers fill slices that are written anyway, fullest first; what is left makes
 * full new slices, and the remainder goes as a whole into the one untouched slice that ends closest to full.
 */
export function packEndpoints({ existing, desired, endpointsMax, isOutdated }: PackInput): Packing {
  const left = new Map(desired);
  const changed: { slice: EndpointSlice; endpoints: Endpoint[] }[] = [];
  const unchanged: EndpointSlice[] = [];
  const emptied: EndpointSlice[] = [];

  for (const slice of existing) {
    const endpoints: Endpoint[] = [];
    let isChanged = false;
    for (const endpoint of slice.endpoints ?? []) {
      const key = endpointKey(endpoint);
      const wanted = left.get(key);
      if (wanted === undefined) {
        isChanged = true;
        continue;
      }
      left.delete(key);
      endpoints.push(wanted);
      if (!isSameContent(endpoint, wanted)) isChanged = true;
    }
    if (isChanged && endpoints.length === 0) emptied.push(slice);
    else if (isChanged || isOutdated(slice)) changed.push({ slice, endpoints });
    else unchanged.push(slice);
  }

  const fullestFirst = changed.toSorted((a, b) => b.endpoints.length - a.endpoints.length);
  for (const { endpoints } of fullestFirst) {
    endpoints.push(...take(left, endpointsMax - endpoints.length));
  }
  const fresh: Endpoint[][] = [];
  while (left.size > 0) {
    const fill =
      left.size < endpointsMax ? closestFit(unchanged, left.size, endpointsMax) : undefined;
    if (fill === undefined) {
      fresh.push(take(left, endpointsMax));
      continue;
    }
    unchanged.splice(unchanged.indexOf(fill), 1);
    changed.push({
      slice: fill,
      endpoints: [...currentOf(fill, desired), ...take(left, left.size)],
    });
  }
  return { fresh, changed, unchanged, emptied };
}

/** The endpoints of an untouched slice as they are wanted, so that hints worked out later start afresh. */
function currentOf(slice: EndpointSlice, desired: ReadonlyMap<string, Endpoint>): Endpoint[] {
  return (slice.endpoints ?? []).map((endpoint) => desired.get(endpointKey(endpoint)) ?? endpoint);
}

/** The slice that `count` more endpoints bring closest to full, without going over. */
function closestFit(
  slices: readonly EndpointSlice[],
  count: number,
  endpointsMax: number,
): EndpointSlice | undefined {
  let best: EndpointSlice | undefined;
  for (const slice of slices) {
    const held = slice.endpoints?.length ?? 0;
    const fits = held + count <= endpointsMax;
    if (fits && held > (best?.endpoints?.length ?? -1)) best = slice;
  }
  return best;
}

/** Removes and returns the first `count`. */
function take(left: Map<string, Endpoint>, count: number): Endpoint[] {
  const taken: Endpoint[] = [];
  for (const [key, endpoint] of left) {
    if (taken.length >= count) break;
    left.delete(key);
    taken.push(endpoint);
  }
  return taken;
}

/** Beyond the identity. Hints are compared where they are worked out. */
function isSameContent(a: Endpoint, b: Endpoint): boolean {
  return (
    a.nodeName === b.nodeName &&
    a.zone === b.zone &&
    a.conditions?.ready === b.conditions?.ready &&
    a.conditions?.serving === b.conditions?.serving &&
    a.conditions?.terminating === b.conditions?.terminating &&
    semanticEqual(referenceOf(a), referenceOf(b))
  );
}

function referenceOf({ targetRef }: Endpoint): unknown {
  return [targetRef?.kind, targetRef?.namespace, targetRef?.name, targetRef?.uid];
}
