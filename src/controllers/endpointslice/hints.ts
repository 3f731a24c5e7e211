import { semanticEqual } from "../../api/semantic-equal.ts";
import type { Endpoint, EndpointHints, EndpointSlice } from "../../api/types.ts";

/**
 * The hints of an endpoint under `spec.trafficDistribution` (KEP-4444, KEP-3015): a ready one serves its own zone,
 * and its own node when the Service prefers that. An endpoint without a zone has none.
 */
function hintsOf(
  { conditions, zone, nodeName }: Endpoint,
  distribution: string | undefined,
): EndpointHints | undefined {
  if (conditions?.ready !== true) return undefined;
  switch (distribution) {
    case "PreferClose":
    case "PreferSameZone":
      return zone === undefined ? undefined : { forZones: [{ name: zone }] };
    case "PreferSameNode": {
      const hints: EndpointHints = {
        ...(zone === undefined ? {} : { forZones: [{ name: zone }] }),
        ...(nodeName === undefined ? {} : { forNodes: [{ name: nodeName }] }),
      };
      return Object.keys(hints).length === 0 ? undefined : hints;
    }
    default:
      return undefined;
  }
}

export function withHints(endpoint: Endpoint, distribution: string | undefined): Endpoint {
  const { hints: _, ...rest } = endpoint;
  const hints = hintsOf(endpoint, distribution);
  return hints === undefined ? rest : { ...rest, hints };
}

/** Whether a slice that is otherwise right has to be written for its hints. Endpoints that are not ready never cause a write. */
export function hasWrongHints(slice: EndpointSlice, distribution: string | undefined): boolean {
  return (slice.endpoints ?? []).some((endpoint) => {
    if (distribution !== undefined && endpoint.conditions?.ready !== true) return false;
    return !semanticEqual(endpoint.hints, hintsOf(endpoint, distribution));
  });
}
