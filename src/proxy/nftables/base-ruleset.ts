import { createHash } from "node:crypto";
import { type Cidr, formatCidr, type IpFamily } from "../../lib/ip.ts";
import { type ProxyConfig, primaryNodeIp, withoutNested } from "../table/proxy-config.ts";
import {
  entryKinds,
  KIND_MASK,
  LIST_MASK,
  MASQUERADE_MARK,
  SPREAD_MASK,
  UNMASQUERADE_MASK,
} from "./marks.ts";

/** The table that holds everything; one for both address families. */
export const TABLE_NAME = "portolan";
export const TABLE = `inet ${TABLE_NAME}`;

export interface FlatOptions {
  readonly config: ProxyConfig;
  /** How many clients session affinity remembers in each family; more are spread like others. */
  readonly affinityClientsMax: number;
}

/** What the words for a family are: `4` ends the names of its chains and maps. */
export const families = {
  IPv4: { digit: "4", ip: "ip", loopback: "127.0.0.0/8", client: "ip saddr" },
  // The last 96 bits of the source: nft 1.0.6 writes the value of a map's update over the end of a key that is
  // longer than 16 bytes, and 4 of them are the list's mark.
  IPv6: { digit: "6", ip: "ip6", loopback: "::1", client: "@nh,96,96" },
} as const satisfies Record<IpFamily, object>;

/** The sets and maps whose elements belong to the rules, and not to Services; nft has a word for each kind. */
export const staticSets = Object.values(families).flatMap(({ digit }) => [
  { kind: "set", name: `nodeport-ips${digit}` } as const,
  { kind: "map", name: `spreads${digit}` } as const,
]);

/** Everything that does not depend on Services: base chains, helpers, and maps without elements. */
export function renderBaseRuleset(options: FlatOptions): string {
  return [
    `table ${TABLE} {`,
    `  comment "${layoutOf(options)}"`,
    renderMaps("IPv4", options),
    renderMaps("IPv6", options),
    renderChains(options),
    "}",
    ...renderNodePortIps(options.config),
    "",
  ].join("\n");
}

/** The names of the chains among it. */
export function baseChains(options: FlatOptions): readonly string[] {
  return [...renderChains(options).matchAll(/^ {2}chain (\S+) /gm)].flatMap(
    ([, name]) => name ?? [],
  );
}

/**
 * The comment of the table: equal where the maps are the same and the numbers in them mean the same, so that what
 * another proxy left can be carried on.
 */
export function layoutOf(options: FlatOptions): string {
  const maps = renderMaps("IPv4", options) + renderMaps("IPv6", options);
  const marks = JSON.stringify([LIST_MASK, KIND_MASK, SPREAD_MASK, entryKinds]);
  return `flat layout ${createHash("sha256").update(maps).update(marks).digest("hex").slice(0, 12)}`;
}

function renderChains({ config }: FlatOptions): string {
  return [renderHooks(), renderFamily("IPv4", config), renderFamily("IPv6", config)].join("\n");
}

/**
 * The data. `backends` must not be declared with typeof, and no other map can hold addresses with ports:
 * nft 1.0.6 refuses a later transaction that translates through such a map ("conflicting protocols").
 *
 * Only `spreads` holds verdicts: the kernel validates every chain again when a verdict map
 * changes, so what changes with each Service is in maps of data.
 */
