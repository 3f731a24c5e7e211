import { closeSync, openSync } from "node:fs";
import { PortolanError } from "../lib/errors.ts";
import { type Cidr, formatIp, type IpAddress, parseCidr } from "../lib/ip.ts";
import { requireIp } from "./ip-literal.ts";
import {
  attributes,
  isMissing,
  NETLINK_ROUTE,
  type NetlinkSocket,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  nested,
  openNetlink,
  parseAttributes,
  text,
  u32,
} from "./netlink.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import { addressBytes, addressFamily } from "./socket-address.ts";

// linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/neighbour.h, linux/veth.h
const RTM_NEWLINK = 16;
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const RTM_NEWADDR = 20;
const RTM_DELADDR = 21;
const RTM_GETADDR = 22;
const RTM_NEWROUTE = 24;
const RTM_DELROUTE = 25;
const RTM_NEWNEIGH = 28;
const IFF_UP = 1;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_MASTER = 10;
const IFLA_PROTINFO = 12;
const IFLA_LINKINFO = 18;
const IFLA_NET_NS_FD = 28;
const IFLA_INFO_KIND = 1;
const IFLA_INFO_DATA = 2;
const VETH_INFO_PEER = 1;
const IFLA_BRPORT_MODE = 4;
const AF_BRIDGE = 7;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
const IFA_FLAGS = 8;
const IFA_F_NODAD = 2;
const RTA_DST = 1;
const RTA_OIF = 4;
const RTA_GATEWAY = 5;
const RTA_PREFSRC = 7;
const RT_TABLE_MAIN = 254;
const RTPROT_STATIC = 4;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const NDA_DST = 1;
const NDA_LLADDR = 2;
const NUD_PERMANENT = 0x80;
const NTF_PROXY = 8;

/** The kernel's IFNAMSIZ less the closing zero byte. */
export const LINK_NAME_BYTES_MAX = 15;

const routeTypes = { unicast: 1, local: 2, blackhole: 6, unreachable: 7, prohibit: 8 } as const;

export interface LinkOptions {
  /** At most 15 bytes, unique in the namespace. */
  readonly name: string;
  /** Ethernet address, such as `02:00:c0:a8:64:0b`; the kernel draws one when absent. */
  readonly mac?: string;
  /** In bytes; 1500 when absent. */
  readonly mtu?: number;
}

export interface VethOptions extends LinkOptions {
  /** The other end; it is made inside `namespace`, or in the same one when absent. */
  readonly peer: LinkOptions & { readonly namespace?: NetworkNamespace };
}

export interface RouteOptions {
  /** A range, or `default` (then `family` follows from `via`). */
  readonly to: string;
  readonly via?: string;
  /** The link's name; may be absent where `via` decides it. */
  readonly dev?: string;
  /** The source address that packets of this host get. */
  readonly source?: string;
  readonly type?: keyof typeof routeTypes;
}

export interface Link {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  readonly mtu: number;
  /** The kind of virtual link, such as `bridge` or `veth`; absent for loopback and hardware. */
  readonly kind: string | undefined;
  /** The bridge it is a port of. */
  readonly masterIndex: number | undefined;
}

/**
 * The links, addresses, routes and neighbours of one namespace, through rtnetlink in this process (a pod's
 * plumbing takes about 1 ms, against 4 to 100 with `ip`). Every call is done when it returns and throws
 * `NetlinkError` with the errno's name as code. Dispose of it soon: it holds a socket.
 */
export class Links implements Disposable {
  readonly #netlink: NetlinkSocket;

  constructor(netlink: NetlinkSocket) {
    this.#netlink = netlink;
  }

  addBridge(options: LinkOptions): void {
    this.#addLink(options, "bridge");
  }

