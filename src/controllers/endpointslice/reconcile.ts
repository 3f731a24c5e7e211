import { services } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import type {
  Endpoint,
  EndpointSlice,
  EndpointSlicePort,
  Node,
  Pod,
  Service,
} from "../../api/types.ts";
import type { EventNote } from "../../client/events.ts";
import type { IpFamily } from "../../lib/ip.ts";
import { familiesOf, HEADLESS_LABEL, isHeadless } from "../endpoint-pods.ts";
import { controlledBy, isOwnedBy } from "../owners.ts";
import { isTerminating } from "../pods.ts";
import type { SlicePlan } from "../slices.ts";
import { MANAGED_BY_LABEL, portsKey, reuseDeletes, SERVICE_NAME_LABEL } from "../slices.ts";
import { TRIGGER_TIME_ANNOTATION } from "../trigger-time.ts";
import { desiredEndpoints } from "./endpoints-of.ts";
import type { HintedFamilies } from "./hints.ts";
import { disabledByUser, hintSlices, usesTopologyMode } from "./hints.ts";
import { packEndpoints } from "./pack.ts";
import type { SliceDraft } from "./slice-draft.ts";
import type { ZoneCounts } from "./zone-hints.ts";
import type { ZoneShares } from "./zone-shares.ts";

/** The value of the managed-by label on slices that this controller owns. */
export const MANAGED_BY = "endpointslice-controller.k8s.io";

export interface ReconcileInput {
  readonly service: Service;
  /** The pods that its selector picks. */
  readonly pods: readonly Pod[];
  readonly nodeOf: (name: string) => Node | undefined;
  /** All slices of the Service that are labelled as this controller's. */
  readonly existing: readonly EndpointSlice[];
  /** Endpoints a slice at most; 1 to 1,000. */
  readonly endpointsMax: number;
  /** When what caused this sync happened, if that is known. */
  readonly triggerTime?: string;
  /** See `zoneShares`; asked for only if the Service is annotated. */
  readonly shares?: () => ZoneShares | undefined;
  /** What the last sync gave as such; undefined at the first of this process. */
  readonly hinted?: HintedFamilies;
}

export interface Reconciliation extends SlicePlan {
  /** Pods that had to be left out because their node is unknown: the sync must be tried again. */
  readonly podsWithoutNode: readonly string[];
  /** What the annotation for topology hints brought about. */
  readonly hinted: HintedFamilies;
  /** What to tell the Service's author. */
  readonly notes: readonly EventNote[];
}

/** Works out which slices of a Service to write, given those it has. A plan without writes means all is well. */
export function reconcileSlices(input: ReconcileInput): Reconciliation {
  const { service, existing, shares = () => undefined, hinted: hintedBefore } = input;
  const families = familiesOf(service);
  const podsWithoutNode = new Set<string>();
  const creates: EndpointSlice[] = [];
  const updates: EndpointSlice[] = [];
  const deletes = existing.filter((slice) => !families.some((f) => f === slice.addressType));
  const hinted = new Map<IpFamily, ZoneCounts>();
  const notes: EventNote[] = [];
  for (const family of families) {
    const ofFamily = existing.filter((slice) => slice.addressType === family);
    const part = draftFamily(input, family, ofFamily);
    const { draft, ...hints } = hintSlices(part.draft, {
      service,
      family,
      shares,
      wasHinted: hinted.size > 0 || (hintedBefore && hintedBefore.size > 0),
    });
    creates.push(...draft.creates);
    updates.push(...draft.updates);
    deletes.push(...part.deletes);
    for (const pod of part.podsWithoutNode) podsWithoutNode.add(pod);
    if (hints.zones !== undefined) hinted.set(family, hints.zones);
    notes.push(...hints.notes);
  }
  const [primary] = families;
  const wasHinted = hintedBefore !== undefined && hintedBefore.size > 0;
  if (wasHinted && !usesTopologyMode(service) && primary !== undefined)
    notes.push(disabledByUser(primary));

  const plan = reuseDeletes({ creates, updates, deletes }, (slice) => isOwnedBy(slice, service));
  const stamp = (slice: EndpointSlice) => withTriggerTime(slice, input.triggerTime);
  return {
    creates: isTerminating(service) ? [] : plan.creates.map(stamp),
    updates: plan.updates.map(stamp),
    deletes: plan.deletes,
    podsWithoutNode: [...podsWithoutNode],
    hinted,
    notes,
  };
}

