import {
  type Cidr,
  cidrAddress,
  cidrContains,
  formatCidr,
  formatIp,
  type IpFamily,
  parseCidr,
  parseIp,
  subCidr,
} from "../lib/ip.ts";
import { SandboxError } from "./sandbox-error.ts";
import { podRanges, type SandboxOptions, sandboxDefaults } from "./sandbox-options.ts";

/** The fabric joins the nodes; its first address is the process that runs them, and their way out. */
const fabricRanges: Readonly<Record<IpFamily, string>> = {
  IPv4: "192.168.100.0/24",
  IPv6: "fd00:100::/64",
};

/** Where the client outside the cluster lives. */
const clientRanges: Readonly<Record<IpFamily, string>> = {
  IPv4: "203.0.113.0/24",
  IPv6: "2001:db8:203::/64",
};

const nodePrefixLengths: Readonly<Record<IpFamily, number>> = { IPv4: 24, IPv6: 64 };

/** node-1 is the eleventh address of the fabric. */
const FIRST_NODE_OFFSET = 11n;
const GATEWAY_OFFSET = 1n;
const CLIENT_OFFSET = 10n;

/** The fabric has room for 244 nodes; a hundred are as many as one machine should carry. */
export const NODES_MAX = 100;

/** What has an address in one family: `ip` alone, and with its prefix length for the link. */
export interface LinkAddress {
  readonly family: IpFamily;
  readonly ip: string;
  readonly cidr: string;
}

/** One node: a name, its addresses on the fabric and its part of the pod ranges, in the families' order. */
export interface NodePlan {
  readonly name: string;
  readonly addresses: readonly LinkAddress[];
  readonly podCidrs: readonly string[];
}

/** Who has which address in a sandbox. */
export interface AddressPlan {
  /** Of the process inside, on the fabric's bridge: the API for pods, the nodes' default gateway. */
  readonly fabric: readonly LinkAddress[];
  readonly nodes: readonly NodePlan[];
  readonly client: readonly LinkAddress[];
  /** Of the process inside, towards the client. */
  readonly clientGateway: readonly LinkAddress[];
}

/** A Service reaches only pods of its own families, so pods have those of the cluster IPs unless told otherwise. */
export function podRangesFor(serviceCidrs: readonly string[]): string[] {
  return serviceCidrs.map((text) => podRanges[readRange(text).family]);
}

/** Works out every address of a sandbox, or throws BAD_OPTION with all that is wrong with the ranges. */
export function planAddresses(
  options: Pick<SandboxOptions, "nodes" | "podCidrs" | "serviceCidrs">,
): AddressPlan {
  const { nodes, podCidrs, serviceCidrs } = options;
  const pods = podCidrs.map(readRange);
  refuseMistakes(nodes, pods, serviceCidrs.map(readRange));
  const families = pods.map((range) => range.family);
  return {
    fabric: families.map((family) => addressIn(fabricRanges[family], GATEWAY_OFFSET)),
    clientGateway: families.map((family) => addressIn(clientRanges[family], GATEWAY_OFFSET)),
    client: families.map((family) => addressIn(clientRanges[family], CLIENT_OFFSET)),
    nodes: Array.from({ length: nodes }, (_, index) => ({
      name: `node-${index + 1}`,
      addresses: families.map((family) =>
        addressIn(fabricRanges[family], FIRST_NODE_OFFSET + BigInt(index)),
      ),
      podCidrs: pods.flatMap((range) => {
        const part = subCidr(range, nodePrefixLengths[range.family], index);
        return part === undefined ? [] : [formatCidr(part)];
      }),
    })),
  };
}

function refuseMistakes(nodes: number, pods: readonly Cidr[], services: readonly Cidr[]): void {
  const mistakes = [
    ...(Number.isInteger(nodes) && nodes >= 0 && nodes <= NODES_MAX
      ? []
      : [`--nodes is ${nodes}, 0 to ${NODES_MAX} are possible`]),
    ...pods.flatMap((range) => {
      const part = nodePrefixLengths[range.family];
      const room = range.prefixLength > part ? 0 : 2 ** Math.min(part - range.prefixLength, 31);
      return room < nodes
        ? [`--pod-cidr ${formatCidr(range)} has room for ${room} nodes (a /${part} each)`]
        : [];
    }),
    ...overlaps(pods, services),
  ];
  if (pods.length === 0) mistakes.push("--pod-cidr is empty");
  if (mistakes.length === 0) return;
  throw new SandboxError("BAD_OPTION", `Cannot plan the sandbox: ${mistakes.join("; ")}`, {
    remedy: `portolan up --pod-cidr ${podRanges.IPv4} --service-cidr ${sandboxDefaults.serviceCidrs.join()}`,
  });
}

function overlaps(pods: readonly Cidr[], services: readonly Cidr[]): string[] {
  const named = [
    ...pods.map((range) => ({ range, name: `--pod-cidr ${formatCidr(range)}` })),
    ...services.map((range) => ({ range, name: `--service-cidr ${formatCidr(range)}` })),
    ...Object.values({ ...fabricRanges }).map((text) => ({
      range: readRange(text),
      name: `the nodes' ${text}`,
    })),
    ...Object.values({ ...clientRanges }).map((text) => ({
      range: readRange(text),
      name: `the client's ${text}`,
    })),
  ];
  return named.flatMap((one, index) =>
    named
      .slice(index + 1)
      .filter((other) => doOverlap(one.range, other.range))
      .map((other) => `${one.name} overlaps ${other.name}`),
  );
}

function doOverlap(one: Cidr, other: Cidr): boolean {
  const base = ({ family, base }: Cidr) => ({ family, value: base });
  return cidrContains(one, base(other)) || cidrContains(other, base(one));
}

function readRange(text: string): Cidr {
  const range = parseCidr(text);
  if (range !== undefined) return range;
  throw new SandboxError("BAD_OPTION", `Cannot plan the sandbox: "${text}" is no address range`, {
    remedy: "Write it like 10.244.0.0/16",
  });
}

function addressIn(rangeText: string, offset: bigint): LinkAddress {
  const range = readRange(rangeText);
  const address = cidrAddress(range, offset);
  if (address === undefined || parseIp(formatIp(address)) === undefined) {
    throw new RangeError(`${rangeText} has no address ${offset}`);
  }
  const ip = formatIp(address);
  return { family: range.family, ip, cidr: `${ip}/${range.prefixLength}` };
}