  /** Adds both ends of a virtual cable in one step. */
  addVeth(options: VethOptions): void {
    const { namespace, ...peer } = options.peer;
    const fd = namespace === undefined ? undefined : openSync(namespace.path, "r");
    try {
      const target = fd === undefined ? undefined : u32(IFLA_NET_NS_FD, fd);
      const peerInfo = Buffer.concat([linkHeader({}), linkAttributes(peer), attributes(target)]);
      this.#addLink(options, "veth", { type: VETH_INFO_PEER, value: peerInfo });
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Deletes a link and with it its peer, addresses and routes. False if there is none. */
  deleteLink(name: string): boolean {
    return this.#deleted(() => {
      const body = linkHeader({ index: this.indexOf(name) });
      this.#netlink.request({ type: RTM_DELLINK, body, doing: `delete link "${name}"` });
    });
  }

  setUp(name: string): void {
    const body = linkHeader({ index: this.indexOf(name), flags: IFF_UP, changed: IFF_UP });
    this.#netlink.request({ type: RTM_NEWLINK, body, doing: `set link "${name}" up` });
  }

  setDown(name: string): void {
    const body = linkHeader({ index: this.indexOf(name), changed: IFF_UP });
    this.#netlink.request({ type: RTM_NEWLINK, body, doing: `set link "${name}" down` });
  }

  /** Makes a link a port of a bridge. `hairpin` lets a frame leave by the port it came in. */
  setMaster(name: string, options: { readonly bridge: string; readonly hairpin?: boolean }): void {
    const index = this.indexOf(name);
    const master = attributes(u32(IFLA_MASTER, this.indexOf(options.bridge)));
    const body = Buffer.concat([linkHeader({ index }), master]);
    const doing = `attach link "${name}" to bridge "${options.bridge}"`;
    this.#netlink.request({ type: RTM_NEWLINK, body, doing });
    if (options.hairpin !== true) return;
    const mode = nested(IFLA_PROTINFO, { type: IFLA_BRPORT_MODE, value: Buffer.from([1]) });
    const port = Buffer.concat([linkHeader({ index, family: AF_BRIDGE }), attributes(mode)]);
    this.#netlink.request({ type: RTM_SETLINK, body: port, doing: `set hairpin on "${name}"` });
  }

