import { recordTypes } from "../wire/constants.ts";
import {
  labelKey,
  labelStarts,
  type NameKey,
  nameKey,
  parseName,
  relativeKey,
} from "../wire/name.ts";
import { recordSet } from "../wire/record-set.ts";
import type { Soa } from "../wire/reply.ts";
import { type Address, undashAddress } from "./addresses.ts";
import { NAME_SERVER, type NameServerNodes, nameServerNodes } from "./name-servers.ts";
import {
  addressSets,
  emptyNode,
  type NodeContext,
  nameSet,
  nodeOf,
  SVC,
  type ZoneNode,
} from "./nodes.ts";
import { ServiceNames } from "./service-names.ts";
import { ZoneObjects } from "./zone-objects.ts";

/** Whether pods have names: never, for any address in an existing namespace, or for addresses of real pods. */
export type PodRecords = "disabled" | "insecure" | "verified";

export interface ZoneOptions {
  /** Such as `cluster.local`. */
  readonly clusterDomain: string;
  /** Keys of the reverse zones that are answered for. */
  readonly reverseZones: readonly NameKey[];
  /** How long records live, 0 to 3600. */
  readonly ttlSeconds: number;
  readonly podRecords: PodRecords;
  /** A Service with cluster IPs but without ready endpoints does not exist. */
  readonly hideEmpty: boolean;
  /** Whether `<zone>.pin|prefer._zone` exists below headless Services. */
  readonly zonalNames: boolean;
  /** Milliseconds since the Unix epoch; the first serial comes from it. */
  readonly now: () => number;
  /** In [0, 1); orders the records of a set. */
  readonly random: () => number;
}

/** What the zones know about a name. `zoneAt` is where the zone's name starts within the key. */
export type Lookup =
  | { readonly kind: "outside" }
  | { readonly kind: "apex" | "found"; readonly zoneAt: number; readonly node: ZoneNode }
  | { readonly kind: "missing"; readonly zoneAt: number }
  /** Not known yet: the objects have not all arrived. Neither a denial nor an answer would be true. */
  | { readonly kind: "unknown"; readonly zoneAt: number };

/** The version of the specification that is followed, and how long that record lives (as CoreDNS). */
const SCHEMA_VERSION = "1.1.0";
const SCHEMA_VERSION_TTL_SECONDS = 28_800;

/** How many names that exist are remembered together with their answers. */
const FOUND_MAX = 20_000;

const ARPA = `${labelKey("arpa")}\0`;
const POD = labelKey("pod");

/**
 * The cluster's names, from its objects: the zone of the cluster domain and the reverse zones. A change costs what it
 * changes; records are made when they are first asked for. Whatever the order of changes, the answers are those of a
 * zone that is built anew from the same objects.
 */
export class Zone {
  /** Where changes go in. */
  readonly objects: ZoneObjects;
  readonly #options: ZoneOptions;
  readonly #cluster: NameKey;
  readonly #reverseZones: ReadonlySet<NameKey>;
  readonly #context: NodeContext;
  readonly #version: ZoneNode;
  /** The servers' own addresses: they find the Service that is named as name server. */
  readonly #servers = new Set<Address>();
  /** Names that were asked for and exist, as of a serial: most questions are for few names. */
  readonly #found = new Map<NameKey, Lookup>();
  #foundSerial = -1;
  #isSynced = false;
  /** As of a serial. */
  #nameServers: { readonly serial: number; readonly nodes: NameServerNodes } | undefined;

