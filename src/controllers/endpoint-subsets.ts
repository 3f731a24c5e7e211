import type { EndpointAddress, EndpointPort, EndpointSubset } from "../api/types.ts";

/** One address behind one port; without a port for headless Services that name none. */
export interface Pair {
  readonly address: EndpointAddress;
  readonly port?: EndpointPort;
  readonly isReady: boolean;
}

interface Entry {
  readonly address: EndpointAddress;
  isReady: boolean;
}

/**
 * Packs pairs into as few subsets as there are different sets of addresses: ports with the same addresses, equally
 * ready, share a subset. An address that appears twice for a port (same IP and pod) counts once, and as not ready
 * if one of them says so. Addresses are in the order of their text, as clients print them.
 */
export function packSubsets(pairs: readonly Pair[]): EndpointSubset[] {
  const byPort = new Map<string, { port: EndpointPort | undefined; entries: Map<string, Entry> }>();
  for (const { address, port, isReady } of pairs) {
    const portKey = port === undefined ? "" : portText(port);
    const known = byPort.get(portKey) ?? { port, entries: new Map<string, Entry>() };
    byPort.set(portKey, known);
    const key = addressText(address);
    const entry = known.entries.get(key);
    if (entry === undefined) known.entries.set(key, { address, isReady });
    else entry.isReady &&= isReady;
  }

  const byAddresses = Map.groupBy(byPort.values(), ({ entries }) =>
    [...entries]
      .map(([key, { isReady }]) => `${key}\n${isReady}`)
      .sort()
      .join("\n\n"),
  );
  return [...byAddresses.values()]
    .map((group) =>
      subsetOf(
        group.flatMap(({ port }) => port ?? []),
        group[0]?.entries,
      ),
    )
    .sort((a, b) => compareText(portsText(a), portsText(b)));
}

/** The same addresses behind the same ports, in as few subsets as can be and in the order of `packSubsets`. */
export function repackSubsets(subsets: readonly EndpointSubset[] | undefined): EndpointSubset[] {
  const pairs = (subsets ?? []).flatMap(
    ({ addresses = [], notReadyAddresses = [], ports = [] }) => {
      const choices: readonly (EndpointPort | undefined)[] =
        ports.length === 0 ? [undefined] : ports;
      return choices.flatMap((port) => {
        const pair = (isReady: boolean) => (address: EndpointAddress) => ({
          address,
          isReady,
          ...(port === undefined ? {} : { port }),
        });
        return [...addresses.map(pair(true)), ...notReadyAddresses.map(pair(false))];
      });
    },
  );
  return packSubsets(pairs);
}

function subsetOf(
  ports: readonly EndpointPort[],
  entries: ReadonlyMap<string, Entry> | undefined,
): EndpointSubset {
  const sorted = [...(entries ?? [])]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, entry]) => entry);
  const addresses = sorted.filter((entry) => entry.isReady).map((entry) => entry.address);
  const notReady = sorted.filter((entry) => !entry.isReady).map((entry) => entry.address);
  const inOrder = ports.toSorted((a, b) => compareText(portText(a), portText(b)));
  return subset(addresses, notReady, inOrder);
}

/** A subset without its empty lists, as the API stores it. */
export function subset(
  addresses: readonly EndpointAddress[],
  notReadyAddresses: readonly EndpointAddress[],
  ports: readonly EndpointPort[] | undefined,
): EndpointSubset {
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ...(ports === undefined || ports.length === 0 ? {} : { ports }),
  };
}

/** By IP text first, then by pod: the order of "10.0.0.10" before "10.0.0.9" is Kubernetes' own. */
function addressText({ ip, targetRef }: EndpointAddress): string {
  return `${ip} ${targetRef?.uid ?? ""}`;
}

function portText({ name = "", port, protocol = "TCP", appProtocol = "" }: EndpointPort): string {
  return JSON.stringify([name, port, protocol, appProtocol]);
}

function portsText({ ports = [] }: EndpointSubset): string {
  return ports.map(portText).join(",");
}

/** Byte order, whatever the locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
