import { isNotFound } from "../../api/status-error.ts";
import type { KubeObject, OwnerReference } from "../../api/types.ts";
import type { Api } from "../../client/api.ts";
import type { DiscoveredResource } from "../../client/discovery.ts";
import type { OwnerState } from "./decide.ts";
import { FOREGROUND_FINALIZER, waitsWith } from "./decide.ts";
import type { OwnerGraph } from "./graph.ts";

/** What is known of an owner, and whether the reference to it is one that Kubernetes does not allow. */
export interface OwnerFinding {
  readonly state: OwnerState;
  readonly isInvalid: boolean;
}

export interface OwnerLookup {
  readonly api: Api;
  readonly graph: OwnerGraph;
  readonly resources: readonly DiscoveredResource[];
}

/**
 * Looks an owner up in the dependent's namespace. The cache answers for those that are there; only the server can
 * say that one is gone. An owner in another namespace counts as absent.
 */
export async function findOwner(
  { api, graph, resources }: OwnerLookup,
  dependent: { readonly resource: DiscoveredResource; readonly object: KubeObject },
  owner: OwnerReference,
): Promise<OwnerFinding> {
  const resource = resourceOf(resources, owner);
  if (resource === undefined) {
    throw new Error(`Cannot look up the owner "${owner.name}": unknown kind ${owner.kind}`);
  }
  // A cluster-scoped object is never deleted for an owner in some namespace.
  if (resource.namespaced && !dependent.resource.namespaced) {
    return { state: "present", isInvalid: true };
  }
  const { namespace = "" } = dependent.object.metadata;
  const known = graph.get(owner.uid)?.object;
  const isInReach =
    known?.metadata.name === owner.name &&
    (!resource.namespaced || known.metadata.namespace === namespace);
  if (known !== undefined && isInReach) return { state: stateOf(known), isInvalid: false };

  const isInvalid = known !== undefined;
  const name = resource.namespaced ? { namespace, name: owner.name } : { name: owner.name };
  try {
    const found = await api.get<KubeObject>(resource, name);
    const isSame = found.metadata.uid === owner.uid;
    return { state: isSame ? stateOf(found) : "absent", isInvalid };
  } catch (error) {
    if (isNotFound(error)) return { state: "absent", isInvalid };
    throw error;
  }
}

function stateOf(owner: KubeObject): OwnerState {
  return waitsWith(owner, FOREGROUND_FINALIZER) ? "waiting" : "present";
}

function resourceOf(
  resources: readonly DiscoveredResource[],
  { apiVersion, kind }: OwnerReference,
): DiscoveredResource | undefined {
  const group = apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
  return resources.find((resource) => resource.group === group && resource.kind === kind);
}
