import type { Service } from "../../api/types.ts";
import { familyOf } from "../../lib/ip.ts";

/** The API server's own Service, visible in every namespace. */
const API_SERVICE = { namespace: "default", name: "kubernetes" } as const;

/** Services, and who looks at them. */
export interface ServiceVariablesInput {
  /** Services of all namespaces, or at least of the pod's and of `default`. */
  readonly services: readonly Service[];
  readonly namespace: string;
  /** `spec.enableServiceLinks`; without it only the API server's Service is visible. */
  readonly enableServiceLinks: boolean;
}

/** The environment variables through which a container finds the Services of its namespace. */
export function serviceVariables(input: ServiceVariablesInput): ReadonlyMap<string, string> {
  return new Map(visibleServices(input).flatMap(variablesOf));
}

/** A Service named like the API server's in the pod's own namespace takes its place. */
function visibleServices({
  services,
  namespace,
  enableServiceLinks,
}: ServiceVariablesInput): Service[] {
  const byName = new Map<string, Service>();
  const addressed = services.filter(hasClusterIp);
  for (const service of addressed) {
    const { namespace: own, name } = service.metadata;
    if (own === API_SERVICE.namespace && name === API_SERVICE.name) byName.set(name, service);
  }
  if (!enableServiceLinks) return [...byName.values()];
  for (const service of addressed) {
    const { namespace: own, name } = service.metadata;
    if (own === namespace && name !== undefined) byName.set(name, service);
  }
  return [...byName.values()];
}

function hasClusterIp(service: Service): boolean {
  const address = service.spec?.clusterIP ?? "";
  return address !== "" && address !== "None";
}

/** Names as of the days of Docker links: the upper-cased Service name, dashes as underscores. */
function variablesOf(service: Service): [string, string][] {
  const prefix = variableName(service.metadata.name ?? "");
  const address: string = service.spec?.clusterIP ?? "";
  const ports = service.spec?.ports ?? [];
  const found: [string, string][] = [[`${prefix}_SERVICE_HOST`, address]];
  for (const [index, port] of ports.entries()) {
    const protocol: string = port.protocol ?? "TCP";
    const host = familyOf(address) === "IPv6" ? `[${address}]` : address;
    const url = `${protocol.toLowerCase()}://${host}:${port.port}`;
    const group = `${prefix}_PORT_${port.port}_${protocol}`;
    if (index === 0) {
      found.push([`${prefix}_SERVICE_PORT`, String(port.port)], [`${prefix}_PORT`, url]);
    }
    if (port.name)
      found.push([`${prefix}_SERVICE_PORT_${variableName(port.name)}`, String(port.port)]);
    found.push(
      [group, url],
      [`${group}_PROTO`, protocol.toLowerCase()],
      [`${group}_PORT`, String(port.port)],
      [`${group}_ADDR`, address],
    );
  }
  return found;
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll("-", "_");
}
