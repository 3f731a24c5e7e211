import { isDeepStrictEqual } from "node:util";
import { labelKey, type NameKey } from "../wire/name.ts";
import type { Address } from "./addresses.ts";
import { ReverseIndex } from "./reverse-index.ts";
import type { ServiceNames } from "./service-names.ts";
import type { PodView, ServiceView, SliceView } from "./views.ts";

/** One Service with its slices. */
export interface ServiceEntry {
  service: ServiceView | undefined;
  readonly slices: Map<string, SliceView>;
  /** What was made of them; dropped when they change. */
  names: ServiceNames | undefined;
}

/** The objects that a zone's names come from, with the indexes that find them. A change costs what it changes. */
export class ZoneObjects {
  readonly #services = new Map<NameKey, ServiceEntry>();
  readonly #slices = new Map<string, SliceView>();
  readonly #pods = new Map<string, PodView>();
  readonly #podNames = new Map<NameKey, Map<string, Address>>();
  /** Namespaces, by how many things say that they exist: the object itself, and Services in it. */
  readonly #namespaces = new Map<NameKey, number>();
  readonly #namespaceObjects = new Set<NameKey>();
  readonly #reverse = new ReverseIndex();
  readonly #now: () => number;
  #serial: number;

  /** `now` is in milliseconds since the Unix epoch; the first serial comes from it. */
  constructor(now: () => number) {
    this.#now = now;
    this.#serial = Math.floor(now() / 1000);
  }

  /** Grows with every change that can show. */
  get serial(): number {
    return this.#serial;
  }

  /** From addresses to who has them. */
  get reverse(): Pick<ReverseIndex, "ownersOf" | "ownersOfAddress"> {
    return this.#reverse;
  }

  /** The entry under `name.namespace`; its Service may be absent while its slices are there. */
  entry(key: NameKey): ServiceEntry | undefined {
    return this.#services.get(key);
  }

  hasNamespace(key: NameKey): boolean {
    return this.#namespaces.has(key);
  }

  /** Addresses of the pods under `dashed-address.namespace`. */
  podAddresses(key: NameKey): Iterable<Address> | undefined {
    return this.#podNames.get(key)?.values();
  }

  setNamespace(name: string, exists: boolean): void {
    const key = labelKey(name);
    if (this.#namespaceObjects.has(key) === exists) return;
    if (exists) this.#namespaceObjects.add(key);
    else this.#namespaceObjects.delete(key);
    this.#countNamespace(key, exists ? 1 : -1);
    this.#changed();
  }

  /** `view` replaces what the Service named `namespace/name` had; undefined when it is gone. */
  setService(key: NameKey, view: ServiceView | undefined): void {
    const previous = this.#services.get(key)?.service;
    if (isDeepStrictEqual(previous, view)) return;
    const entry = this.#entryFor(key);
    entry.service = view;
    if (view !== undefined) {
      this.#reverse.addService(view);
      this.#countNamespace(view.namespaceKey, 1);
    }
    if (previous !== undefined) {
      // What the new view has as well was added by it already; only the rest goes.
      const kept = new Set(view?.clusterIps);
      const gone = previous.clusterIps.filter((ip) => !kept.has(ip));
      this.#reverse.removeService({ ...previous, clusterIps: gone });
      this.#countNamespace(previous.namespaceKey, -1);
    }
    this.#forget(key);
    this.#changed();
  }

  /** `key` tells slices apart; `view` replaces what that slice had, undefined when it is gone. */
  setSlice(key: string, view: SliceView | undefined): void {
    const previous = this.#slices.get(key);
    if (isDeepStrictEqual(previous, view)) return;
    if (view === undefined) this.#slices.delete(key);
    else {
      this.#slices.set(key, view);
      this.#entryFor(view.serviceKey).slices.set(key, view);
      // Added before the old one is removed, so that what both have stays.
      this.#reverse.addSlice(view);
      this.#forget(view.serviceKey);
    }
    if (previous !== undefined) {
      this.#reverse.removeSlice(previous);
      if (previous.serviceKey !== view?.serviceKey) {
        this.#services.get(previous.serviceKey)?.slices.delete(key);
        this.#forget(previous.serviceKey);
      }
    }
    this.#changed();
  }

  /** Pods matter for verified pod records only. */
  setPod(key: string, view: PodView | undefined): void {
    const previous = this.#pods.get(key);
    if (isDeepStrictEqual(previous, view)) return;
    if (view === undefined) this.#pods.delete(key);
    else this.#pods.set(key, view);
    for (const record of previous?.records ?? []) {
      const owners = this.#podNames.get(record.key);
      owners?.delete(key);
      if (owners?.size === 0) this.#podNames.delete(record.key);
    }
    for (const record of view?.records ?? []) {
      const owners = this.#podNames.get(record.key) ?? new Map<string, Address>();
      this.#podNames.set(record.key, owners.set(key, record.address));
    }
    this.#changed();
  }

  #entryFor(key: NameKey): ServiceEntry {
    const known = this.#services.get(key);
    if (known !== undefined) return known;
    const entry: ServiceEntry = {
      service: undefined,
      slices: new Map(),
      names: undefined,
    };
    this.#services.set(key, entry);
    return entry;
  }

  /** Drops what was made of a Service, and its entry once nothing is left. */
  #forget(key: NameKey): void {
    const entry = this.#services.get(key);
    if (entry === undefined) return;
    entry.names = undefined;
    if (entry.service === undefined && entry.slices.size === 0) this.#services.delete(key);
  }

  #countNamespace(key: NameKey, by: number): void {
    const count = (this.#namespaces.get(key) ?? 0) + by;
    if (count > 0) this.#namespaces.set(key, count);
    else this.#namespaces.delete(key);
  }

  /** A serial that repeats would hide a change from those who follow it, so a second is only where it begins. */
  #changed(): void {
    this.#serial = Math.max(this.#serial + 1, Math.floor(this.#now() / 1000)) % 2 ** 32;
  }
}
