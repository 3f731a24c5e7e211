import { recordTypes } from "../wire/constants.ts";
import { labelKey, type NameKey, wireOfKey } from "../wire/name.ts";
import { type AdditionalRecord, type RecordSet, recordSet } from "../wire/record-set.ts";
import { type Address, addressData, isIpv4 } from "./addresses.ts";

/** Where the names of Services and their endpoints are, relative to the zone. */
export const SVC = labelKey("svc");

/** What the zone has at one name; `setOf` reads it. A node without sets is a name that exists for others below it. */
export interface ZoneNode {
  /** Few, and so a list: less memory for each name than a map, and found sooner. */
  readonly sets: readonly RecordSet[];
  /** The SRV set, made when it is first asked for: far more work than addresses, and far less asked for. */
  readonly srv: (() => RecordSet | undefined) | undefined;
  /** Where the name leads for addresses (ExternalName), in wire form. */
  readonly alias: Uint8Array | undefined;
  /** Whether EndpointSlices that are not there yet may add to it. */
  readonly needsSlices: boolean;
}

/** A name without records of its own (RFC 8020: it exists, so it is not NXDOMAIN). */
export const emptyNode: ZoneNode = nodeOf([]);

/** What records have in common. */
export interface NodeContext {
  readonly ttlSeconds: number;
  /** The zone's key, with the final zero. */
  readonly zone: NameKey;
  /** Puts a list into another order in place, so that equal clients do not all begin with the same. */
  readonly shuffle: <T>(list: T[]) => T[];
}

/** An address under a name; the name is relative to the zone. */
export interface NamedAddress {
  readonly name: NameKey;
  readonly address: Address;
}

/** One SRV record before it has a weight; the target is relative to the zone. */
export interface SrvTarget {
  readonly name: NameKey;
  readonly port: number;
}

/** The records of a type at a node; undefined if it has none. */
export function setOf(node: ZoneNode, type: number): RecordSet | undefined {
  if (type === recordTypes.SRV) return node.srv?.();
  for (const set of node.sets) if (set.type === type) return set;
  return undefined;
}

/** A node with these sets, and with what else it has. */
export function nodeOf(
  sets: readonly RecordSet[],
  extra: {
    readonly srv?: () => RecordSet | undefined;
    readonly alias?: Uint8Array;
    readonly needsSlices?: boolean;
  } = {},
): ZoneNode {
  return {
    sets,
    srv: extra.srv && once(extra.srv),
    alias: extra.alias,
    needsSlices: extra.needsSlices ?? false,
  };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The A and AAAA sets of these addresses, each counted once. */
export function addressSets(addresses: readonly Address[], context: NodeContext): RecordSet[] {
  const unique = [...new Set(addresses)];
  return [
    { type: recordTypes.A, data: unique.filter(isIpv4) },
    { type: recordTypes.AAAA, data: unique.filter((address) => !isIpv4(address)) },
  ].flatMap(({ type, data }) =>
    data.length === 0
      ? []
      : recordSet(type, context.ttlSeconds, context.shuffle(data.map(addressData))),
  );
}

/**
 * The SRV set of these targets, with the addresses of their names. All records weigh the same: a hundredth part of
 * what a single address has, as CoreDNS does; `targets` has an entry for each pair of address and port.
 */
export function srvSet(
  targets: readonly SrvTarget[],
  addresses: readonly NamedAddress[],
  context: NodeContext,
): RecordSet | undefined {
  if (targets.length === 0) return undefined;
  const weight = Math.max(1, Math.floor(100 / targets.length));
  const unique = context.shuffle(uniqueBy(targets, ({ name, port }) => `${port} ${name}`));
  const data = unique.map(({ name, port }) => {
    const target = wireOfKey(name + context.zone);
    const bytes = Buffer.alloc(6 + target.length);
    bytes.writeUInt16BE(weight, 2);
    bytes.writeUInt16BE(port, 4);
    bytes.set(target, 6);
    return bytes;
  });
  const names = unique.map(({ name }) => name);
  return recordSet(recordTypes.SRV, context.ttlSeconds, data, {
    additional: addressesOf(names, addresses),
    dataNameAt: 6,
    zoneTailBytes: context.zone.length,
  });
}

/** A set of names (PTR, NS) given relative to the cluster zone, for an owner in whatever zone. */
export function nameSet(type: number, names: readonly NameKey[], context: NodeContext): RecordSet {
  return recordSet(type, context.ttlSeconds, wiresOf(names, context));
}

/** The NS set of the cluster zone's apex, with the addresses of the name servers. */
export function nameServerSet(
  names: readonly NameKey[],
  addresses: readonly NamedAddress[],
  context: NodeContext,
): RecordSet {
  return recordSet(recordTypes.NS, context.ttlSeconds, wiresOf(names, context), {
    additional: addressesOf(names, addresses),
    zoneTailBytes: context.zone.length,
  });
}

function wiresOf(names: readonly NameKey[], context: NodeContext): Uint8Array[] {
  return names.map((name) => wireOfKey(name + context.zone));
}

/** Each address once, tied to the first of `names` that it belongs to. */
function addressesOf(
  names: readonly NameKey[],
  addresses: readonly NamedAddress[],
): AdditionalRecord[] {
  const indexes = new Map<NameKey, number>();
  for (const [index, name] of names.entries()) if (!indexes.has(name)) indexes.set(name, index);
  const unique = uniqueBy(addresses, ({ name, address }) => `${name} ${address}`);
  return unique.flatMap(({ name, address }) => {
    const answer = indexes.get(name);
    if (answer === undefined) return [];
    return {
      answer,
      type: isIpv4(address) ? recordTypes.A : recordTypes.AAAA,
      data: addressData(address),
    };
  });
}

function uniqueBy<T>(list: readonly T[], keyOf: (each: T) => string): T[] {
  return [...new Map(list.map((each) => [keyOf(each), each])).values()];
}
