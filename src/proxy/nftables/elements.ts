import { formatCidr } from "../../lib/ip.ts";
import {
  type AddressEntry,
  type Backend,
  type Entry,
  formatBackend,
  type PortRouting,
} from "../table/port-routing.ts";
import { admittedSources, type ProxyConfig } from "../table/proxy-config.ts";
import { families } from "./base-ruleset.ts";
import { type EntryKind, entryMark, formatMark } from "./marks.ts";

/** One element of a map, or of a set where it has no value. All are text as nft takes it. */
export interface Element {
  /** The map or set, such as `services4`. */
  readonly in: string;
  readonly key: string;
  readonly value: string | undefined;
}

/** Numbers that a plan has given to lists of backends, to backends in them, and to ways of spreading. */
export interface Numbers {
  /** A list with session affinity is sticky: the kernel remembers who uses it. */
  list(listKey: string, options: { readonly isSticky: boolean }): ListNumbers;
  spreadId(spread: Spread): number;
}

export interface ListNumbers {
  readonly id: number;
  /** The number of a backend in the list; it keeps it for as long as it is there. */
  indexOf(backend: string): number;
}

/** How a connection is spread over the slots of a list. */
export interface Spread {
  readonly digit: "4" | "6";
  readonly slots: number;
  /** Session affinity's timeout; undefined without. */
  readonly affinitySeconds: number | undefined;
}

/** Backends that are in use, and what they are called in marks. */
interface BackendList {
  readonly id: number;
  readonly spread: number;
  readonly elements: readonly Element[];
}

/** All elements of one Service port. */
export function elementsOf(
  routing: PortRouting,
  config: ProxyConfig,
  numbers: Numbers,
): readonly Element[] {
  const cluster = backendList("cluster", routing.cluster, routing, numbers);
  const local = backendList("local", routing.local, routing, numbers);
  const { digit } = families[routing.family];
  const isSplit = routing.entries.some((entry) => isExternalLocal(entry));
  return [
    ...(cluster?.elements ?? []),
    ...(local?.elements ?? []),
    ...(isSplit && cluster !== undefined
      ? [
          {
            in: `inside${digit}`,
            key: formatMark(cluster.id),
            value: formatMark(cluster.id, cluster.spread),
          },
          ...(local === undefined
            ? []
            : [
                {
                  in: `outside${digit}`,
                  key: formatMark(cluster.id),
                  value: formatMark(local.id, local.spread),
                },
              ]),
        ]
      : []),
    ...routing.entries.flatMap((entry) => [
      ...entryElements(entry, routing, { cluster, local }),
      ...(entry.kind === "NodePort" ? [] : restrictionElements(entry, routing, config)),
    ]),
    ...[...(routing.cluster ?? []), ...(routing.local ?? [])].map(({ address }) => ({
      in: `hairpins${digit}`,
      key: `${address} . ${address}`,
      value: undefined,
    })),
  ];
}

function isExternalLocal(entry: Entry): boolean {
  return entry.kind !== "ClusterIP" && entry.isLocalOnly;
}

function backendList(
  name: "cluster" | "local",
  backends: readonly Backend[] | undefined,
  routing: PortRouting,
  numbers: Numbers,
): BackendList | undefined {
  if (backends === undefined || backends.length === 0) return undefined;
  const { family, protocol, servicePortName, affinitySeconds } = routing;
  const { digit } = families[family];
  const isSticky = affinitySeconds !== undefined;
  // Affinity is part of the name: when it is switched off and on again, nobody is remembered.
  const listKey = `${servicePortName} ${protocol} ${family} ${name}${isSticky ? " sticky" : ""}`;
  const list = numbers.list(listKey, { isSticky });
  const slots = slotsOf(backends);
  const markOf = (backend: Backend) => formatMark(list.id, list.indexOf(formatBackend(backend)));
  return {
    id: list.id,
    spread: numbers.spreadId({ digit, slots: slots.length, affinitySeconds }),
    elements: [
      ...backends.map((backend) => ({
        in: `backends${digit}`,
        key: markOf(backend),
        value: `${backend.address} . ${backend.port}`,
      })),
      ...slots.map((backend, slot) => ({
        in: `slots${digit}`,
        key: `${formatMark(list.id)} . ${slot}`,
        value: markOf(backend),
      })),
    ],
  };
}

/** A connection goes to a slot by chance; a backend's weight is its number of slots. All weigh 1 so far. */
function slotsOf(backends: readonly Backend[]): readonly Backend[] {
  return backends;
}

function entryElements(
  entry: Entry,
  routing: PortRouting,
  lists: { readonly cluster: BackendList | undefined; readonly local: BackendList | undefined },
): readonly Element[] {
  const { digit } = families[routing.family];
  const key = formatEntry(entry, routing);
  const isPort = entry.kind === "NodePort";
  const set = (name: string): Element => ({
    in: `${name}${isPort ? "-ports" : ""}${digit}`,
    key,
    value: undefined,
  });
  const owned: readonly Element[] =
    entry.kind === "ClusterIP"
      ? [{ in: `cluster-ips${digit}`, key: entry.address, value: undefined }]
      : [];

  if (isExternalLocal(entry)) {
    if (lists.cluster === undefined) return [set("rejected")];
    const mapped = mapElement(key, lists.cluster, "externalLocal", { isPort, digit });
    return lists.local === undefined ? [mapped, set("dropped")] : [mapped];
  }
  const list = entry.isLocalOnly ? lists.local : lists.cluster;
  if (list !== undefined) {
    const kind = entry.kind === "ClusterIP" ? "clusterIp" : "external";
    return [...owned, mapElement(key, list, kind, { isPort, digit })];
  }
  if (routing.hasAnyInCluster) return [...owned, set("dropped")];
  // Whatever reaches a cluster IP and has no entry is refused already.
  return entry.kind === "ClusterIP" ? owned : [set("rejected")];
}

function mapElement(
  key: string,
  list: BackendList,
  kind: EntryKind,
  at: { readonly isPort: boolean; readonly digit: "4" | "6" },
): Element {
  // An entry that looks at the source first finds its spread behind that.
  const spread = kind === "externalLocal" ? 0 : list.spread;
  const map = at.isPort ? "nodeports" : "services";
  return { in: `${map}${at.digit}`, key, value: entryMark(list.id, kind, spread) };
}

function restrictionElements(
  entry: AddressEntry,
  routing: PortRouting,
  config: ProxyConfig,
): readonly Element[] {
  const admitted = admittedSources(entry, routing, config);
  if (admitted === undefined) return [];
  const { digit } = families[routing.family];
  const key = formatEntry(entry, routing);
  return [
    { in: `restricted${digit}`, key, value: undefined },
    ...admitted.map((range) => ({
      in: `admitted${digit}`,
      key: `${key} . ${formatCidr(range)}`,
      value: undefined,
    })),
  ];
}

function formatEntry(entry: Entry, { protocol }: PortRouting): string {
  const port = `${protocol.toLowerCase()} . ${entry.port}`;
  return entry.kind === "NodePort" ? port : `${entry.address} . ${port}`;
}
