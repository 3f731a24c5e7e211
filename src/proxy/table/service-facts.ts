import type { LoadBalancerIngress, Service } from "../../api/types.ts";
import { type Cidr, canonicalIp, parseCidr } from "../../lib/ip.ts";

export type Protocol = "TCP" | "UDP" | "SCTP";

/** What the proxy needs to know of a Service, with defaults filled in. Addresses are canonical. */
export interface ServiceFacts {
  /** `namespace/name`. */
  readonly key: string;
  /** RFC 3339; the older Service keeps an address that two of them claim. */
  readonly createdAt: string;
  readonly clusterIps: readonly string[];
  readonly externalIps: readonly string[];
  /** Only those that the node may short-circuit: an IP, and no `ipMode: Proxy` (KEP-1860). */
  readonly loadBalancerIps: readonly string[];
  readonly ports: readonly ServicePortFacts[];
  /** Whether internalTrafficPolicy is Local. */
  readonly isInternalLocal: boolean;
  /** Whether externalTrafficPolicy is Local, on a Service that can have outside traffic. */
  readonly isExternalLocal: boolean;
  /** Who may use the load balancer addresses; none of a family means everybody of that family. */
  readonly sourceRanges: readonly Cidr[];
  /** How long a client stays with its endpoint; absent without session affinity. */
  readonly affinitySeconds?: number;
  /** Only of a load balancer with externalTrafficPolicy Local. */
  readonly healthCheckNodePort?: number;
}

export interface ServicePortFacts {
  /** Empty for the only port of a Service. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort?: number;
}

/** Kubernetes' default of `sessionAffinityConfig.clientIP.timeoutSeconds`: three hours. */
const AFFINITY_SECONDS_DEFAULT = 10_800;

/** Somebody else's proxy serves a Service with this label. */
const OTHER_PROXY_LABEL = "service.kubernetes.io/service-proxy-name";

/** Controllers put it on the copies of headless Services; such a Service has no virtual address. */
const HEADLESS_LABEL = "service.kubernetes.io/headless";

/** Objects are immutable, and several nodes in one process look at the same ones. */
const known = new WeakMap<Service, ServiceFacts | "none">();

/** Turns a Service object into facts; undefined where there is nothing to forward. */
export function serviceFacts(service: Service): ServiceFacts | undefined {
  const facts = known.get(service) ?? parseService(service) ?? "none";
  known.set(service, facts);
  return facts === "none" ? undefined : facts;
}

function parseService(service: Service): ServiceFacts | undefined {
  const { metadata, spec } = service;
  const labels = metadata.labels ?? {};
  if (spec === undefined || spec.type === "ExternalName") return undefined;
  if (labels[OTHER_PROXY_LABEL] !== undefined || labels[HEADLESS_LABEL] !== undefined) {
    return undefined;
  }
  const clusterIps = canonicalIps([spec.clusterIP, ...(spec.clusterIPs ?? [])]);
  if (clusterIps.length === 0) return undefined;

  const externalIps = canonicalIps(spec.externalIPs ?? []);
  const isExternal =
    spec.type === "NodePort" || spec.type === "LoadBalancer" || externalIps.length > 0;
  const isExternalLocal = isExternal && spec.externalTrafficPolicy === "Local";
  const isLoadBalancer = spec.type === "LoadBalancer";
  const healthCheckNodePort = spec.healthCheckNodePort ?? 0;
  return {
    key: `${metadata.namespace ?? ""}/${metadata.name ?? ""}`,
    createdAt: metadata.creationTimestamp ?? "",
    clusterIps,
    externalIps,
    loadBalancerIps: isLoadBalancer
      ? canonicalIps((service.status?.loadBalancer?.ingress ?? []).map(shortCircuitIp))
      : [],
    ports: (spec.ports ?? []).flatMap((port): ServicePortFacts[] => {
      const protocol = protocolOf(port.protocol);
      if (protocol === undefined) return [];
      const nodePort = port.nodePort ?? 0;
      return [
        {
          name: port.name ?? "",
          protocol,
          port: port.port,
          ...(nodePort === 0 ? {} : { nodePort }),
        },
      ];
    }),
    isInternalLocal: spec.internalTrafficPolicy === "Local",
    isExternalLocal,
    // People write blanks into the list; Kubernetes accepts them.
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).flatMap((text) => {
      const range = parseCidr(text.trim());
      return range === undefined ? [] : [range];
    }),
    ...(spec.sessionAffinity === "ClientIP"
      ? {
          affinitySeconds:
            spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS_DEFAULT,
        }
      : {}),
    ...(isLoadBalancer && isExternalLocal && healthCheckNodePort !== 0
      ? { healthCheckNodePort }
      : {}),
  };
}

/** The protocol of a port, TCP if it is not said; undefined for one that is not forwarded. */
export function protocolOf(text: string | undefined): Protocol | undefined {
  if (text === undefined || text === "") return "TCP";
  return text === "TCP" || text === "UDP" || text === "SCTP" ? text : undefined;
}

function shortCircuitIp(ingress: LoadBalancerIngress): string | undefined {
  return ingress.ipMode === undefined || ingress.ipMode === "VIP" ? ingress.ip : undefined;
}

/** Drops what is no address ("None", "", a host name) and what is there twice. */
function canonicalIps(texts: readonly (string | undefined)[]): readonly string[] {
  const ips = texts.map((text) => (text === undefined ? undefined : canonicalIp(text)));
  return [...new Set(ips.filter((ip) => ip !== undefined))];
}