  constructor(options: ZoneOptions) {
    const wire = parseName(options.clusterDomain);
    if (wire === undefined) throw new RangeError(`Not a domain name: "${options.clusterDomain}"`);
    this.objects = new ZoneObjects(options.now);
    this.#options = options;
    this.#cluster = nameKey(wire);
    this.#reverseZones = new Set(options.reverseZones);
    this.#context = {
      ttlSeconds: options.ttlSeconds,
      zone: this.#cluster,
      shuffle: (list) => shuffle(list, options.random),
    };
    const text = Buffer.concat([Uint8Array.of(SCHEMA_VERSION.length), Buffer.from(SCHEMA_VERSION)]);
    this.#version = nodeOf([recordSet(recordTypes.TXT, SCHEMA_VERSION_TTL_SECONDS, [text])]);
  }

  get soa(): Soa {
    return { serial: this.objects.serial, ttlSeconds: this.#options.ttlSeconds };
  }

  get ttlSeconds(): number {
    return this.#options.ttlSeconds;
  }

  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** From now on what is not known does not exist. */
  markSynced(): void {
    this.#isSynced = true;
  }

  /** A server of this zone answers at the address, or no longer does. */
  addServerAddress(address: Address): void {
    this.#servers.add(address);
    this.#serversChanged();
  }

  removeServerAddress(address: Address): void {
    this.#servers.delete(address);
    this.#serversChanged();
  }

  #serversChanged(): void {
    this.#nameServers = undefined;
    this.#found.clear();
  }

  /** What is known about a name. */
  lookup(name: NameKey): Lookup {
    if (this.#foundSerial !== this.objects.serial || this.#found.size >= FOUND_MAX) {
      this.#found.clear();
      this.#foundSerial = this.objects.serial;
    }
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const lookup = this.#find(name);
    // Names that do not exist are without number, so only those that do are kept.
    if (lookup.kind === "found") this.#found.set(name, lookup);
    return lookup;
  }

  #find(name: NameKey): Lookup {
    const zoneAt = this.#zoneAt(name);
    if (zoneAt < 0) {
      // An endpoint may have any address, and has a PTR record (specification, section 2.4.3): a zone of one name.
      const node = name.endsWith(ARPA) ? this.#pointersNode(name) : undefined;
      return node === undefined ? { kind: "outside" } : { kind: "found", zoneAt: 0, node };
    }
    const isCluster = name.length - zoneAt === this.#cluster.length && name.endsWith(this.#cluster);
    if (zoneAt === 0) {
      const { clusterApex, reverseApex } = this.#nameServerNodes();
      return { kind: "apex", zoneAt, node: isCluster ? clusterApex : reverseApex };
    }
    const relative = name.slice(0, zoneAt);
    const node =
      relative === NAME_SERVER
        ? this.#nameServerNodes().host
        : isCluster
          ? this.#clusterNode(relative)
          : this.#reverseNode(name);
    if (node !== undefined) return { kind: "found", zoneAt, node };
    return { kind: this.#isSynced ? "missing" : "unknown", zoneAt };
  }

  /** Where the longest zone that the name lies in begins; -1 for none. */
  #zoneAt(name: NameKey): number {
    if (name.endsWith(this.#cluster)) {
      const zoneAt = name.length - this.#cluster.length;
      let at = 0;
      while (at < zoneAt) at += name.charCodeAt(at) + 1;
      // Else the end of a longer label looks like the zone's name.
      if (at === zoneAt) return at;
    }
    if (!name.endsWith(ARPA)) return -1;
    for (let at = 0; at < name.length; at += name.charCodeAt(at) + 1) {
      if (this.#reverseZones.has(name.slice(at))) return at;
    }
    return -1;
  }

  #clusterNode(relative: NameKey): ZoneNode | undefined {
    const starts = labelStarts(relative);
    const subtree = relative.slice(starts.at(-1));
    const [serviceAt, namespaceAt] = [starts.at(-3), starts.at(-2)];
    if (subtree !== SVC && subtree !== POD) {
      if (relative === labelKey("dns-version")) return this.#version;
      return relative === labelKey("dns") ? emptyNode : undefined;
    }
    if (namespaceAt === undefined) return emptyNode;
    const namespace = relative.slice(namespaceAt, starts.at(-1));
    if (serviceAt === undefined)
      return this.objects.hasNamespace(namespace) ? emptyNode : undefined;
    if (subtree === POD) {
      return serviceAt === 0
        ? this.#podNode(relative.slice(0, starts.at(-1)), namespace)
        : undefined;
    }
    return this.#serviceNode(
      relative.slice(serviceAt, starts.at(-1)),
      relative.slice(0, serviceAt),
    );
  }

  #serviceNode(key: NameKey, below: NameKey): ZoneNode | undefined {
    const entry = this.objects.entry(key);
    if (entry?.service === undefined) return undefined;
    entry.names ??= new ServiceNames(
      { service: entry.service, slices: [...entry.slices.values()], name: key + SVC },
      this.#context,
      this.#options,
    );
    return entry.names.node(below);
  }

  #podNode(key: NameKey, namespace: NameKey): ZoneNode | undefined {
    if (this.#options.podRecords === "disabled") return undefined;
    if (this.#options.podRecords === "verified") {
      const found = this.objects.podAddresses(key);
      return found === undefined ? undefined : nodeOf(addressSets([...found], this.#context));
    }
    if (!this.objects.hasNamespace(namespace)) return undefined;
    const address = undashAddress(key.slice(1, 1 + key.charCodeAt(0)));
    return address === undefined ? undefined : nodeOf(addressSets([address], this.#context));
  }

  /** What is at a name in a reverse zone. */
  #reverseNode(name: NameKey): ZoneNode | undefined {
    const pointers = this.#pointersNode(name);
    if (pointers !== undefined) return pointers;
    // A whole address whose Service is gone has nothing; a part of one stands above others.
    const hasNamesBelow =
      this.objects.reverse.ownersOf(name) !== undefined && !isWholeAddress(name);
    return hasNamesBelow ? emptyNode : undefined;
  }

  /** The Services that have the address as cluster IP; if there is none, the endpoints that have it. */
  #pointersNode(name: NameKey): ZoneNode | undefined {
    const owners = this.objects.reverse.ownersOf(name);
    if (owners === undefined) return undefined;
    const services = owners.services.map((service) => service + SVC);
    const targets =
      services.length > 0
        ? services
        : owners.endpoints
            .filter(({ serviceKey }) => this.#hasEndpointNames(serviceKey))
            .map(({ hostKey, serviceKey }) => hostKey + serviceKey + SVC);
    if (targets.length === 0) return undefined;
    return nodeOf([nameSet(recordTypes.PTR, targets, this.#context)]);
  }

  #hasEndpointNames(service: NameKey): boolean {
    const kind = this.objects.entry(service)?.service?.kind;
    return kind === "cluster" || kind === "headless";
  }

  #nameServerNodes(): NameServerNodes {
    const { serial } = this.objects;
    if (this.#nameServers?.serial !== serial) {
      const nodes = nameServerNodes([...this.#servers], this.objects, this.#context);
      this.#nameServers = { serial, nodes };
    }
    return this.#nameServers.nodes;
  }
}

/** 4 labels and the two of in-addr.arpa, or 32 and the two of ip6.arpa. */
function isWholeAddress(name: NameKey): boolean {
  const labels = labelStarts(name).length;
  return labels === (name.endsWith(`${relativeKey("ip6", "arpa")}\0`) ? 34 : 6);
}

function shuffle<T>(list: T[], random: () => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [list[i], list[j]];
    if (a === undefined || b === undefined) continue;
    list[i] = b;
    list[j] = a;
  }
  return list;
}
