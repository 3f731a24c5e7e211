import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Endpoint, EndpointSlice } from "../../api/types.ts";
import type { SliceDraft } from "./slice-draft.ts";
import { isHintable } from "./slice-draft.ts";
import type { ZoneShares } from "./zone-shares.ts";

/** How much more than its fair share a single endpoint may have to bear (kube-controller-manager's figure). */
const OVERLOAD_MAX = 0.2;

/** Ready endpoints by the zone that they are hinted to. */
export type ZoneCounts = ReadonlyMap<string, number>;

/** How many endpoints a zone shall have. */
export interface Allocation {
  readonly minimum: number;
  readonly maximum: number;
  readonly desired: number;
}

/** Why the annotation is without effect, in the words of Kubernetes' events. */
interface Refusal {
  readonly type: "refused";
  readonly reason: string;
}

export type ZoneHints =
  | Refusal
  | { readonly type: "hinted"; readonly draft: SliceDraft; readonly zones: ZoneCounts };

/**
 * Hints the endpoints of one family under `service.kubernetes.io/topology-mode: Auto` (KEP-2433), so that each zone has
 * as many of them as its share asks for. Slices that need not be written keep the hints they have while these still
 * do; the endpoints of all others begin with their own zone, and a surplus goes to zones that lack some.
 */
export function hintByZones(draft: SliceDraft, shares: ZoneShares | undefined): ZoneHints {
  const allSlices = [...draft.creates, ...draft.updates, ...draft.unchanged];
  const readyCount = allSlices.reduce((sum, { endpoints = [] }) => sum + readyOf(endpoints), 0);
  const allocations = allocate(shares, readyCount);
  if (allocations.type === "refused") return allocations;

  const zones = new Map<string, number>();
  const kept: EndpointSlice[] = [];
  const redone: EndpointSlice[] = [];
  for (const slice of draft.unchanged) {
    const held = usableHints(slice, zones, allocations.byZone);
    if (held === undefined) {
      redone.push(slice);
      continue;
    }
    kept.push(slice);
    for (const [zone, count] of held) addTo(zones, zone, count);
  }
  for (const { endpoints = [] } of [...draft.creates, ...draft.updates, ...redone]) {
    for (const { zone = "" } of endpoints.filter(isHintable)) {
      if (zone === "") return refused("One or more endpoints do not have a zone specified");
      addTo(zones, zone, 1);
    }
  }

  const moves = planMoves(allocations.byZone, zones);
  const hint = (slice: EndpointSlice): EndpointSlice => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map((endpoint) => {
      if (!isHintable(endpoint)) return endpoint;
      const own = endpoint.zone ?? "";
      const receiver = takeMove(moves, own);
      if (receiver !== undefined) {
        addTo(zones, own, -1);
        addTo(zones, receiver, 1);
      }
      return { ...endpoint, hints: { forZones: [{ name: receiver ?? own }] } };
    }),
  });
  const creates = draft.creates.map(hint);
  const updates = draft.updates.map(hint);
  for (const slice of redone) {
    const hinted = hint(slice);
    // A zone that does not count any more may have no better one to give its endpoints to.
    if (semanticEqual(slice.endpoints, hinted.endpoints)) kept.push(slice);
    else updates.push(hinted);
  }
  return { type: "hinted", draft: { creates, updates, unchanged: kept }, zones };
}

/** How many of so many ready endpoints each zone shall have; refused where one would have to bear too much. */
export function allocate(
  shares: ZoneShares | undefined,
  readyCount: number,
): Refusal | { readonly type: "allocated"; readonly byZone: ReadonlyMap<string, Allocation> } {
  if (shares === undefined) {
    return refused(
      "Insufficient Node information: allocatable CPU or zone not specified on one or more nodes",
    );
  }
  const figures = `(${readyCount} endpoints, ${shares.size} zones)`;
  if (shares.size > readyCount) return refused(`Insufficient number of endpoints ${figures}`);
  const minimums = new Map([...shares].map(([zone, share]) => [zone, minimum(share, readyCount)]));
  const surplus = readyCount - sum(minimums.values());
  if (surplus < 0) {
    return refused(
      `Unable to allocate minimum required endpoints to each zone without exceeding overload threshold ${figures}`,
    );
  }
  const byZone = new Map<string, Allocation>();
  for (const [zone, share] of shares) {
    const least = minimums.get(zone) ?? 0;
    const desired = Math.max(share * readyCount, least);
    byZone.set(zone, { minimum: least, maximum: least + surplus, desired });
  }
  return { type: "allocated", byZone };
}

