import type { EndpointSubset } from "../../api/types.ts";
import { subset } from "../endpoint-subsets.ts";

/** Addresses an Endpoints object holds at most; what is more is only in slices. */
export const ADDRESSES_MAX = 1000;

/**
 * Cuts to `ADDRESSES_MAX`, ready ones first; each subset keeps its share, rounded up, while there is room.
 * Undefined when there is nothing to cut.
 */
export function truncateSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] | undefined {
  const count = (field: "addresses" | "notReadyAddresses") =>
    subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0);
  const ready = count("addresses");
  const notReady = count("notReadyAddresses");
  if (ready + notReady <= ADDRESSES_MAX) return undefined;

  const cutsReady = ready > ADDRESSES_MAX;
  const total = cutsReady ? ready : notReady;
  const room = cutsReady ? ADDRESSES_MAX : ADDRESSES_MAX - ready;
  let left = room;
  const kept = subsets.map(({ addresses = [], notReadyAddresses = [], ports }) => {
    const cut = cutsReady ? addresses : notReadyAddresses;
    const share = cut.slice(0, Math.min(left, Math.ceil((cut.length / total) * room)));
    left -= share.length;
    return cutsReady ? subset(share, [], ports) : subset(addresses, share, ports);
  });
  return kept.filter(
    (part) => part.addresses !== undefined || part.notReadyAddresses !== undefined,
  );
}
