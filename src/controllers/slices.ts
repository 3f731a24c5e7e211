import type { EndpointSlice, EndpointSlicePort, KubeObject } from "../api/types.ts";

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
    const index = creates.findLastIndex(({ addressType }) => addressType === old.addressType);
    const [create] = index < 0 || !isOwned(old) ? [] : creates.splice(index, 1);
    if (create === undefined) deletes.push(old);
    else updates.push({ ...create, metadata: { ...create.metadata, ...identityOf(old) } });
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