/** How many endpoints each zone shall give to others and receive from others. */
export interface Moves {
  readonly give: Map<string, number>;
  readonly receive: Map<string, number>;
}

/** The largest surplus goes to the largest lack, one by one, while that is worth it: half an endpoint at least. */
export function planMoves(
  allocations: ReadonlyMap<string, Pick<Allocation, "desired">>,
  current: ZoneCounts,
): Moves {
  const surplus = new Map<string, number>();
  const lack = new Map<string, number>();
  for (const [zone, { desired }] of allocations) {
    const difference = (current.get(zone) ?? 0) - desired;
    if (difference > 0) surplus.set(zone, difference);
    else if (difference < 0) lack.set(zone, -difference);
  }
  const give = new Map<string, number>();
  const receive = new Map<string, number>();
  for (;;) {
    const [giver, tooMany] = largest(surplus);
    const [receiver, tooFew] = largest(lack);
    const isWorthIt = Math.min(tooMany, tooFew) >= 0.5 && Math.max(tooMany, tooFew) >= 1;
    if (!isWorthIt) return { give, receive };
    addTo(give, giver, 1);
    addTo(surplus, giver, -1);
    addTo(receive, receiver, 1);
    addTo(lack, receiver, -1);
  }
}

/** Whether a zone has so few of the hinted endpoints that each has to bear too much under these shares. */
export function isOverloaded(hinted: ZoneCounts, shares: ZoneShares | undefined): boolean {
  if (hinted.size === 0) return false;
  if (shares === undefined) return true;
  const total = sum(hinted.values());
  return [...shares].some(([zone, share]) => {
    const count = hinted.get(zone);
    return count === undefined || count < minimum(share, total);
  });
}

function minimum(share: number, readyCount: number): number {
  return Math.ceil(share * readyCount * (1 / (1 + OVERLOAD_MAX)));
}

/** Where the endpoint of a zone goes, if it has to; one move less is left. */
function takeMove({ give, receive }: Moves, zone: string): string | undefined {
  if ((give.get(zone) ?? 0) === 0) return undefined;
  const [receiver] = [...receive].find(([, count]) => count > 0) ?? [];
  if (receiver === undefined) return undefined;
  addTo(give, zone, -1);
  addTo(receive, receiver, -1);
  return receiver;
}

/**
 * The hints of a slice that need not be written, by zone; undefined when it has to be after all: a ready endpoint has
 * no hint, a zone is none that counts, or a zone would have more than it may.
 */
function usableHints(
  { endpoints = [] }: EndpointSlice,
  allocated: ZoneCounts,
  allocations: ReadonlyMap<string, Allocation>,
): ZoneCounts | undefined {
  const held = new Map<string, number>();
  for (const endpoint of endpoints.filter(isHintable)) {
    const { forZones = [] } = endpoint.hints ?? {};
    if (forZones.length === 0) return undefined;
    for (const { name } of forZones) addTo(held, name, 1);
  }
  const isUsable = [...held].every(
    ([zone, count]) => count + (allocated.get(zone) ?? 0) <= (allocations.get(zone)?.maximum ?? -1),
  );
  return isUsable ? held : undefined;
}

function readyOf(endpoints: readonly Endpoint[]): number {
  return endpoints.filter(isHintable).length;
}

function refused(reason: string): Refusal {
  return { type: "refused", reason };
}

function largest(zones: ZoneCounts): readonly [zone: string, count: number] {
  let best: readonly [string, number] = ["", 0];
  for (const entry of zones) if (entry[1] > best[1]) best = entry;
  return best;
}

function addTo(counts: Map<string, number>, zone: string, by: number): void {
  counts.set(zone, (counts.get(zone) ?? 0) + by);
}

function sum(counts: Iterable<number>): number {
  return Iterator.from(counts).reduce((total, count) => total + count, 0);
}
