import type { NameKey } from "../wire/name.ts";
import { reverseKey } from "./addresses.ts";
import type { ServiceView, SliceView } from "./views.ts";

/** Who uses an address, as relative keys without the zone. */
interface ReverseEntry {
  /** How many entries lie directly or further below; such a name exists even without an owner. */
  below: number;
  /** Services that have it as cluster IP. */
  readonly services: Set<NameKey>;
  /** Endpoints that have it: host and Service to how many slices say so. */
  readonly endpoints: Map<NameKey, EndpointRef>;
}

/** An endpoint as a reverse name points to it. */
export interface EndpointRef {
  readonly hostKey: NameKey;
  readonly serviceKey: NameKey;
  readonly slices: number;
}

/** What an address is used for. */
export interface ReverseOwners {
  readonly services: ReadonlySet<NameKey>;
  readonly endpoints: Iterable<EndpointRef>;
}

const nobody: ReverseOwners = { services: new Set(), endpoints: [] };

/** From addresses, by their reverse names, to the Services and endpoints that have them. */
export class ReverseIndex {
  readonly #entries = new Map<NameKey, ReverseEntry>();

  /** The owners under this reverse name; empty sets for a name that has only others below it; undefined for none. */
  ownersOf(name: NameKey): ReverseOwners | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined
      ? undefined
      : { services: entry.services, endpoints: entry.endpoints.values() };
  }

  /** The owners of an address; nobody where it is unknown. */
  ownersOfAddress(address: Uint8Array): ReverseOwners {
    return this.ownersOf(reverseKey(address)) ?? nobody;
  }

  addService(service: ServiceView): void {
    for (const ip of service.clusterIps) this.#entry(reverseKey(ip)).services.add(service.key);
  }

  removeService(service: ServiceView): void {
    for (const ip of service.clusterIps) {
      const name = reverseKey(ip);
      this.#entries.get(name)?.services.delete(service.key);
      this.#drop(name);
    }
  }

  addSlice({ serviceKey, endpoints }: SliceView): void {
    for (const { address, hostKey } of endpoints) {
      const entry = this.#entry(reverseKey(address));
      const ref = entry.endpoints.get(hostKey + serviceKey);
      entry.endpoints.set(hostKey + serviceKey, {
        hostKey,
        serviceKey,
        slices: (ref?.slices ?? 0) + 1,
      });
    }
  }

  removeSlice({ serviceKey, endpoints }: SliceView): void {
    for (const { address, hostKey } of endpoints) {
      const name = reverseKey(address);
      const refs = this.#entries.get(name)?.endpoints;
      const ref = refs?.get(hostKey + serviceKey);
      if (refs === undefined || ref === undefined) continue;
      if (ref.slices > 1) refs.set(hostKey + serviceKey, { ...ref, slices: ref.slices - 1 });
      else refs.delete(hostKey + serviceKey);
      this.#drop(name);
    }
  }

  /** The entry of a name; a new one makes the names above it exist. */
  #entry(name: NameKey): ReverseEntry {
    const known = this.#entries.get(name);
    if (known !== undefined) return known;
    const entry: ReverseEntry = { below: 0, services: new Set(), endpoints: new Map() };
    this.#entries.set(name, entry);
    const parent = parentOf(name);
    if (parent !== undefined) this.#entry(parent).below++;
    return entry;
  }

  /** Forgets an entry that nobody needs any more, and the names above it that existed only for it. */
  #drop(name: NameKey): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    if (entry.below > 0 || entry.services.size > 0 || entry.endpoints.size > 0) return;
    this.#entries.delete(name);
    const parent = parentOf(name);
    const above = parent === undefined ? undefined : this.#entries.get(parent);
    if (parent === undefined || above === undefined) return;
    above.below--;
    this.#drop(parent);
  }
}

function parentOf(name: NameKey): NameKey | undefined {
  const parent = name.slice(name.charCodeAt(0) + 1);
  return parent.length <= 1 ? undefined : parent;
}
