import { endpointSlices } from "../api/resource.ts";
import { isNotFound } from "../api/status-error.ts";
import type { EndpointSlice, EndpointSlicePort, KubeObject } from "../api/types.ts";
import type { Api } from "../client/api.ts";
import type { SliceTracker } from "./slice-tracker.ts";

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";

/** What to write. Updates carry the name and resource version of the slice they replace. */
export interface SlicePlan {
  readonly creates: readonly EndpointSlice[];
  readonly updates: readonly EndpointSlice[];
  readonly deletes: readonly EndpointSlice[];
}

/** Equal for equal sets of ports, whatever their order. */
export function portsKey(ports: readonly EndpointSlicePort[] | undefined): string {
  return (ports ?? [])
    .map(({ name = "", protocol = "TCP", port, appProtocol }) =>
      JSON.stringify([name, protocol, port ?? null, appProtocol ?? null]),
    )
    .sort()
    .join(",");
}

/**
 * Turns creates into updates of slices about to be deleted, from the end of the list, so that consumers never see
 * a gap and objects are not made for nothing. Only owned slices of the same address type can be reused.
 */
export function reuseDeletes(
  plan: SlicePlan,
  isOwned: (slice: EndpointSlice) => boolean,
): SlicePlan {
  const creates = [...plan.creates];
  const updates = [...plan.updates];
  const deletes: EndpointSlice[] = [];
  for (const old of plan.deletes) {
    const create = creates.at(-1);
    if (create === undefined || create.addressType !== old.addressType || !isOwned(old)) {
      deletes.push(old);
      continue;
    }
    creates.pop();
    updates.push({ ...create, metadata: { ...create.metadata, ...identityOf(old) } });
  }
  return { creates, updates, deletes };
}

function identityOf({ metadata }: EndpointSlice): Partial<KubeObject["metadata"]> {
  const { name, uid, resourceVersion } = metadata;
  return {
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/**
 * Writes a plan: creates, then updates, then deletes, so that an address may be there twice for a moment but is
 * never missing. Each answer is noted, so that a cache behind our own writes is recognised.
 */
export async function applySlicePlan(
  api: Api,
  plan: SlicePlan,
  tracker: SliceTracker,
  key: string,
): Promise<void> {
  for (const slice of plan.creates) {
    tracker.written(key, await api.create(endpointSlices, slice));
  }
  for (const slice of plan.updates) {
    tracker.written(key, await api.update(endpointSlices, slice));
  }
  for (const slice of plan.deletes) {
    const { name = "", namespace = "" } = slice.metadata;
    try {
      await api.delete(endpointSlices, { namespace, name });
      tracker.deleted(key, slice);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