  /** Adds `address/length`. IPv6 addresses are usable at once: duplicate detection is off (it takes a second). */
  addAddress(name: string, address: string): void {
    this.#netlink.request({
      type: RTM_NEWADDR,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body: this.#addressBody(name, address),
      doing: `add address "${address}" to "${name}"`,
    });
  }

  /** False if it was not there. */
  deleteAddress(name: string, address: string): boolean {
    return this.#deleted(() => {
      const body = this.#addressBody(name, address);
      const doing = `delete address "${address}" from "${name}"`;
      this.#netlink.request({ type: RTM_DELADDR, body, doing });
    });
  }

  /** Adds a route to the main table, in place of one to the same range. */
  setRoute(route: RouteOptions): void {
    this.#netlink.request({
      type: RTM_NEWROUTE,
      flags: NLM_F_CREATE | NLM_F_REPLACE,
      body: this.#routeBody(route),
      doing: `set the route to "${route.to}"`,
    });
  }

  /** False if it was not there. */
  deleteRoute(route: RouteOptions): boolean {
    return this.#deleted(() => {
      const body = this.#routeBody(route);
      this.#netlink.request({ type: RTM_DELROUTE, body, doing: `delete route to "${route.to}"` });
    });
  }

  /** Says for good which Ethernet address an IP address has, so that nobody has to ask on the wire. */
  setNeighbour(name: string, neighbour: { readonly address: string; readonly mac: string }): void {
    const address = requireIp(neighbour.address);
    const header = this.#neighbourHeader(name, address, NUD_PERMANENT, 0);
    const list = attributes(
      { type: NDA_DST, value: addressBytes(address) },
      { type: NDA_LLADDR, value: macBytes(neighbour.mac) },
    );
    this.#setNeighbour(Buffer.concat([header, list]), neighbour.address, name);
  }

  /** Answers on this link for an address that lies behind another (proxy ARP, proxy NDP). */
  addProxyNeighbour(name: string, addressText: string): void {
    const address = requireIp(addressText);
    const header = this.#neighbourHeader(name, address, 0, NTF_PROXY);
    const list = attributes({ type: NDA_DST, value: addressBytes(address) });
    this.#setNeighbour(Buffer.concat([header, list]), addressText, name);
  }

  /** All links of the namespace. */
  list(): Link[] {
    const answers = this.#netlink.request({
      type: RTM_GETLINK,
      flags: NLM_F_DUMP,
      body: linkHeader({}),
      doing: "list links",
    });
    return answers.map(({ body }) => parseLink(body));
  }

  /** All addresses of the namespace, or of one link, as `address/length`. */
  listAddresses(name?: string): string[] {
    const index = name === undefined ? undefined : this.indexOf(name);
    const answers = this.#netlink.request({
      type: RTM_GETADDR,
      flags: NLM_F_DUMP,
      body: Buffer.alloc(8),
      doing: "list addresses",
    });
    return answers.flatMap(({ body }) => {
      const found = parseAttributes(body, 8);
      const bytes = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS);
      const isWanted = index === undefined || body.readUInt32LE(4) === index;
      return bytes !== undefined && isWanted ? [`${formatBytes(bytes)}/${body.readUInt8(1)}`] : [];
    });
  }

  /** The link's number in its namespace; throws ENODEV if there is none of that name. */
  indexOf(name: string): number {
    const [answer] = this.#netlink.request({
      type: RTM_GETLINK,
      body: Buffer.concat([linkHeader({}), attributes(text(IFLA_IFNAME, checkedName(name)))]),
      doing: `find link "${name}"`,
    });
    return answer === undefined ? 0 : parseLink(answer.body).index;
  }

  [Symbol.dispose](): void {
    this.#netlink[Symbol.dispose]();
  }

  #addLink(options: LinkOptions, kind: string, data?: { type: number; value: Buffer }): void {
    const info = nested(
      IFLA_LINKINFO,
      text(IFLA_INFO_KIND, kind),
      data === undefined ? undefined : nested(IFLA_INFO_DATA, data),
    );
    this.#netlink.request({
      type: RTM_NEWLINK,
      flags: NLM_F_CREATE | NLM_F_EXCL,
      body: Buffer.concat([linkHeader({}), linkAttributes(options), attributes(info)]),
      doing: `add link "${options.name}"`,
    });
  }

  #addressBody(name: string, addressText: string): Buffer {
    const { address, prefixLength } = requireCidr(addressText);
    const header = Buffer.alloc(8);
    header.writeUInt8(addressFamily(address), 0);
    header.writeUInt8(prefixLength, 1);
    header.writeUInt32LE(this.indexOf(name), 4);
    const value = addressBytes(address);
    const flags = address.family === "IPv6" ? u32(IFA_FLAGS, IFA_F_NODAD) : undefined;
    const list = attributes({ type: IFA_LOCAL, value }, { type: IFA_ADDRESS, value }, flags);
    return Buffer.concat([header, list]);
  }

  #routeBody(route: RouteOptions): Buffer {
    const via = route.via === undefined ? undefined : requireIp(route.via);
    const source = route.source === undefined ? undefined : requireIp(route.source);
    const range = route.to === "default" ? undefined : requireCidr(route.to);
    const family = addressFamily(range?.address ?? via ?? requireIp("0.0.0.0"));
    const type = routeTypes[route.type ?? "unicast"];
    const header = Buffer.alloc(12);
    header.writeUInt8(family, 0);
    header.writeUInt8(range?.prefixLength ?? 0, 1);
    header.writeUInt8(RT_TABLE_MAIN, 4);
    header.writeUInt8(RTPROT_STATIC, 5);
    const isOnLink = via === undefined && type === routeTypes.unicast;
    header.writeUInt8(isOnLink ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, 6);
    header.writeUInt8(type, 7);
    const list = attributes(
      range === undefined ? undefined : { type: RTA_DST, value: addressBytes(range.address) },
      via === undefined ? undefined : { type: RTA_GATEWAY, value: addressBytes(via) },
      source === undefined ? undefined : { type: RTA_PREFSRC, value: addressBytes(source) },
      route.dev === undefined ? undefined : u32(RTA_OIF, this.indexOf(route.dev)),
    );
    return Buffer.concat([header, list]);
  }

  #neighbourHeader(name: string, address: IpAddress, state: number, flags: number): Buffer {
    const header = Buffer.alloc(12);
    header.writeUInt8(addressFamily(address), 0);
    header.writeUInt32LE(this.indexOf(name), 4);
    header.writeUInt16LE(state, 8);
    header.writeUInt8(flags, 10);
    return header;
  }

  #setNeighbour(body: Buffer, address: string, name: string): void {
    const doing = `set neighbour "${address}" on "${name}"`;
    const flags = NLM_F_CREATE | NLM_F_REPLACE;
    this.#netlink.request({ type: RTM_NEWNEIGH, flags, body, doing });
  }

  #deleted(action: () => void): boolean {
    try {
      action();
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}

