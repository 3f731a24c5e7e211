import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { EndpointSlice, Service } from "../../src/api/types.ts";
import { canonicalIp, parseCidr } from "../../src/lib/ip.ts";
import type { NodeFacts } from "../../src/proxy/table/choose-endpoints.ts";
import type { Packet } from "../../src/proxy/table/decide.ts";
import {
  buildForwardingTable,
  type ForwardingTable,
} from "../../src/proxy/table/forwarding-table.ts";
import type { LocalDetection, ProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import { type Protocol, serviceFacts } from "../../src/proxy/table/service-facts.ts";
import { sliceFacts } from "../../src/proxy/table/slice-facts.ts";

/** A row of cases/flow.yaml, turned into what the proxy takes. */
export interface FlowCase {
  readonly id: string;
  readonly name: string;
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly node: NodeFacts;
  readonly config: ProxyConfig;
  readonly packet: Packet;
  readonly want: FlowWant;
}

export interface FlowWant {
  readonly verdict: "FORWARD" | "REJECT" | "DROP" | "NONE";
  readonly backends?: readonly string[];
  readonly sourceRewritten?: boolean;
}

/** A row of cases/choose-endpoints.yaml, as it is written there. */
export interface ChooseCase {
  readonly id: string;
  readonly name: string;
  readonly service: { readonly iTP?: string; readonly eTP?: string; readonly nodePort?: number };
  readonly node: { readonly node: string; readonly zone?: string };
  readonly endpoints: readonly YamlEndpoint[];
  readonly want: {
    readonly cluster: readonly string[] | null;
    readonly local: readonly string[] | null;
    readonly reachable: readonly string[];
    readonly hasAnyInCluster: boolean;
  };
}

export interface YamlEndpoint {
  readonly addr: string;
  readonly node?: string;
  readonly ready?: boolean;
  readonly serving?: boolean;
  readonly terminating?: boolean;
  readonly forZones?: readonly string[];
  readonly forNodes?: readonly string[];
}

interface YamlService {
  readonly type: string;
  readonly ports: NonNullable<NonNullable<Service["spec"]>["ports"]>;
  readonly clusterIP: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly ingress?: readonly { readonly ip?: string; readonly ipMode?: string }[];
  readonly sourceRanges?: readonly string[];
  readonly eTP?: string;
  readonly iTP?: string;
  readonly healthCheckNodePort?: number;
  readonly labels?: Readonly<Record<string, string>>;
}

interface YamlSlice {
  readonly service: string;
  readonly addressType: string;
  readonly ports: EndpointSlice["ports"];
  readonly endpoints: readonly YamlEndpoint[];
}

interface YamlEnv {
  readonly node: string;
  readonly zone: string;
  readonly nodeIPs: readonly string[];
  readonly podCIDR: Readonly<Record<string, string>>;
  readonly serviceCIDRs: readonly string[];
  readonly detectLocal: string;
  readonly masqueradeAll: boolean;
  readonly nodePortAddresses: "primary" | readonly string[];
}

interface FlowFile {
  readonly env: YamlEnv;
  readonly services: Readonly<Record<string, YamlService>>;
  readonly slices: Readonly<Record<string, YamlSlice>>;
  readonly cases: readonly {
    readonly id: string;
    readonly name: string;
    readonly services: readonly string[];
    readonly env?: Partial<YamlEnv>;
    readonly packet: { src: string; dst: string; port: number; proto: Protocol; via?: string };
    readonly want: FlowWant;
  }[];
}

const here = join(import.meta.dirname, "cases");

interface MatrixFile {
  readonly environments: readonly {
    readonly name: string;
    readonly env: Partial<YamlEnv>;
    readonly rows: readonly (readonly [Source, Way, ...string[]])[];
  }[];
}

type Source = "pod" | "node" | "outside";
type Way = "ClusterIP" | "NodePort" | "LoadBalancer";

/** The flow cases of the nftables flavour. */
export function flowCases(): readonly FlowCase[] {
  const file: FlowFile = parse(readFileSync(join(here, "flow.yaml"), "utf8"));
  const matrix: MatrixFile = parse(readFileSync(join(here, "policy-matrix.yaml"), "utf8"));
  return [...file.cases, ...matrixRows(matrix)].map(
    ({ id, name, services, env, packet, want }) => ({
      id,
      name,
      services: services.map((service) => serviceOf(service, file.services[service]!)),
      slices: Object.entries(file.slices).flatMap(([slice, yaml]) =>
        services.includes(yaml.service) ? [sliceOf(slice, yaml)] : [],
      ),
      node: { nodeName: file.env.node, zone: file.env.zone },
      config: configOf({ ...file.env, ...env }),
      packet: {
        source: packet.src,
        destination: packet.dst,
        port: packet.port,
        protocol: packet.proto,
        ...(packet.via === undefined ? {} : { inputInterface: packet.via }),
      },
      want,
    }),
  );
}

const sources: Readonly<Record<Source, string>> = {
  pod: "10.244.1.200",
  node: "192.0.2.10",
  outside: "198.51.100.7",
};

/** One row of flow.yaml for each cell of the matrix. The Services' addresses and endpoints end in their numbers. */
function matrixRows({ environments }: MatrixFile): FlowFile["cases"] {
  const services = ["cc", "cl", "lc", "ll"];
  return environments.flatMap(({ name, env, rows }, environment) =>
    rows.flatMap(([from, way, ...cells], row) =>
      cells.map((cell, column) => {
        const service = services[column]!;
        const number = 21 + column;
        const [dst, port] = destinationOf(way, number);
        const backends = [`10.244.1.${number}:80`, `10.244.2.${number}:80`];
        return {
          id: `M${environment}${row}${column}`,
          name: `${name}: ${from} to ${way} of ${service}`,
          services: [service],
          env,
          packet: { src: sources[from], dst, port, proto: "TCP" as const },
          want: {
            verdict: "FORWARD" as const,
            backends: cell.startsWith("local") ? backends.slice(0, 1) : backends,
            sourceRewritten: cell.endsWith("+"),
          },
        };
      }),
    ),
  );
}

function destinationOf(way: Way, number: number): readonly [string, number] {
  switch (way) {
    case "ClusterIP":
      return [`10.96.0.${number}`, 80];
    case "NodePort":
      return ["192.0.2.10", 30_000 + number];
    case "LoadBalancer":
      return [`203.0.113.${number}`, 80];
  }
}

/** The rows about which endpoints a policy may use. */
export function chooseCases(): readonly ChooseCase[] {
  const file: { readonly cases: readonly ChooseCase[] } = parse(
    readFileSync(join(here, "choose-endpoints.yaml"), "utf8"),
  );
  return file.cases;
}

/** The forwarding table of a case. */
export function tableOf(flow: FlowCase): ForwardingTable {
  return buildForwardingTable({
    services: flow.services.flatMap((service) => serviceFacts(service) ?? []),
    slices: flow.slices.flatMap((slice) => sliceFacts(slice) ?? []),
    node: flow.node,
  });
}

function configOf(env: YamlEnv): ProxyConfig {
  return {
    nodeIps: env.nodeIPs.map((ip) => canonicalIp(ip)!),
    serviceCidrs: env.serviceCIDRs.map((range) => parseCidr(range)!),
    localDetection: detectionOf(env),
    masqueradeAll: env.masqueradeAll,
    nodePortAddresses:
      env.nodePortAddresses === "primary"
        ? "primary"
        : env.nodePortAddresses.map((range) => parseCidr(range)!),
  };
}

function detectionOf({ detectLocal, podCIDR }: YamlEnv): LocalDetection {
  const [kind, name = ""] = detectLocal.split(" ");
  switch (kind) {
    case "none":
      return { kind: "none" };
    case "interface":
      return { kind: "interface", name };
    case "prefix":
      return { kind: "interface-prefix", prefix: name };
    default:
      return {
        kind: "ranges",
        ranges: Object.values(podCIDR).map((range) => parseCidr(range)!),
      };
  }
}

function serviceOf(name: string, yaml: YamlService): Service {
  const { clusterIP, clusterIPs, ingress, sourceRanges, eTP, iTP, labels, ...spec } = yaml;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "default", name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...spec,
      clusterIP,
      clusterIPs: [clusterIP, ...(clusterIPs ?? [])],
      ...(sourceRanges === undefined ? {} : { loadBalancerSourceRanges: sourceRanges }),
      ...(eTP === undefined ? {} : { externalTrafficPolicy: eTP }),
      ...(iTP === undefined ? {} : { internalTrafficPolicy: iTP }),
    },
    ...(ingress === undefined ? {} : { status: { loadBalancer: { ingress } } }),
  };
}

function sliceOf(name: string, yaml: YamlSlice): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace: "default",
      name,
      labels: { "kubernetes.io/service-name": yaml.service },
    },
    addressType: yaml.addressType,
    ...(yaml.ports === undefined ? {} : { ports: yaml.ports }),
    endpoints: yaml.endpoints.map(endpointOf),
  };
}

/** An endpoint of a slice; what the row does not say is left unset. */
export function endpointOf(yaml: YamlEndpoint): EndpointSlice["endpoints"][number] {
  const { addr, node, ready, serving, terminating, forZones, forNodes } = yaml;
  return {
    addresses: [addr],
    ...(node === undefined ? {} : { nodeName: node }),
    conditions: {
      ...(ready === undefined ? {} : { ready }),
      ...(serving === undefined ? {} : { serving }),
      ...(terminating === undefined ? {} : { terminating }),
    },
    hints: {
      ...(forZones === undefined ? {} : { forZones: forZones.map((zone) => ({ name: zone })) }),
      ...(forNodes === undefined ? {} : { forNodes: forNodes.map((host) => ({ name: host })) }),
    },
  };
}
