import { PortolanError } from "../lib/errors.ts";
import { type Cidr, formatIp, type IpAddress, parseCidr } from "../lib/ip.ts";
import { requireIp } from "./ip-literal.ts";
import { attributes, parseAttributes, text, u32 } from "./netlink.ts";
import { addressBytes, addressFamily } from "./socket-address.ts";

// linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h, linux/neighbour.h, linux/veth.h
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_SETLINK = 19;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_NEWNEIGH = 28;
export const IFF_UP = 1;
const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
export const IFLA_MASTER = 10;
export const IFLA_PROTINFO = 12;
export const IFLA_LINKINFO = 18;
export const IFLA_GROUP = 27;
export const IFLA_NET_NS_FD = 28;
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const VETH_INFO_PEER = 1;
export const IFLA_BRPORT_MODE = 4;
export const AF_BRIDGE = 7;
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
const LINK_NAME_BYTES_MAX = 15;

const routeTypes = { unicast: 1, local: 2, blackhole: 6, unreachable: 7, prohibit: 8 } as const;

export interface LinkOptions {
  /** At most 15 bytes, unique in the namespace. */
  readonly name: string;
  /** Ethernet address, such as `02:00:c0:a8:64:0b`; the kernel draws one when absent. */
  readonly mac?: string;
  /** In bytes; 1500 when absent. */
  readonly mtu?: number;
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

/** `struct ifinfomsg`. */
export function linkHeader(options: {
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

/** What a link is made with. */
export function linkAttributes(options: LinkOptions): Buffer {
  return attributes(
    text(IFLA_IFNAME, checkedName(options.name)),
    options.mtu === undefined ? undefined : u32(IFLA_MTU, options.mtu),
    options.mac === undefined ? undefined : { type: IFLA_ADDRESS, value: macBytes(options.mac) },
  );
}

/** Reads one link of a list. */
export function parseLink(body: Buffer): Link {
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

/** The attribute that names a link. */
export function linkName(name: string): Buffer {
  return attributes(text(IFLA_IFNAME, checkedName(name)));
}

/** `struct ifaddrmsg` for an address of a link. */
export function addressBody(options: { readonly index: number; readonly address: string }): Buffer {
  const { address, prefixLength } = requireCidr(options.address);
  const header = Buffer.alloc(8);
  header.writeUInt8(addressFamily(address), 0);
  header.writeUInt8(prefixLength, 1);
  header.writeUInt32LE(options.index, 4);
  const value = addressBytes(address);
  const flags = address.family === "IPv6" ? u32(IFA_FLAGS, IFA_F_NODAD) : undefined;
  const list = attributes({ type: IFA_LOCAL, value }, { type: IFA_ADDRESS, value }, flags);
  return Buffer.concat([header, list]);
}

/** Reads one address of a list, as `address/length`. */
export function parseAddress(body: Buffer): { index: number; address: string } | undefined {
  const found = parseAttributes(body, 8);
  const bytes = found.get(IFA_LOCAL) ?? found.get(IFA_ADDRESS);
  if (bytes === undefined) return undefined;
  return { index: body.readUInt32LE(4), address: `${formatBytes(bytes)}/${body.readUInt8(1)}` };
}

/** `struct rtmsg` for a route of the main table, out of the link of that number. */
export function routeBody(route: RouteOptions, index: number | undefined): Buffer {
  const via = route.via === undefined ? undefined : requireIp(route.via);
  const source = route.source === undefined ? undefined : requireIp(route.source);
  const range = route.to === "default" ? undefined : requireCidr(route.to);
  const family = addressFamily(range?.address ?? via ?? requireIp("0.0.0.0"));
  const type = routeTypes[route.type ?? "unicast"];
  const isOnLink = via === undefined && type === routeTypes.unicast;
  const header = Buffer.alloc(12);
  header.writeUInt8(family, 0);
  header.writeUInt8(range?.prefixLength ?? 0, 1);
  header.writeUInt8(RT_TABLE_MAIN, 4);
  header.writeUInt8(RTPROT_STATIC, 5);
  header.writeUInt8(isOnLink ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, 6);
  header.writeUInt8(type, 7);
  const list = attributes(
    range === undefined ? undefined : { type: RTA_DST, value: addressBytes(range.address) },
    via === undefined ? undefined : { type: RTA_GATEWAY, value: addressBytes(via) },
    source === undefined ? undefined : { type: RTA_PREFSRC, value: addressBytes(source) },
    index === undefined ? undefined : u32(RTA_OIF, index),
  );
  return Buffer.concat([header, list]);
}

/** `struct ndmsg`: a permanent neighbour, or, without `mac`, an address to answer for. */
export function neighbourBody(options: {
  readonly index: number;
  readonly address: string;
  readonly mac?: string;
}): Buffer {
  const { index, mac } = options;
  const address = requireIp(options.address);
  const header = Buffer.alloc(12);
  header.writeUInt8(addressFamily(address), 0);
  header.writeUInt32LE(index, 4);
  header.writeUInt16LE(mac === undefined ? 0 : NUD_PERMANENT, 8);
  header.writeUInt8(mac === undefined ? NTF_PROXY : 0, 10);
  const list = attributes(
    { type: NDA_DST, value: addressBytes(address) },
    mac === undefined ? undefined : { type: NDA_LLADDR, value: macBytes(mac) },
  );
  return Buffer.concat([header, list]);
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
