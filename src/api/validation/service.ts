import { parseIp } from "../../lib/ip.ts";
import {
  duplicate,
  type FieldError,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  required,
} from "../field-error.ts";
import {
  headlessIp,
  isExternallyReachable,
  isHeadless,
  needsHealthCheckPort,
} from "../service-facts.ts";
import type { LoadBalancerIngress, Service, ServicePort, ServiceSpec } from "../types.ts";
import { dnsLabel, dnsSubdomain, portNumber, qualifiedName } from "./names.ts";
import {
  protocols,
  validateCidr,
  validateEndpointIp,
  validateIp,
  validatePortReference,
} from "./network.ts";
import { validateLabels } from "./object-meta.ts";
import { repeats } from "./repeats.ts";
import { validateServiceFamilies } from "./service-families.ts";
import { validateOptionalWord, validateWord } from "./words.ts";

/** Longest time for which one client is kept at one endpoint. */
const affinitySecondsMax = 86_400;

const serviceTypes = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];
const trafficPolicies = ["Cluster", "Local"];
const trafficDistributions = ["PreferClose", "PreferSameNode", "PreferSameZone"];

const onlyLoadBalancer = "may only be used when `type` is 'LoadBalancer'";

const hintsAnnotation = "service.kubernetes.io/topology-aware-hints";
const modeAnnotation = "service.kubernetes.io/topology-mode";
const sourceRangesAnnotation = "service.beta.kubernetes.io/load-balancer-source-ranges";

/** What is wrong with a Service whose addresses and ports have been allocated. */
export function validateService(service: Service): FieldError[] {
  const spec = service.spec ?? {};
  const { ports = [], trafficDistribution } = spec;
  return [
    ...validateTopology(service),
    ...(ports.length === 0 && !isHeadless(service) && spec.type !== "ExternalName"
      ? [required("spec.ports")]
      : []),
    ...validateForType(service),
    ...validatePorts(ports),
    ...validateLabels(spec.selector, "spec.selector"),
    ...validateAffinity(spec),
    ...validateServiceFamilies(service),
    ...(spec.externalIPs ?? []).flatMap((ip, index) =>
      validateEndpointIp(ip, `spec.externalIPs[${index}]`),
    ),
    ...validateWord(spec.type ?? "", serviceTypes, "spec.type"),
    ...validateNodePorts(spec),
    ...validateDistinctPorts(ports),
    ...validateSourceRanges(service),
    ...validateLoadBalancerFields(spec),
    ...validateExternalTraffic(service),
    ...validateInternalTraffic(spec),
    ...(trafficDistribution === undefined
      ? []
      : validateWord(trafficDistribution, trafficDistributions, "spec.trafficDistribution")),
  ];
}

/** The old and the new name of one annotation must agree. */
function validateTopology({ metadata: { annotations = {} } }: Service): FieldError[] {
  const hints = annotations[hintsAnnotation];
  const mode = annotations[modeAnnotation];
  if (hints === undefined || mode === undefined || hints === mode) return [];
  const detail = `must match annotations[${hintsAnnotation}] when both are specified`;
  return [invalid(`metadata.annotations[${modeAnnotation}]`, mode, detail)];
}

function validateForType(service: Service): FieldError[] {
  const {
    type,
    clusterIPs = [],
    ipFamilies = [],
    ipFamilyPolicy,
    externalName = "",
  } = service.spec ?? {};
  if ((type === "LoadBalancer" || type === "NodePort") && isHeadless(service)) {
    const detail = `may not be set to 'None' for ${type} services`;
    return [invalid("spec.clusterIPs[0]", headlessIp, detail)];
  }
  if (type !== "ExternalName") return [];
  const detail = "may not be set for ExternalName services";
  const name = externalName.replace(/\.$/, "");
  return [
    ...(clusterIPs.length > 0 ? [forbidden("spec.clusterIPs", detail)] : []),
    ...(ipFamilies.length > 0 ? [forbidden("spec.ipFamilies", detail)] : []),
    ...(ipFamilyPolicy === undefined ? [] : [forbidden("spec.ipFamilyPolicy", detail)]),
    ...(name === ""
      ? [required("spec.externalName")]
      : invalidEach("spec.externalName", name, dnsSubdomain(name))),
  ];
}

