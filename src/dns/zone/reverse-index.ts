import type { NameKey } from "../wire/name.ts";
import { type Address, reverseKey } from "./addresses.ts";
import type { ServiceView, SliceView } from "./views.ts";

/** An endpoint as a reverse name points to it. */
export interface EndpointRef {
  readonly hostKey: NameKey;
  readonly serviceKey: NameKey;
}

/** An endpoint with the number of slices that say so. */
interface CountedRef extends EndpointRef {
  slices: number;
}

/**
 * Who uses an address. Lists, since nearly all addresses have one owner and there are as many entries as endpoints:
 * a map in each would take most of the zone's memory.
 */
interface ReverseEntry {
  /** How many entries lie directly below; such a name exists even without an owner. */
  below: number;
  /** Services that have it as cluster IP. */
  services: readonly NameKey[];
  endpoints: readonly CountedRef[];
}

/** What an address is used for. */
export interface ReverseOwners {
  readonly services: readonly NameKey[];
  readonly endpoints: readonly EndpointRef[];
}

const none: readonly never[] = [];
const nobody: ReverseOwners = { services: none, endpoints: none };

/** From addresses, by their reverse names, to the Services and endpoints that have them. */
export class ReverseIndex {
  readonly #entries = new Map<NameKey, ReverseEntry>();

  /** The owners under this reverse name; empty lists for a name that has only others below it; undefined for none. */
  ownersOf(name: NameKey): ReverseOwners | undefined {
    return this.#entries.get(name);
  }

  /** The owners of an address; nobody where it is unknown. */
  ownersOfAddress(address: Address): ReverseOwners {
    return this.ownersOf(reverseKey(address)) ?? nobody;
  }

  addService(service: ServiceView): void {
    for (const ip of service.clusterIps) {
      const entry = this.#entry(reverseKey(ip));
      if (!entry.services.includes(service.key)) entry.services = [...entry.services, service.key];
    }
  }

  removeService(service: ServiceView): void {
    for (const ip of service.clusterIps) {
      const name = reverseKey(ip);
      const entry = this.#entries.get(name);
      if (entry === undefined) continue;
      entry.services = without(entry.services, (key) => key === service.key);
      this.#drop(name);
    }
  }

  addSlice({ serviceKey, endpoints }: SliceView): void {
    for (const { address, hostKey } of endpoints) {
      const entry = this.#entry(reverseKey(address));
      const ref = find(entry, hostKey, serviceKey);
      if (ref === undefined)
        entry.endpoints = [...entry.endpoints, { hostKey, serviceKey, slices: 1 }];
      else ref.slices++;
    }
  }

  removeSlice({ serviceKey, endpoints }: SliceView): void {
    for (const { address, hostKey } of endpoints) {
      const name = reverseKey(address);
      const entry = this.#entries.get(name);
      const ref = entry && find(entry, hostKey, serviceKey);
      if (entry === undefined || ref === undefined) continue;
      ref.slices--;
      if (ref.slices === 0) entry.endpoints = without(entry.endpoints, (each) => each === ref);
      this.#drop(name);
    }
  }

  /** The entry of a name; a new one makes the names above it exist. */
  #entry(name: NameKey): ReverseEntry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry: ReverseEntry = { below: 0, services: none, endpoints: none };
    this.#entries.set(name, entry);
    const parent = parentOf(name);
    if (parent !== undefined) this.#entry(parent).below++;
    return entry;
  }

  /** Forgets an entry that nobody needs any more, and the names above it that existed only for it. */
  #drop(name: NameKey): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    if (entry.below > 0 || entry.services.length > 0 || entry.endpoints.length > 0) return;
    this.#entries.delete(name);
    const parent = parentOf(name);
    const above = parent === undefined ? undefined : this.#entries.get(parent);
    if (parent === undefined || above === undefined) return;
    above.below--;
    this.#drop(parent);
  }
}

function find(entry: ReverseEntry, hostKey: NameKey, serviceKey: NameKey): CountedRef | undefined {
  return entry.endpoints.find((ref) => ref.hostKey === hostKey && ref.serviceKey === serviceKey);
}

function without<T>(list: readonly T[], isGone: (each: T) => boolean): readonly T[] {
  const rest = list.filter((each) => !isGone(each));
  return rest.length === 0 ? none : rest;
}

function parentOf(name: NameKey): NameKey | undefined {
  const parent = name.slice(name.charCodeAt(0) + 1);
  return parent.length <= 1 ? undefined : parent;
}
