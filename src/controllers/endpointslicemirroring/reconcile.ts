import { endpoints as endpointsResource } from "../../api/resource.ts";
import { semanticEqual } from "../../api/semantic-equal.ts";
import type {
  Endpoint,
  EndpointAddress,
  EndpointSlice,
  EndpointSlicePort,
  EndpointSubset,
  Endpoints,
  Service,
} from "../../api/types.ts";
import type { EventNote } from "../../client/events.ts";
import { canonicalIp, familyOf } from "../../lib/ip.ts";
import { ENDPOINTS_MANAGED_BY, ENDPOINTS_MANAGED_BY_LABEL } from "../endpoint-pods.ts";
import { repackSubsets } from "../endpoint-subsets.ts";
import { controlledBy } from "../owners.ts";
import { isTerminating } from "../pods.ts";
import type { SlicePlan } from "../slices.ts";
import { MANAGED_BY_LABEL, portsKey, reuseDeletes, SERVICE_NAME_LABEL } from "../slices.ts";
import { TRIGGER_TIME_ANNOTATION } from "../trigger-time.ts";

/** The value of the managed-by label on slices that are mirrors. */
export const MANAGED_BY = "endpointslicemirroring-controller.k8s.io";
/** Addresses of one subset that are mirrored (kube-controller-manager's default, and the most a slice may hold). */
export const ADDRESSES_MAX = 1000;

const SKIP_LABEL = "endpointslice.kubernetes.io/skip-mirror";
const LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED_ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

export interface Mirroring extends SlicePlan {
  /** What is wrong with the Endpoints, for its author. */
  readonly notes: readonly EventNote[];
}

/**
 * Whether hand-written Endpoints are to be mirrored: of a Service that picks no pods itself, and not opted out.
 * Those that the endpoints controller left behind when a Service lost its selector have their slices already.
 */
export function isMirrored(endpoints: Endpoints, service: Service | undefined): boolean {
  const { labels = {}, annotations = {} } = endpoints.metadata;
  if (labels[ENDPOINTS_MANAGED_BY_LABEL] === ENDPOINTS_MANAGED_BY) return false;
  if (labels[SKIP_LABEL] === "true" || annotations[LEADER_ANNOTATION] !== undefined) return false;
  return service !== undefined && Object.keys(service.spec?.selector ?? {}).length === 0;
}

interface Group {
  readonly addressType: string;
  readonly ports: readonly EndpointSlicePort[];
  readonly endpoints: Map<string, Endpoint>;
}

/** Which slices to write so that they say what the Endpoints say: one slice for each set of ports and family. */
export function mirrorEndpoints(
  endpoints: Endpoints,
  existing: readonly EndpointSlice[],
): Mirroring {
  const { groups, notes } = groupsOf(repackSubsets(endpoints.subsets));
  const creates: EndpointSlice[] = [];
  const updates: EndpointSlice[] = [];
  const deletes: EndpointSlice[] = [];
  const existingByGroup = Map.groupBy(existing, (slice) =>
    groupKey(slice.addressType, slice.ports ?? []),
  );
  for (const [key, slices] of existingByGroup) {
    if (!groups.has(key)) deletes.push(...slices);
  }
  for (const [key, group] of groups) {
    const [first, ...surplus] = existingByGroup.get(key) ?? [];
    deletes.push(...surplus);
    const wanted = mirrorOf(endpoints, group);
    if (first === undefined) creates.push(wanted);
    else if (!isSame(first, wanted)) {
      const { labels, annotations, ownerReferences } = wanted.metadata;
      updates.push({
        ...first,
        metadata: {
          ...first.metadata,
          labels: labels ?? {},
          annotations: annotations ?? {},
          ownerReferences: ownerReferences ?? [],
        },
        endpoints: wanted.endpoints,
      });
    }
  }
  const plan = reuseDeletes({ creates, updates, deletes }, () => true);
  return { ...plan, creates: isTerminating(endpoints) ? [] : plan.creates, notes };
}

function groupsOf(subsets: readonly EndpointSubset[]) {
  const groups = new Map<string, Group>();
  let invalid = 0;
  let skipped = 0;
  for (const { addresses = [], notReadyAddresses = [], ports = [] } of subsets) {
    const slicePorts = ports.map(({ name = "", protocol = "TCP", port, appProtocol }) => ({
      name,
      protocol,
      port,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }));
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    let mirrored = 0;
    for (const { address, ready } of all) {
      const addressType = familyOf(address.ip);
      if (addressType === undefined) {
        invalid++;
        continue;
      }
      if (mirrored >= ADDRESSES_MAX) {
        skipped++;
        continue;
      }
      mirrored++;
      const key = groupKey(addressType, slicePorts);
      const group = groups.get(key) ?? { addressType, ports: slicePorts, endpoints: new Map() };
      groups.set(key, group);
      group.endpoints.set(JSON.stringify(address), endpointOf(address, ready));
    }
  }
  return { groups, notes: notesOn(invalid, skipped) };
}

function notesOn(invalid: number, skipped: number): EventNote[] {
  const notes: EventNote[] = [];
  if (invalid > 0) {
    const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    notes.push({ type: "Warning", reason: "InvalidIPAddress", message });
  }
  if (skipped > 0) {
    // Kubernetes counts the invalid ones here as well.
    const all = invalid + skipped;
    const message = `A max of ${ADDRESSES_MAX} addresses can be mirrored to EndpointSlices per Endpoints subset. ${all} addresses were skipped`;
    notes.push({ type: "Warning", reason: "TooManyAddressesToMirror", message });
  }
  return notes;
}

/** Mirrors say ready or not; they know nothing of serving and terminating. */
function endpointOf(
  { ip, hostname, nodeName, targetRef }: EndpointAddress,
  ready: boolean,
): Endpoint {
  return {
    addresses: [canonicalIp(ip) ?? ip],
    conditions: { ready },
    ...(hostname === undefined || hostname === "" ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}

function mirrorOf(
  endpoints: Endpoints,
  { addressType, ports, endpoints: held }: Group,
): EndpointSlice {
  const { name = "", namespace = "" } = endpoints.metadata;
  const {
    [TRIGGER_TIME_ANNOTATION]: _time,
    [LAST_APPLIED_ANNOTATION]: _applied,
    ...annotations
  } = endpoints.metadata.annotations ?? {};
  return {
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: {
        ...endpoints.metadata.labels,
        [SERVICE_NAME_LABEL]: name,
        [MANAGED_BY_LABEL]: MANAGED_BY,
      },
      annotations,
      ownerReferences: [controlledBy(endpointsResource, endpoints)],
    },
    addressType,
    ports,
    endpoints: [...held.values()].slice(0, ADDRESSES_MAX),
  };
}

function isSame(a: EndpointSlice, b: EndpointSlice): boolean {
  const sorted = ({ endpoints }: EndpointSlice) =>
    (endpoints ?? []).toSorted((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1));
  const same = (field: "labels" | "annotations" | "ownerReferences") =>
    semanticEqual(a.metadata[field], b.metadata[field]);
  return (
    same("labels") &&
    same("annotations") &&
    same("ownerReferences") &&
    semanticEqual(sorted(a), sorted(b))
  );
}

function groupKey(addressType: string, ports: readonly EndpointSlicePort[]): string {
  return `${addressType} ${portsKey(ports)}`;
}