function validatePorts(ports: readonly ServicePort[]): FieldError[] {
  const repeatedNames = repeats(ports.map(({ name }, index) => name || index));
  return ports.flatMap((port, index) => [
    ...validatePort(port, ports.length > 1, `spec.ports[${index}]`),
    ...(repeatedNames[index] ? [duplicate(`spec.ports[${index}].name`, port.name)] : []),
  ]);
}

function validateDistinctPorts(ports: readonly ServicePort[]): FieldError[] {
  const repeated = repeats(ports.map(({ protocol, port }) => `${protocol}/${port}`));
  return ports.flatMap((port, index) =>
    repeated[index]
      ? [
          {
            reason: "FieldValueDuplicate",
            field: `spec.ports[${index}]`,
            message: `Duplicate value: ${portKey(port)}`,
          },
        ]
      : [],
  );
}

/** What two ports may not share, as Kubernetes shows it: a port with nothing else in it, in Go's syntax. */
function portKey({ protocol = "", port }: ServicePort): string {
  const target = 'intstr.IntOrString{Type:0, IntVal:0, StrVal:""}';
  return `core.ServicePort{Name:"", Protocol:${JSON.stringify(protocol)}, AppProtocol:(*string)(nil), Port:${port}, TargetPort:${target}, NodePort:0}`;
}

function validatePort(
  { name = "", port = 0, protocol = "", targetPort = 0, appProtocol }: ServicePort,
  needsName: boolean,
  field: string,
): FieldError[] {
  return [
    ...(name === ""
      ? needsName
        ? [required(`${field}.name`)]
        : []
      : invalidEach(`${field}.name`, name, dnsLabel(name))),
    ...invalidEach(`${field}.port`, port, portNumber(port)),
    ...validateWord(protocol, protocols, `${field}.protocol`),
    ...validatePortReference(targetPort, `${field}.targetPort`),
    ...(appProtocol === undefined
      ? []
      : invalidEach(`${field}.appProtocol`, appProtocol, qualifiedName(appProtocol))),
  ];
}

function validateAffinity({ sessionAffinity = "", sessionAffinityConfig }: ServiceSpec) {
  const field = "spec.sessionAffinityConfig";
  const errors = validateWord(sessionAffinity, ["ClientIP", "None"], "spec.sessionAffinity");
  if (sessionAffinity === "None" && sessionAffinityConfig !== undefined) {
    errors.push(forbidden(field, "must not be set when session affinity is None"));
  }
  if (sessionAffinity !== "ClientIP") return errors;
  const detail = "when session affinity type is ClientIP";
  if (sessionAffinityConfig === undefined) return [...errors, required(field, detail)];
  const { clientIP } = sessionAffinityConfig;
  if (clientIP === undefined) return [...errors, required(`${field}.clientIP`, detail)];
  const at = `${field}.clientIP.timeoutSeconds`;
  const { timeoutSeconds } = clientIP;
  if (timeoutSeconds === undefined) return [...errors, required(at, detail)];
  if (timeoutSeconds <= 0 || timeoutSeconds > affinitySecondsMax) {
    const range = `must be greater than 0 and less than ${affinitySecondsMax}`;
    errors.push(invalid(at, timeoutSeconds, range));
  }
  return errors;
}

function validateNodePorts({ type, ports = [] }: ServiceSpec): FieldError[] {
  const repeated = repeats(
    ports.map(({ protocol, nodePort }, index) => (nodePort ? `${protocol}/${nodePort}` : index)),
  );
  return ports.flatMap(({ nodePort = 0 }, index) => {
    const field = `spec.ports[${index}].nodePort`;
    return [
      ...(type === "ClusterIP" && nodePort !== 0
        ? [forbidden(field, "may not be used when `type` is 'ClusterIP'")]
        : []),
      ...(repeated[index] ? [duplicate(field, nodePort)] : []),
    ];
  });
}

