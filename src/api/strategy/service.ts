import { canonicalIp, familyOf } from "../../lib/ip.ts";
import { without } from "../copy.ts";
import {
  isExternallyReachable,
  isHeadless,
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  nodePortsOf,
  sameList,
} from "../service-facts.ts";
import type { Service, ServiceSpec } from "../types.ts";
import { dns1035Label } from "../validation/names.ts";
import { validateService, validateServiceStatus } from "../validation/service.ts";
import { validateServiceChange } from "../validation/service-families.ts";
import { defineStrategy, statusOf, withStatus } from "./strategy-shape.ts";

export const serviceStrategy = defineStrategy<Service>({
  namespaced: true,
  name: dns1035Label,
  prepareForCreate: (service) => withStatus(service, { loadBalancer: {} }),
  prepareForUpdate: (service, old) => withoutOldTypesFields(withStatus(service, old.status), old),
  validate: validateService,
  validateChange: validateServiceChange,
  warnings: serviceWarnings,
  fields: {
    "spec.clusterIP": ({ spec }) => spec?.clusterIP ?? "",
    "spec.type": ({ spec }) => spec?.type ?? "",
  },
  subresources: { status: { prepare: statusOf, validate: validateServiceStatus } },
  createsOnUpdate: true,
});

/**
 * Drops what only the old type had a use for, if the request left it as it was: so a client that reads a Service,
 * changes the type and writes it back succeeds. What the request did change stays, and validation refuses it.
 */
function withoutOldTypesFields(service: Service, old: Service): Service {
  const was = old.spec ?? {};
  let spec: ServiceSpec = service.spec ?? {};
  const dropsUse = (uses: (service: Service) => boolean) => uses(old) && !uses(service);

  if (dropsUse(needsClusterIp)) {
    if (
      (spec.clusterIP ?? "") === (was.clusterIP ?? "") &&
      sameList(spec.clusterIPs, was.clusterIPs)
    ) {
      spec = without(spec, "clusterIP", "clusterIPs");
    }
    if (sameList(spec.ipFamilies, was.ipFamilies)) spec = without(spec, "ipFamilies");
    if (spec.ipFamilyPolicy === was.ipFamilyPolicy) spec = without(spec, "ipFamilyPolicy");
  }
  if (dropsUse(needsNodePorts)) {
    const known = new Set(nodePortsOf(old));
    if (nodePortsOf(service).every((port) => known.has(port))) {
      spec = { ...spec, ports: (spec.ports ?? []).map((port) => without(port, "nodePort")) };
    }
  }
  if (dropsUse(needsHealthCheckPort) && spec.healthCheckNodePort === was.healthCheckNodePort) {
    spec = without(spec, "healthCheckNodePort");
  }
  if (dropsUse(isLoadBalancer)) {
    if (spec.allocateLoadBalancerNodePorts === was.allocateLoadBalancerNodePorts) {
      spec = without(spec, "allocateLoadBalancerNodePorts");
    }
    if (spec.loadBalancerClass === was.loadBalancerClass) spec = without(spec, "loadBalancerClass");
  }
  if (dropsUse(isExternallyReachable) && spec.externalTrafficPolicy === was.externalTrafficPolicy) {
    spec = without(spec, "externalTrafficPolicy");
  }
  const status = isLoadBalancer(service) ? service.status : { ...service.status, loadBalancer: {} };
  return withStatus({ ...service, spec }, status);
}

function isLoadBalancer({ spec }: Service): boolean {
  return spec?.type === "LoadBalancer";
}

const hintsAnnotation = "service.kubernetes.io/topology-aware-hints";

/** What is accepted and yet probably not meant. */
function serviceWarnings(service: Service): string[] {
  const { metadata, spec = {} } = service;
  const warnings: string[] = [];
  if (metadata.annotations?.[hintsAnnotation] !== undefined) {
    warnings.push(
      `annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    );
  }
  if (spec.trafficDistribution === "PreferClose") {
    warnings.push(
      'spec.trafficDistribution: "PreferClose" is deprecated, please use "PreferSameZone" instead',
    );
  }
  if (isHeadless(service)) {
    if (spec.loadBalancerIP) {
      warnings.push('spec.loadBalancerIP is ignored when spec.clusterIP is "None"');
    }
    if ((spec.externalIPs ?? []).length > 0) {
      warnings.push('spec.externalIPs is ignored when spec.clusterIP is "None"');
    }
    if (spec.sessionAffinity !== undefined && spec.sessionAffinity !== "None") {
      warnings.push("spec.SessionAffinity is ignored for headless services");
    }
  }
  if (spec.externalName && spec.type !== "ExternalName") {
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  return [
    ...warnings,
    ...(spec.clusterIPs ?? []).flatMap((ip, index) => spellingOf(ip, `spec.clusterIPs[${index}]`)),
    ...(spec.externalIPs ?? []).flatMap((ip, index) =>
      spellingOf(ip, `spec.externalIPs[${index}]`),
    ),
    ...(spec.loadBalancerIP ? spellingOf(spec.loadBalancerIP, "spec.loadBalancerIP") : []),
  ];
}

function spellingOf(ip: string, field: string): string[] {
  const canonical = canonicalIp(ip);
  return canonical === undefined || canonical === ip || familyOf(ip) !== "IPv6"
    ? []
    : [`${field}: IPv6 address "${ip}" should be in RFC 5952 canonical format ("${canonical}")`];
}
