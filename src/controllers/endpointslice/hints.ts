import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Endpoint, EndpointHints, EndpointSlice, Service } from "../../api/types.ts";
import type { EventNote } from "../../client/events.ts";
import type { IpFamily } from "../../lib/ip.ts";
import type { SliceDraft } from "./slice-draft.ts";
import { isHintable } from "./slice-draft.ts";
import type { ZoneCounts } from "./zone-hints.ts";
import { hintByZones } from "./zone-hints.ts";
import type { ZoneShares } from "./zone-shares.ts";

const TOPOLOGY_MODE_ANNOTATION = "service.kubernetes.io/topology-mode";
/** The name of before 1.27; where both are given, it decides. */
const OLD_ANNOTATION = "service.kubernetes.io/topology-aware-hints";

/** What the annotation brought about at earlier syncs: hinted endpoints by zone, by family. */
export type HintedFamilies = ReadonlyMap<IpFamily, ZoneCounts>;

export interface HintInput {
  readonly service: Service;
  readonly family: IpFamily;
  /** Undefined: the nodes do not tell. */
  readonly shares: () => ZoneShares | undefined;
  /** Whether the annotation already had an effect, so that it need not be told again; undefined when nobody knows. */
  readonly wasHinted: boolean | undefined;
}

export interface HintedDraft {
  readonly draft: SliceDraft;
  /** Set where the annotation has an effect. */
  readonly zones?: ZoneCounts;
  readonly notes: readonly EventNote[];
}

/** Gives the endpoints of one family the hints that the Service asks for; slices with other hints become updates. */
export function hintSlices(draft: SliceDraft, input: HintInput): HintedDraft {
  const { service, family, shares, wasHinted } = input;
  if (!usesTopologyMode(service)) {
    const distribution = service.spec?.trafficDistribution;
    const draftWithHints = rehint(draft, (endpoint) => withPreference(endpoint, distribution));
    return { draft: draftWithHints, notes: [] };
  }
  const byZones = hintByZones(draft, shares());
  if (byZones.type === "refused") {
    const note = disabled(byZones.reason, family);
    return { draft: rehint(draft, withoutHints), notes: [note] };
  }
  const { creates, updates } = byZones.draft;
  // After a restart, hints that are right were told of by the process before.
  const isTold = wasHinted ?? creates.length + updates.length === 0;
  return {
    draft: byZones.draft,
    zones: byZones.zones,
    notes: isTold ? [] : [enabled(family)],
  };
}

/** Whether the annotation asks for hints; it wins over `spec.trafficDistribution`. */
export function usesTopologyMode({ metadata }: Service): boolean {
  const { annotations = {} } = metadata;
  const mode = annotations[OLD_ANNOTATION] ?? annotations[TOPOLOGY_MODE_ANNOTATION];
  return mode === "Auto" || mode === "auto";
}

/** That the annotation went and its effect with it. */
export function disabledByUser(family: IpFamily): EventNote {
  return disabled("Topology Aware Hints has been disabled", family);
}

function disabled(reason: string, family: IpFamily): EventNote {
  const message = `${reason}, addressType: ${family}`;
  return { type: "Warning", reason: "TopologyAwareHintsDisabled", message };
}

function enabled(family: IpFamily): EventNote {
  const message = `Topology Aware Hints has been enabled, addressType: ${family}`;
  return { type: "Normal", reason: "TopologyAwareHintsEnabled", message };
}

function rehint(draft: SliceDraft, change: (endpoint: Endpoint) => Endpoint): SliceDraft {
  const changed = (slice: EndpointSlice) => ({
    ...slice,
    endpoints: (slice.endpoints ?? []).map(change),
  });
  const isWrong = ({ endpoints }: EndpointSlice) =>
    (endpoints ?? []).some((known) => !semanticEqual(known.hints, change(known).hints));
  const wrong = draft.unchanged.filter(isWrong);
  return {
    creates: draft.creates.map(changed),
    updates: [...draft.updates, ...wrong].map(changed),
    unchanged: draft.unchanged.filter((slice) => !wrong.includes(slice)),
  };
}

/**
 * The endpoint under `spec.trafficDistribution` (KEP-4444, KEP-3015): it serves its own zone, and its own node when the
 * Service prefers that. One without a zone has no hint for one.
 */
function withPreference(endpoint: Endpoint, distribution: string | undefined): Endpoint {
  if (distribution === undefined) return withoutHints(endpoint);
  if (!isHintable(endpoint)) return endpoint;
  const { zone, nodeName } = endpoint;
  const isToNode = distribution === "PreferSameNode";
  const hints: EndpointHints = {
    ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
    ...(isToNode && nodeName !== undefined ? { forNodes: [{ name: nodeName }] } : {}),
  };
  return Object.keys(hints).length === 0 ? withoutHints(endpoint) : { ...endpoint, hints };
}

function withoutHints({ hints: _, ...endpoint }: Endpoint): Endpoint {
  return endpoint;
}
