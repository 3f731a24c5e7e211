import type { Pod } from "../../api/types.ts";
import type { Container } from "../pod-types.ts";
import { divideQuantity, quantityValue } from "./quantity.ts";

/** What a container may learn of its pod and node beyond the Pod object. */
export interface DownwardFacts {
  readonly pod: Pod;
  readonly podIps: readonly string[];
  readonly hostIps: readonly string[];
  /** The node's allocatable resources: what a container without limits may use. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** The value of a `fieldPath`; undefined if there is no such field to refer to. */
export function fieldValue(path: string, facts: DownwardFacts): string | undefined {
  const { pod, podIps, hostIps } = facts;
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (keyed !== null) {
    const map = keyed[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[keyed[2] ?? ""] ?? "";
  }
  switch (path) {
    case "metadata.name":
      return pod.metadata.name ?? "";
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "metadata.labels":
      return formatMap(pod.metadata.labels ?? {});
    case "metadata.annotations":
      return formatMap(pod.metadata.annotations ?? {});
    case "spec.nodeName":
      return pod.spec?.nodeName ?? "";
    case "spec.serviceAccountName":
      return pod.spec?.serviceAccountName ?? "default";
    case "status.podIP":
      return podIps[0] ?? "";
    case "status.podIPs":
      return podIps.join(",");
    case "status.hostIP":
      return hostIps[0] ?? "";
    case "status.hostIPs":
      return hostIps.join(",");
    default:
      return undefined;
  }
}

/** One `key="value"` line an entry, sorted, as downward API files have it. */
function formatMap(map: Readonly<Record<string, string>>): string {
  return Object.entries(map)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join("\n");
}

/** The value of a `resourceFieldRef`; undefined if the resource is none of ours. */
export function resourceValue(
  reference: { readonly resource: string; readonly divisor?: string | number },
  container: Container,
  facts: DownwardFacts,
): string | undefined {
  const match = /^(limits|requests)\.(cpu|memory|ephemeral-storage)$/.exec(reference.resource);
  if (match === null) return undefined;
  const [, kind = "", name = ""] = match;
  const limits = container.resources?.limits ?? {};
  const requests = container.resources?.requests ?? {};
  // A request left out is the limit; a limit left out is all that the node has.
  const text =
    kind === "limits"
      ? (limits[name] ?? facts.allocatable[name])
      : (requests[name] ?? limits[name]);
  return divideQuantity(text === undefined ? 0 : (quantityValue(text) ?? 0), reference.divisor);
}
