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
import { type EntryKind, entryMark, formatMark, listIdOf } from "./marks.ts";

/** One element of a map, or of a set where it has no value. All are text as nft takes it. */
export interface Element {
  /** The map or set, such as `services4`. */
  readonly in: string;
  readonly key: string;
  readonly value: string | undefined;
}

/** Numbers that a plan has given to lists of backends, to backends in them, and to ways of spreading. */
export interface Numbers {
  /**
   * A list with session affinity is sticky: the kernel remembers who uses it. `ledToBy` names the element that leads
   * to the list, by which it is known again in a table that somebody else wrote.
   */
  list(
    listKey: string,
    options: { readonly isSticky: boolean; readonly ledToBy: string },
  ): ListNumbers;
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
  readonly backends: readonly Backend[];
  readonly spread: number;
  readonly elements: readonly Element[];
}

/** What names an element in the whole table. */
export function elementId(element: Pick<Element, "in" | "key">): string {
  return `${element.in} ${element.key}`;
}

/** Backends may serve several Services, and these may share an address; an entry has one owner. */
export function isShared(element: Element): boolean {
  return element.in.startsWith("hairpins") || element.in.startsWith("cluster-ips");
}

/**
 * The entry or the list that an element is part of; whoever has that has the element. For a shared one, itself.
 */
export function partOf(element: Element): string {
  const name = element.in.slice(0, -1);
  const digit = element.in.slice(-1);
  switch (name) {
    case "hairpins":
    case "cluster-ips":
      return elementId(element);
    case "slots":
    case "backends":
    case "inside":
    case "outside":
      return `list ${listIdOf(element.key.split(" ")[0] ?? "")}`;
    case "admitted":
      return `entry${digit} ${element.key.split(" . ").slice(0, 3).join(" . ")}`;
    default:
      return `entry${digit} ${element.key}`;
  }
}

/** All elements of one Service port. */
export function elementsOf(
  routing: PortRouting,
  config: ProxyConfig,
  numbers: Numbers,
): readonly Element[] {
  const { digit } = families[routing.family];
  const usesCluster = (entry: Entry) => !entry.isLocalOnly || isExternalLocal(entry);
  const usesLocal = (entry: Entry) => entry.isLocalOnly && !isExternalLocal(entry);
  const cluster = backendList(routing, numbers, {
    name: "cluster",
    backends: routing.cluster,
    ledToBy: ledToBy(routing, usesCluster),
  });
  const local = backendList(routing, numbers, {
    name: "local",
    backends: routing.local,
    ledToBy: ledToBy(routing, usesLocal) ?? ledToFromOutside(routing, cluster),
  });
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
    ...[...(cluster?.backends ?? []), ...(local?.backends ?? [])].map(({ address }) => ({
      in: `hairpins${digit}`,
      key: `${address} . ${address}`,
      value: undefined,
    })),
  ];
}

function isExternalLocal(entry: Entry): boolean {
  return entry.kind !== "ClusterIP" && entry.isLocalOnly;
}

/** The element by which packets come to a list: that of the first entry which uses it. */
function ledToBy(routing: PortRouting, uses: (entry: Entry) => boolean): string | undefined {
  const entry = routing.entries.find(uses);
  return entry === undefined ? undefined : entryId(entry, routing);
}

/** How packets come to the local list through entries that look at the source first. */
function ledToFromOutside(
  routing: PortRouting,
  cluster: BackendList | undefined,
): string | undefined {
  if (cluster === undefined || !routing.entries.some(isExternalLocal)) return undefined;
  return elementId({ in: `outside${families[routing.family].digit}`, key: formatMark(cluster.id) });
}

function backendList(
  routing: PortRouting,
  numbers: Numbers,
  list: {
    readonly name: "cluster" | "local";
    readonly backends: readonly Backend[] | undefined;
    /** Undefined for a list that no entry leads to: another Service may have them all. */
    readonly ledToBy: string | undefined;
  },
): BackendList | undefined {
  const { name, backends = [], ledToBy } = list;
  if (backends.length === 0 || ledToBy === undefined) return undefined;
  const { family, protocol, servicePortName, affinitySeconds } = routing;
  const { digit } = families[family];
  const isSticky = affinitySeconds !== undefined;
  // Affinity is part of the name: when it is switched off and on again, nobody is remembered.
  const listKey = `${servicePortName} ${protocol} ${family} ${name}${isSticky ? " sticky" : ""}`;
  const numbered = numbers.list(listKey, { isSticky, ledToBy });
  const { id } = numbered;
  const slots = slotsOf(backends);
  const markOf = (backend: Backend) => formatMark(id, numbered.indexOf(formatBackend(backend)));
  return {
    id,
    backends,
    spread: numbers.spreadId({ digit, slots: slots.length, affinitySeconds }),
    elements: [
      ...backends.map((backend) => ({
        in: `backends${digit}`,
        key: markOf(backend),
        value: `${backend.address} . ${backend.port}`,
      })),
      ...slots.map((backend, slot) => ({
        in: `slots${digit}`,
        key: `${formatMark(id)} . ${slot}`,
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
  return { in: entryMap(at), key, value: entryMark(list.id, kind, spread) };
}

function entryMap({ isPort, digit }: { isPort: boolean; digit: "4" | "6" }): string {
  return `${isPort ? "nodeports" : "services"}${digit}`;
}

function entryId(entry: Entry, routing: PortRouting): string {
  const { digit } = families[routing.family];
  const isPort = entry.kind === "NodePort";
  return elementId({ in: entryMap({ isPort, digit }), key: formatEntry(entry, routing) });
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