function renderMaps(family: IpFamily, { affinityClientsMax }: FlatOptions): string {
  const { digit, ip, client } = families[family];
  const entry = `${ip} daddr . meta l4proto . th dport`;
  const port = "meta l4proto . th dport";
  const slot = "meta mark . numgen random mod 65536";
  const address = family === "IPv4" ? "ipv4_addr" : "ipv6_addr";
  return `
  # Entries: address or node port -> list, kind of entry, spread.
  map services${digit} { typeof ${entry} : meta mark; }
  map nodeports${digit} { typeof ${port} : meta mark; }
  set nodeport-ips${digit} { type ${address}; flags interval; }
  set cluster-ips${digit} { typeof ${ip} daddr; }

  # How to spread -> the chain that does it. One chain for each number of slots.
  map spreads${digit} { typeof meta mark : verdict; }

  # For entries with externalTrafficPolicy Local: list -> list and spread of those inside and outside.
  map inside${digit} { typeof meta mark : meta mark; }
  map outside${digit} { typeof meta mark : meta mark; }

  # List and slot -> list and number of a backend -> backend.
  map slots${digit} { typeof ${slot} : meta mark; }
  map backends${digit} { type mark : ${address} . inet_service; }

  # Session affinity: list and client -> list and number of a backend.
  map clients${digit} { typeof meta mark . ${client} : meta mark; size ${affinityClientsMax}; flags dynamic,timeout; }

  # Backends that may call themselves through a Service.
  set hairpins${digit} { typeof ${ip} saddr . ${ip} daddr; }

  # Load balancer entries with source ranges, and who may use them.
  set restricted${digit} { typeof ${entry}; }
  set admitted${digit} { typeof ${entry} . ${ip} saddr; flags interval; }

  # Entries without a backend: here (another node may have one), or anywhere.
  set dropped${digit} { typeof ${entry}; }
  set dropped-ports${digit} { typeof ${port}; }
  set rejected${digit} { typeof ${entry}; }
  set rejected-ports${digit} { typeof ${port}; }
`;
}

/**
 * The hooks. Those of type nat see only the first packet of a connection; the two right behind them
 * let all others pass at their first rule. `route` makes the kernel route anew when the mark changed.
 */
function renderHooks(): string {
  return `
  chain prerouting {
    type nat hook prerouting priority -100; policy accept;
    meta nfproto vmap { ipv4 : goto services4, ipv6 : goto services6 }
  }

  chain output {
    type nat hook output priority -100; policy accept;
    meta nfproto vmap { ipv4 : goto services4, ipv6 : goto services6 }
  }

  chain prerouting-settle {
    type filter hook prerouting priority -99; policy accept;
    ct state new goto settle
  }

  chain output-settle {
    type route hook output priority -99; policy accept;
    ct state new goto settle
  }

  chain settle {
    ct status & dnat == 0 meta nfproto vmap { ipv4 : goto unanswered4, ipv6 : goto unanswered6 }
    meta nfproto vmap { ipv4 : goto translated4, ipv6 : goto translated6 }
  }

  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
    meta mark & ${MASQUERADE_MARK} == ${MASQUERADE_MARK} meta mark set meta mark & ${UNMASQUERADE_MASK} masquerade fully-random
    ct status & dnat == dnat ip saddr . ip daddr @hairpins4 masquerade fully-random
    ct status & dnat == dnat ip6 saddr . ip6 daddr @hairpins6 masquerade fully-random
  }

  # A reset reaches a TCP client even where the kernel limits its ICMP messages.
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject
  }

  chain masquerade-later {
    meta mark set ${MASQUERADE_MARK}
  }

  chain keep-source {
    meta mark set 0
  }
`;
}

