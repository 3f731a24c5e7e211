import type { EndpointSlice } from "../../api/types.ts";
import { canonicalIp, type IpFamily } from "../../lib/ip.ts";
import { type Protocol, protocolOf } from "./service-facts.ts";

/** What the proxy needs to know of an EndpointSlice, with defaults filled in. */
export interface SliceFacts {
  /** `namespace/name` of the slice. */
  readonly key: string;
  /** `namespace/name` of its Service. */
  readonly service: string;
  readonly family: IpFamily;
  readonly ports: readonly SlicePortFacts[];
  readonly endpoints: readonly EndpointFacts[];
  /** When the change that the slice tells of happened, in milliseconds since the epoch. */
  readonly triggeredAtMs?: number;
}

export interface SlicePortFacts {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface EndpointFacts {
  readonly address: string;
  /** Absent for an endpoint that is on no node of the cluster. */
  readonly nodeName?: string;
  readonly isReady: boolean;
  readonly isServing: boolean;
  readonly isTerminating: boolean;
  /** Hints (KEP-2433, KEP-3015): which zones and nodes the endpoint is meant for; empty means no hint. */
  readonly forZones: readonly string[];
  readonly forNodes: readonly string[];
}

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
const TRIGGER_TIME_ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time";

/** Objects are immutable, and several nodes in one process look at the same ones. */
const known = new WeakMap<EndpointSlice, SliceFacts | "none">();

/** Turns an EndpointSlice object into facts; undefined for one of host names, or of no Service. */
export function sliceFacts(slice: EndpointSlice): SliceFacts | undefined {
  const facts = known.get(slice) ?? parseSlice(slice) ?? "none";
  known.set(slice, facts);
  return facts === "none" ? undefined : facts;
}

function parseSlice(slice: EndpointSlice): SliceFacts | undefined {
  const { metadata, addressType } = slice;
  const serviceName = metadata.labels?.[SERVICE_NAME_LABEL] ?? "";
  if (serviceName === "" || (addressType !== "IPv4" && addressType !== "IPv6")) return undefined;
  const namespace = metadata.namespace ?? "";
  const triggeredAtMs = Date.parse(metadata.annotations?.[TRIGGER_TIME_ANNOTATION] ?? "");
  return {
    key: `${namespace}/${metadata.name ?? ""}`,
    service: `${namespace}/${serviceName}`,
    family: addressType,
    // A port without a name or number is no port to forward to; "" is a name.
    ports: (slice.ports ?? []).flatMap((port): SlicePortFacts[] => {
      const protocol = protocolOf(port.protocol);
      if (protocol === undefined || typeof port.name !== "string" || !port.port) return [];
      return [{ name: port.name, protocol, port: port.port }];
    }),
    endpoints: (slice.endpoints ?? []).flatMap((endpoint): EndpointFacts[] => {
      // All addresses of an endpoint are the same pod; only the first is used.
      const address = canonicalIp(endpoint.addresses[0] ?? "");
      if (address === undefined) return [];
      const { conditions, hints, nodeName } = endpoint;
      return [
        {
          address,
          ...(nodeName === undefined ? {} : { nodeName }),
          isReady: conditions?.ready ?? true,
          isServing: conditions?.serving ?? true,
          isTerminating: conditions?.terminating ?? false,
          forZones: (hints?.forZones ?? []).map((zone) => zone.name),
          forNodes: (hints?.forNodes ?? []).map((node) => node.name),
        },
      ];
    }),
    ...(Number.isNaN(triggeredAtMs) ? {} : { triggeredAtMs }),
  };
}