interface FamilyDraft {
  readonly draft: SliceDraft;
  readonly deletes: readonly EndpointSlice[];
  readonly podsWithoutNode: readonly string[];
}

/** The slices of one family, without hints yet. */
function draftFamily(
  input: ReconcileInput,
  family: IpFamily,
  existing: readonly EndpointSlice[],
): FamilyDraft {
  const { service, pods, nodeOf, endpointsMax } = input;
  const { groups, podsWithoutNode } = desiredEndpoints(service, pods, family, nodeOf);
  const creates: EndpointSlice[] = [];
  const updates: EndpointSlice[] = [];
  const unchanged: EndpointSlice[] = [];

  const owned = existing.filter((slice) => isOwnedBy(slice, service));
  const ownedByPorts = Map.groupBy(owned, (slice) => portsKey(slice.ports));
  const deletes = existing.filter(
    (slice) => !isOwnedBy(slice, service) || !groups.has(portsKey(slice.ports)),
  );
  for (const [key, { ports, endpoints }] of groups) {
    const packing = packEndpoints({
      existing: ownedByPorts.get(key) ?? [],
      desired: endpoints,
      endpointsMax,
      isOutdated: (slice) =>
        !semanticEqual(freeLabels(slice.metadata.labels), freeLabels(service.metadata.labels)),
    });
    creates.push(...packing.fresh.map((held) => newSlice(service, family, ports, held)));
    for (const { slice, endpoints: held } of packing.changed) {
      const metadata = { ...slice.metadata, labels: sliceLabels(service) };
      updates.push({ ...slice, metadata, endpoints: held });
    }
    unchanged.push(...packing.unchanged);
    deletes.push(...packing.emptied);
  }

  // Consumers wait for a first slice, so a family without endpoints has one that is empty: the placeholder.
  if (deletes.length === existing.length && creates.length === 0) {
    const placeholder = newSlice(service, family, [], []);
    const [only] = deletes;
    if (deletes.length === 1 && only !== undefined && isSamePlaceholder(only, placeholder)) {
      return { draft: { creates, updates, unchanged: [only] }, deletes: [], podsWithoutNode };
    }
    creates.push(placeholder);
  }
  return { draft: { creates, updates, unchanged }, deletes, podsWithoutNode };
}

function newSlice(
  service: Service,
  addressType: IpFamily,
  ports: readonly EndpointSlicePort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  const { name = "", namespace = "" } = service.metadata;
  return {
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: sliceLabels(service),
      ownerReferences: [controlledBy(services, service)],
    },
    addressType,
    endpoints,
    ports,
  };
}

const reservedLabels: readonly string[] = [SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL];

/** The labels that are not ours; a difference in ours alone is no reason to write. */
function freeLabels(labels: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(labels).filter(([key]) => !reservedLabels.includes(key)),
  );
}

function sliceLabels(service: Service): Record<string, string> {
  return {
    ...freeLabels(service.metadata.labels),
    [SERVICE_NAME_LABEL]: service.metadata.name ?? "",
    [MANAGED_BY_LABEL]: MANAGED_BY,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: "" } : {}),
  };
}

function isSamePlaceholder(slice: EndpointSlice, placeholder: EndpointSlice): boolean {
  const same = (field: "labels" | "ownerReferences") =>
    semanticEqual(slice.metadata[field], placeholder.metadata[field]);
  const isEmpty = (slice.endpoints ?? []).length === 0 && (slice.ports ?? []).length === 0;
  return isEmpty && same("labels") && same("ownerReferences");
}

function withTriggerTime(slice: EndpointSlice, time: string | undefined): EndpointSlice {
  const { [TRIGGER_TIME_ANNOTATION]: _, ...others } = slice.metadata.annotations ?? {};
  const annotations = time === undefined ? others : { ...others, [TRIGGER_TIME_ANNOTATION]: time };
  const { annotations: _old, ...metadata } = slice.metadata;
  const isBare = Object.keys(annotations).length === 0;
  return { ...slice, metadata: isBare ? metadata : { ...metadata, annotations } };
}