/** Opens the links of a namespace, or of the one where the calling thread is. */
export function openLinks(namespace?: Pick<NetworkNamespace, "run">): Links {
  return new Links(openNetlink(NETLINK_ROUTE, namespace));
}

/** `struct ifinfomsg`. */
function linkHeader(options: {
  readonly index?: number;
  readonly flags?: number;
  readonly changed?: number;
  readonly family?: number;
}): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt8(options.family ?? 0, 0);
  header.writeInt32LE(options.index ?? 0, 4);
  header.writeUInt32LE(options.flags ?? 0, 8);
  header.writeUInt32LE(options.changed ?? 0, 12);
  return header;
}

function linkAttributes(options: LinkOptions): Buffer {
  return attributes(
    text(IFLA_IFNAME, checkedName(options.name)),
    options.mtu === undefined ? undefined : u32(IFLA_MTU, options.mtu),
    options.mac === undefined ? undefined : { type: IFLA_ADDRESS, value: macBytes(options.mac) },
  );
}

function parseLink(body: Buffer): Link {
  const found = parseAttributes(body, 16);
  const info = found.get(IFLA_LINKINFO);
  const kind = info === undefined ? undefined : parseAttributes(info).get(IFLA_INFO_KIND);
  return {
    index: body.readInt32LE(4),
    name: textOf(found.get(IFLA_IFNAME)) ?? "",
    isUp: (body.readUInt32LE(8) & IFF_UP) !== 0,
    mtu: found.get(IFLA_MTU)?.readUInt32LE(0) ?? 0,
    kind: textOf(kind),
    masterIndex: found.get(IFLA_MASTER)?.readUInt32LE(0),
  };
}

function textOf(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString("latin1").replace(/\0.*$/, "");
}

function formatBytes(bytes: Buffer): string {
  const value = BigInt(`0x${bytes.toString("hex")}`);
  return formatIp({ family: bytes.length === 4 ? "IPv4" : "IPv6", value });
}

function requireCidr(value: string): { address: IpAddress; prefixLength: Cidr["prefixLength"] } {
  const cidr = parseCidr(value);
  if (cidr !== undefined) {
    return {
      address: requireIp(value.slice(0, value.indexOf("/"))),
      prefixLength: cidr.prefixLength,
    };
  }
  throw new PortolanError(
    "INVALID_ADDRESS",
    `Cannot use "${value}": it is no address with a prefix length, such as 10.244.1.1/24`,
  );
}

function macBytes(mac: string): Buffer {
  const bytes = Buffer.from(mac.replaceAll(":", ""), "hex");
  if (bytes.length === 6 && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(mac)) return bytes;
  throw new PortolanError(
    "INVALID_ADDRESS",
    `Cannot use the Ethernet address "${mac}": six bytes such as 02:00:00:00:00:01 are needed`,
  );
}

function checkedName(name: string): string {
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= LINK_NAME_BYTES_MAX && !/[\s/:\0]/.test(name)) return name;
  throw new PortolanError(
    "INVALID_NAME",
    `Cannot use the link name "${name}": 1 to ${LINK_NAME_BYTES_MAX} bytes without space, "/" and ":" are needed`,
  );
}
