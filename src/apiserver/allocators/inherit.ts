import { withField, without } from "../../api/copy.ts";
import {
  needsClusterIp,
  needsHealthCheckPort,
  needsNodePorts,
  nodePortsOf,
  sameList,
} from "../../api/service-facts.ts";
import type { Service, ServicePort, ServiceSpec } from "../../api/types.ts";

/**
 * Fills in from the old Service what the request left out and the server had allocated, where both types need it. So
 * a PUT of the manifest with which a Service was created changes nothing.
 */
export function withInherited(service: Service, old: Service): Service {
  let spec: ServiceSpec = service.spec ?? {};
  const was = old.spec ?? {};
  if (needsClusterIp(old) && needsClusterIp(service)) {
    if (!spec.clusterIP) spec = withField(spec, "clusterIP", was.clusterIP);
    if ((spec.clusterIPs ?? []).length === 0 && spec.clusterIP === was.clusterIP) {
      spec = withField(spec, "clusterIPs", was.clusterIPs);
    }
  }
  if (needsNodePorts(old) && needsNodePorts(service)) {
    spec = withField(spec, "ports", inheritNodePorts(service, old));
  }
  if (needsHealthCheckPort(old) && needsHealthCheckPort(service) && !spec.healthCheckNodePort) {
    spec = withField(spec, "healthCheckNodePort", was.healthCheckNodePort);
  }
  return { ...service, spec };
}

/** Ports are told apart by name. A number that the request uses for another port is not inherited. */
function inheritNodePorts(service: Service, old: Service): readonly ServicePort[] | undefined {
  const requested = new Set(nodePortsOf(service));
  const known = new Map((old.spec?.ports ?? []).map(({ name = "", nodePort }) => [name, nodePort]));
  return service.spec?.ports?.map((port) => {
    const inherited = known.get(port.name ?? "");
    return port.nodePort || !inherited || requested.has(inherited)
      ? port
      : { ...port, nodePort: inherited };
  });
}

/**
 * Keeps clusterIP and clusterIPs in step when a client knows only the older, singular field, or changes one of the
 * two. What cannot be meant is left for validation.
 */
export function withClusterIpsInStep(service: Service, old: Service | undefined): Service {
  const { spec } = service;
  if (spec === undefined) return service;
  const { clusterIP = "", clusterIPs = [] } = spec;
  if (old === undefined) {
    return clusterIP !== "" && clusterIPs.length === 0
      ? { ...service, spec: { ...spec, clusterIPs: [clusterIP] } }
      : service;
  }
  const before = old.spec?.clusterIP ?? "";
  const listBefore = old.spec?.clusterIPs ?? [];
  if (clusterIP === before) {
    return clusterIPs.length === 0 && listBefore.length > 0
      ? { ...service, spec: { ...spec, clusterIPs: listBefore } }
      : service;
  }
  if (!sameList(clusterIPs, listBefore)) return service;
  return {
    ...service,
    spec: clusterIP === "" ? without(spec, "clusterIPs") : { ...spec, clusterIPs: [clusterIP] },
  };
}