function renderFamily(family: IpFamily, config: ProxyConfig): string {
  const { digit, ip, loopback } = families[family];
  const entry = `${ip} daddr . meta l4proto . th dport`;
  const port = "meta l4proto . th dport";
  const toNodePort = `${ip} daddr @nodeport-ips${digit} fib daddr type local ${ip} daddr != ${loopback}`;
  const serviceRanges = config.serviceCidrs.filter((range) => range.family === family);
  const fromPod = matchPod(family, config);
  const original = `ct original ${ip} daddr`;
  const protocols = ["tcp", "udp", "sctp"] as const;
  return `
  chain services${digit} {
    ${entry} @restricted${digit} ${entry} . ${ip} saddr != @admitted${digit} drop
    meta mark set ${entry} map @services${digit} goto dispatch${digit}
    ${toNodePort} meta mark set ${port} map @nodeports${digit} goto dispatch${digit}
  }

  chain dispatch${digit} {
    meta mark & ${KIND_MASK} == ${kindValue("externalLocal")} goto by-source${digit}
    goto spread${digit}
  }

  chain spread${digit} {
    meta mark & ${SPREAD_MASK} vmap @spreads${digit}
    meta mark set 0
  }

  # Pods and this node may use any backend behind an outside address; others only those on this node.
  chain by-source${digit} {
    ${fromPod === undefined ? "" : `${fromPod} meta mark set meta mark & ${LIST_MASK} map @inside${digit} goto spread${digit}`}
    fib saddr type local meta mark set meta mark & ${LIST_MASK} map @inside${digit} goto spread${digit}
    meta mark set meta mark & ${LIST_MASK} map @outside${digit} goto spread${digit}
    meta mark set 0
  }

  # Gives the mark back, and notes whose source is to be rewritten. A foreign translation is left alone.
  chain translated${digit} {
${protocols.map((p) => `    meta l4proto ${p} meta mark set ${original} . meta l4proto . ct original proto-dst map @services${digit} goto source${digit}`).join("\n")}
${protocols.map((p) => `    ${original} @nodeport-ips${digit} meta l4proto ${p} meta mark set meta l4proto . ct original proto-dst map @nodeports${digit} goto source${digit}`).join("\n")}
  }

  chain source${digit} {
    meta mark & ${KIND_MASK} vmap { ${kindValue("clusterIp")} : goto source-to-cluster-ip${digit}, ${kindValue("external")} : goto masquerade-later, ${kindValue("externalLocal")} : goto source-to-local${digit} }
    meta mark set 0
  }

  chain source-to-cluster-ip${digit} {
    ${renderClusterIpSource(fromPod, config)}
  }

  chain source-to-local${digit} {
    ${fromPod === undefined ? "" : `${fromPod} goto keep-source`}
    fib saddr type local goto masquerade-later
    meta mark set 0
  }

  chain unanswered${digit} {
    ${entry} @dropped${digit} drop
    ${entry} @rejected${digit} goto refuse
    ${ip} daddr @cluster-ips${digit} goto refuse
    ${serviceRanges.length === 0 ? "" : `${ip} daddr { ${formatRanges(serviceRanges).join(", ")} } drop`}
    ${toNodePort} ${port} @dropped-ports${digit} drop
    ${toNodePort} ${port} @rejected-ports${digit} goto refuse
  }
`;
}

function renderClusterIpSource(fromPod: string | undefined, config: ProxyConfig): string {
  if (config.masqueradeAll) return "goto masquerade-later";
  if (fromPod === undefined) return "goto keep-source";
  return [`${fromPod} goto keep-source`, "goto masquerade-later"].join("\n    ");
}

/** What matches the packets of pods; undefined where they can not be told. */
function matchPod(family: IpFamily, { localDetection }: ProxyConfig): string | undefined {
  switch (localDetection.kind) {
    case "none":
      return undefined;
    case "interface":
      return `meta iifname "${localDetection.name}"`;
    case "interface-prefix":
      return `meta iifname "${localDetection.prefix}*"`;
    case "ranges": {
      const ranges = localDetection.ranges.filter((range) => range.family === family);
      if (ranges.length === 0) return undefined;
      return `${families[family].ip} saddr { ${formatRanges(ranges).join(", ")} }`;
    }
  }
}

function renderNodePortIps(config: ProxyConfig): readonly string[] {
  return (["IPv4", "IPv6"] as const).flatMap((family) => {
    const ranges = nodePortRangesOf(config, family);
    const set = `nodeport-ips${families[family].digit}`;
    return ranges.length === 0 ? [] : [`add element ${TABLE} ${set} { ${ranges.join(", ")} }`];
  });
}

function nodePortRangesOf(config: ProxyConfig, family: IpFamily): readonly string[] {
  if (config.nodePortAddresses !== "primary") {
    return formatRanges(config.nodePortAddresses.filter((range) => range.family === family));
  }
  const primary = primaryNodeIp(config, family);
  return primary === undefined ? [] : [primary];
}

/** Interval sets take no range inside another. */
function formatRanges(ranges: readonly Cidr[]): readonly string[] {
  return withoutNested(ranges).map(formatCidr);
}

function kindValue(kind: keyof typeof entryKinds): string {
  return `0x${(entryKinds[kind] << 12).toString(16)}`;
}