/** The field's path begins in upper case in Kubernetes too, by accident; values may be padded with spaces. */
function validateSourceRanges({ metadata, spec = {} }: Service): FieldError[] {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const annotation = metadata.annotations?.[sourceRangesAnnotation];
  if (ranges.length > 0) {
    const field = "spec.LoadBalancerSourceRanges";
    return [
      ...(spec.type === "LoadBalancer" ? [] : [forbidden(field, onlyLoadBalancer)]),
      ...ranges.flatMap((range, index) => validateCidr(range.trim(), `${field}[${index}]`)),
    ];
  }
  if (annotation === undefined) return [];
  const field = `metadata.annotations[${sourceRangesAnnotation}]`;
  const listed = annotation.trim() === "" ? [] : annotation.split(",");
  return [
    ...(spec.type === "LoadBalancer" ? [] : [forbidden(field, onlyLoadBalancer)]),
    ...listed.flatMap((range) => validateCidr(range.trim(), field)),
  ];
}

function validateLoadBalancerFields(spec: ServiceSpec): FieldError[] {
  const { type, allocateLoadBalancerNodePorts, loadBalancerClass } = spec;
  const classField = "spec.loadBalancerClass";
  if (type === "LoadBalancer") {
    return [
      ...(allocateLoadBalancerNodePorts === undefined
        ? [required("allocateLoadBalancerNodePorts")]
        : []),
      ...(loadBalancerClass === undefined
        ? []
        : invalidEach(classField, loadBalancerClass, qualifiedName(loadBalancerClass))),
    ];
  }
  return [
    ...(allocateLoadBalancerNodePorts === undefined
      ? []
      : [forbidden("spec.allocateLoadBalancerNodePorts", onlyLoadBalancer)]),
    ...(loadBalancerClass === undefined ? [] : [forbidden(classField, onlyLoadBalancer)]),
  ];
}

function validateExternalTraffic(service: Service): FieldError[] {
  const { externalTrafficPolicy: policy = "", healthCheckNodePort: port = 0 } = service.spec ?? {};
  const errors: FieldError[] = [];
  const policyField = "spec.externalTrafficPolicy";
  if (isExternallyReachable(service)) {
    errors.push(...validateWord(policy, trafficPolicies, policyField));
  } else if (policy !== "") {
    const detail = "may only be set for externally-accessible services";
    errors.push(invalid(policyField, policy, detail));
  }
  const portField = "spec.healthCheckNodePort";
  if (needsHealthCheckPort(service)) {
    if (port === 0) errors.push(required(portField));
    else errors.push(...invalidEach(portField, port, portNumber(port)));
  } else if (port !== 0) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(portField, port, detail));
  }
  return errors;
}

function validateInternalTraffic({ type = "", internalTrafficPolicy }: ServiceSpec): FieldError[] {
  const field = "spec.internalTrafficPolicy";
  const isMissing =
    internalTrafficPolicy === undefined && ["ClusterIP", "LoadBalancer", "NodePort"].includes(type);
  return isMissing
    ? [required(field)]
    : validateOptionalWord(internalTrafficPolicy, trafficPolicies, field);
}

const ipModes = ["Proxy", "VIP"];

/** What a load balancer's controller may report. */
export function validateServiceStatus({ spec, status }: Service): FieldError[] {
  const field = "status.loadBalancer.ingress";
  const ingress = status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && spec?.type !== "LoadBalancer") {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  return ingress.flatMap((entry, index) => validateIngress(entry, `${field}[${index}]`));
}

function validateIngress({ ip = "", hostname = "", ipMode }: LoadBalancerIngress, field: string) {
  const errors = ip === "" ? [] : validateIp(ip, `${field}.ip`);
  if (ipMode === undefined && ip !== "") {
    errors.push(required(`${field}.ipMode`, "must be specified when `ip` is set"));
  } else if (ipMode !== undefined && ip === "") {
    errors.push(forbidden(`${field}.ipMode`, "may not be specified when `ip` is not set"));
  } else if (ipMode !== undefined && !ipModes.includes(ipMode)) {
    errors.push(notSupported(`${field}.ipMode`, ipMode, ipModes));
  }
  if (hostname === "") return errors;
  errors.push(...invalidEach(`${field}.hostname`, hostname, dnsSubdomain(hostname)));
  if (parseIp(hostname) !== undefined) {
    const detail = "must be a DNS name, not an IP address";
    errors.push(invalid(`${field}.hostname`, hostname, detail));
  }
  return errors;
}
