import { isDeepStrictEqual } from "node:util";
import type { NodeFacts } from "./choose-endpoints.ts";
import { claimedEntries, compareText, type PortRouting, routeService } from "./port-routing.ts";
import type { ServiceFacts } from "./service-facts.ts";
import type { SliceFacts } from "./slice-facts.ts";

/** What a node forwards: the routing of every Service that it knows, by `namespace/name`. */
export type ForwardingTable = ReadonlyMap<string, readonly PortRouting[]>;

/** What one call of `take` found. */
export interface TableChange {
  /** The Services whose routing differs from before; those that the table lacks are gone. */
  readonly services: ReadonlySet<string>;
  /** Of the slice changes that are in it: when each was triggered, in milliseconds since the epoch. */
  readonly triggersMs: readonly number[];
}

/**
 * Keeps the forwarding table up to date from single changes.
 *
 * Setting facts only notes what is to be done; `take` works it out. After any order of changes the table
 * equals `buildForwardingTable` of the same facts.
 */
export class ForwardingTableBuilder {
  readonly #routings = new Map<string, readonly PortRouting[]>();
  readonly #services = new Map<string, ServiceFacts>();
  /** By Service, then by slice. */
  readonly #slices = new Map<string, Map<string, SliceFacts>>();
  readonly #sliceOwners = new Map<string, string>();
  /** Which Services want an entry. */
  readonly #claims = new Map<string, Set<string>>();
  readonly #dirty = new Set<string>();
  #triggersMs: number[] = [];
  #node: NodeFacts;

  constructor(node: NodeFacts) {
    this.#node = node;
  }

  /** As of the last `take`. */
  get table(): ForwardingTable {
    return this.#routings;
  }

  get hasChanges(): boolean {
    return this.#dirty.size > 0;
  }

  /** How many Services take memory, through themselves or through slices. */
  get trackedServices(): number {
    return new Set([...this.#services.keys(), ...this.#slices.keys(), ...this.#routings.keys()])
      .size;
  }

  /** Moves the proxy to another zone, say; every Service is worked out again. */
  setNode(node: NodeFacts): void {
    if (isDeepStrictEqual(node, this.#node)) return;
    this.#node = node;
    for (const key of this.#services.keys()) this.#dirty.add(key);
  }

  /** Adds or changes a Service; undefined takes it away. */
  setService(key: string, facts: ServiceFacts | undefined): void {
    const previous = this.#services.get(key);
    if (isDeepStrictEqual(previous, facts)) return;
    const before = previous === undefined ? [] : claimedEntries(previous);
    const after = facts === undefined ? [] : claimedEntries(facts);
    for (const entry of before) this.#unclaim(entry, key);
    for (const entry of after) this.#claim(entry, key);
    if (facts === undefined) this.#services.delete(key);
    else this.#services.set(key, facts);
    this.#dirty.add(key);
  }

  /** Adds or changes a slice; undefined takes it away. A slice may pass to another Service. */
  setSlice(key: string, facts: SliceFacts | undefined): void {
    const owner = this.#sliceOwners.get(key);
    if (owner !== undefined && owner !== facts?.service) this.#dropSlice(owner, key);
    if (facts === undefined) return;
    const slices = this.#slices.get(facts.service) ?? new Map<string, SliceFacts>();
    const previous = slices.get(key);
    if (isDeepStrictEqual(previous, facts)) return;
    this.#slices.set(facts.service, slices.set(key, facts));
    this.#sliceOwners.set(key, facts.service);
    this.#dirty.add(facts.service);
    if (facts.triggeredAtMs !== undefined && facts.triggeredAtMs !== previous?.triggeredAtMs) {
      this.#triggersMs.push(facts.triggeredAtMs);
    }
  }

  /** Works out what was set since the last call. */
  take(): TableChange {
    const services = new Set<string>();
    for (const key of this.#dirty) {
      const before = this.#routings.get(key);
      const after = this.#route(key);
      if (isDeepStrictEqual(before, after)) continue;
      if (after === undefined) this.#routings.delete(key);
      else this.#routings.set(key, after);
      services.add(key);
    }
    const triggersMs = this.#triggersMs;
    this.#dirty.clear();
    this.#triggersMs = [];
    return { services, triggersMs };
  }

  #route(key: string): readonly PortRouting[] | undefined {
    const service = this.#services.get(key);
    if (service === undefined) return undefined;
    return routeService({
      service,
      slices: [...(this.#slices.get(key)?.values() ?? [])],
      node: this.#node,
      ownsEntry: (entry) => this.#ownerOf(entry) === key,
    });
  }

  /** The oldest of the Services that want an entry: a newcomer must not take over another's address. */
  #ownerOf(entry: string): string | undefined {
    const claimants = this.#claims.get(entry) ?? [];
    const rank = (key: string) => `${this.#services.get(key)?.createdAt} ${key}`;
    return [...claimants].toSorted((a, b) => compareText(rank(a), rank(b)))[0];
  }

  #claim(entry: string, key: string): void {
    const claimants = this.#claims.get(entry) ?? new Set();
    for (const other of claimants) this.#dirty.add(other);
    this.#claims.set(entry, claimants.add(key));
  }

  #unclaim(entry: string, key: string): void {
    const claimants = this.#claims.get(entry);
    claimants?.delete(key);
    if (claimants?.size === 0) this.#claims.delete(entry);
    for (const other of claimants ?? []) this.#dirty.add(other);
  }

  #dropSlice(service: string, key: string): void {
    const slices = this.#slices.get(service);
    this.#sliceOwners.delete(key);
    if (slices?.delete(key) !== true) return;
    if (slices.size === 0) this.#slices.delete(service);
    this.#dirty.add(service);
  }
}

/** The table of these facts, computed at one go. */
export function buildForwardingTable(facts: {
  readonly services: readonly ServiceFacts[];
  readonly slices: readonly SliceFacts[];
  readonly node: NodeFacts;
}): ForwardingTable {
  const builder = new ForwardingTableBuilder(facts.node);
  for (const service of facts.services) builder.setService(service.key, service);
  for (const slice of facts.slices) builder.setSlice(slice.key, slice);
  builder.take();
  return builder.table;
}
