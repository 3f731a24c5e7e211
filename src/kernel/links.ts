import { closeSync, openSync } from "node:fs";
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
  text,
  u32,
} from "./netlink.ts";
import type { NetworkNamespace } from "./network-namespace.ts";
import {
  AF_BRIDGE,
  addressBody,
  IFF_UP,
  IFLA_BRPORT_MODE,
  IFLA_GROUP,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MASTER,
  IFLA_NET_NS_FD,
  IFLA_PROTINFO,
  type Link,
  type LinkOptions,
  linkAttributes,
  linkHeader,
  linkName,
  neighbourBody,
  parseAddress,
  parseLink,
  type RouteOptions,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_DELROUTE,
  RTM_GETADDR,
  RTM_GETLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWROUTE,
  RTM_SETLINK,
  routeBody,
  VETH_INFO_PEER,
} from "./rtnetlink.ts";

/** A group of links that nobody else has, since all of it is deleted at once. */
const DOOMED = 0x706f7274;

export interface VethOptions extends LinkOptions {
  /** The other end; it is made inside `namespace`, or in the same one when absent. */
  readonly peer: LinkOptions & { readonly namespace?: NetworkNamespace };
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

  /**
   * Deletes many links in one step, which the kernel takes 20 ms or more for whether it is one or a hundred, on a thread
   * of its own. Passes over those that are not there. Only one such call may be under way in a namespace.
   */
  async deleteLinks(names: readonly string[]): Promise<void> {
    const group = attributes(u32(IFLA_GROUP, DOOMED));
    const doing = `delete ${names.length} links`;
    let count = 0;
    for (const name of names) {
      const isThere = this.#deleted(() => {
        const body = Buffer.concat([linkHeader({ index: this.indexOf(name) }), group]);
        this.#netlink.request({ type: RTM_NEWLINK, body, doing });
      });
      if (isThere) count++;
    }
    if (count === 0) return;
    const body = Buffer.concat([linkHeader({}), group]);
    await this.#netlink.requestInBackground({ type: RTM_DELLINK, body, doing });
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
    const body = neighbourBody({ index: this.indexOf(name), ...neighbour });
    this.#setNeighbour(body, neighbour.address, name);
  }

  /** Answers on this link for an address that lies behind another (proxy ARP, proxy NDP). */
  addProxyNeighbour(name: string, address: string): void {
    this.#setNeighbour(neighbourBody({ index: this.indexOf(name), address }), address, name);
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
      const found = parseAddress(body);
      const isWanted = index === undefined || found?.index === index;
      return found !== undefined && isWanted ? [found.address] : [];
    });
  }

  /** The link's number in its namespace; throws ENODEV if there is none of that name. */
  indexOf(name: string): number {
    const [answer] = this.#netlink.request({
      type: RTM_GETLINK,
      body: Buffer.concat([linkHeader({}), linkName(name)]),
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

  #addressBody(name: string, address: string): Buffer {
    return addressBody({ index: this.indexOf(name), address });
  }

  #routeBody(route: RouteOptions): Buffer {
    return routeBody(route, route.dev === undefined ? undefined : this.indexOf(route.dev));
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
