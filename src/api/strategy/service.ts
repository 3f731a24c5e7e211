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
import { cidrWarnings, ipWarnings } from "../validation/address-warnings.ts";
import { dns1035Label } from "../validation/names.ts";
import { validateService, validateServiceStatus } from "../validation/service.ts";
import { validateServiceChange } from "../validation/service-families.ts";
import { defineStrategy, statusOf, withStatus } from "./strategy-shape.ts";

/** The rules of Services. */
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
  const { clusterIPs = [], externalIPs = [], loadBalancerSourceRanges = [] } = spec;
  const { loadBalancerIP = "", externalName = "", type } = spec;
  const isAlias = type === "ExternalName";
  const warnings: string[] = [];
  const ignored = (field: string, reason: string) => warnings.push(`${field} is ignored ${reason}`);

  if (metadata.annotations?.[hintsAnnotation] !== undefined) {
    warnings.push(
      `annotation ${hintsAnnotation} is deprecated, please use service.kubernetes.io/topology-mode instead`,
    );
  }
  for (const [i, ip] of clusterIPs.entries()) {
    warnings.push(...ipWarnings(ip, `spec.clusterIPs[${i}]`));
  }
  if (isHeadless(service)) {
    const reason = "for headless services";
    if (loadBalancerIP !== "") ignored("spec.loadBalancerIP", reason);
    if (externalIPs.length > 0) ignored("spec.externalIPs", reason);
    if (spec.sessionAffinity !== "None") ignored("spec.SessionAffinity", reason);
  }
  for (const [i, ip] of externalIPs.entries()) {
    warnings.push(...ipWarnings(ip, `spec.externalIPs[${i}]`));
  }
  warnings.push(...ipWarnings(loadBalancerIP, "spec.loadBalancerIP"));
  for (const [i, range] of loadBalancerSourceRanges.entries()) {
    warnings.push(...cidrWarnings(range, `spec.loadBalancerSourceRanges[${i}]`));
  }
  if (isAlias && externalIPs.length > 0) {
    ignored("spec.externalIPs", 'when spec.type is "ExternalName"');
  }
  if (!isAlias && externalName !== "") {
    ignored("spec.externalName", 'when spec.type is not "ExternalName"');
  }
  return warnings;
}
