import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AF_INET,
  AF_INET6,
  bind,
  connect,
  onWritable,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
  takeSocketError,
} from "../../src/kernel/ffi.ts";
import { openLinks } from "../../src/kernel/links.ts";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { socketAddress } from "../../src/kernel/socket-address.ts";
import { writeSysctls } from "../../src/kernel/sysctl.ts";
import { errorCode } from "../../src/lib/errors.ts";
import { parseCidr, parseIp } from "../../src/lib/ip.ts";
import type { Packet } from "../../src/proxy/table/decide.ts";
import { isInRanges } from "../../src/proxy/table/proxy-config.ts";
import { sendSctpInit } from "./sctp.ts";

/**
 * The world of cases/flow.yaml in network namespaces: node-a in the middle, and a cable from it to each
 * other place. A place holds whole ranges of addresses (as local routes), so that one namespace stands
 * for many pods.
 */
const places = {
  pod: ["10.244.1.200/32", "fd00:244:1::200/128"],
  backends: ["10.244.1.0/24", "fd00:244:1::/64"],
  remote: ["10.244.2.0/23", "fd00:244:2::/64", "198.18.0.0/24"],
  outside: ["198.51.100.0/24", "2001:db8:c::/64"],
  world: ["203.0.113.0/24", "10.96.0.0/16", "fd00:96::/112"],
} as const;

export type Place = keyof typeof places | "node";

/** The addresses of node-a; the last two are only there to be sources of its own packets. */
const nodeAddresses = ["192.0.2.10", "192.0.2.110", "2001:db8:a::10", "2001:db8:a:1::10"];
const nodeVips = ["203.0.113.14", "203.0.113.114"];

/** What became of a connection. */
export type Outcome =
  | {
      readonly kind: "answered";
      /** Where it arrived, as `address:port`. */
      readonly at: string;
      /** Who the other side says that it is talking to. */
      readonly source: string;
    }
  | { readonly kind: "refused" }
  | { readonly kind: "silent" };

/** How long nothing has to happen to call it a drop; answers in the lab take about 1 ms. */
export const SILENCE_MS = 400;

/** How long to wait where an answer is expected: the machine may have other things to do. */
const PATIENCE_MS = 30_000;

export class Lab implements AsyncDisposable {
  readonly node: NetworkNamespace;
  readonly #dir = mkdtempSync(join(tmpdir(), "portolan-proxy-"));
  readonly #namespaces = new Map<Place, NetworkNamespace>();
  readonly #listeners = new Map<string, { close(): unknown }>();

  constructor() {
    this.node = this.#create("node");
    writeSysctls(this.node, {
      "ipv4/ip_forward": 1,
      "ipv6/conf/all/forwarding": 1,
      // The kernel limits ICMP answers; a refusal that it swallows would look like a drop.
      "ipv4/icmp_ratelimit": 0,
      "ipv6/icmp/ratelimit": 0,
    });
    {
      // A veth whose ends have one number comes up a second later for IPv6 (linkwatch_urgent_event).
      using links = openLinks(this.node);
      links.addBridge({ name: "filler" });
    }
    this.#addLocal("node", [...nodeAddresses, ...nodeVips]);
    const named = Object.entries(places) as [keyof typeof places, readonly string[]][];
    for (const [index, [place, ranges]] of named.entries()) this.#attach(place, index + 1, ranges);
  }

  /** The place that an address belongs to. */
  placeOf(address: string): Place {
    const isOwn = [...nodeAddresses, "127.0.0.1", "::1"].includes(address);
    if (isOwn) return "node";
    const named = Object.entries(places) as [keyof typeof places, readonly string[]][];
    const found = named.find(([, ranges]) =>
      isInRanges(
        ranges.map((range) => parseCidr(range)!),
        address,
      ),
    );
    return found?.[0] ?? "world";
  }

  namespace(place: Place): NetworkNamespace {
    return this.#namespaces.get(place)!;
  }

  /** Makes an address answer: what arrives there is told where it arrived and from whom it came. */
  async listen(protocol: "TCP" | "UDP", address: string, port: number): Promise<void> {
    const key = `${protocol} ${address} ${port}`;
    if (this.#listeners.has(key)) return;
    const { sockets } = this.namespace(this.placeOf(address));
    const at = formatAt(address, port);
    if (protocol === "TCP") {
      const server = await sockets.listenTcp({ host: address, port }, (connection) => {
        connection.on("error", () => {});
        connection.end(`${at} ${connection.remoteAddress}`);
      });
      this.#listeners.set(key, server);
      return;
    }
    const server = await sockets.bindUdp({ host: address, port });
    server.on("message", (_, from) => {
      server.send(`${at} ${from.address}`, from.port, from.address);
    });
    this.#listeners.set(key, server);
  }

  /** Opens one connection (or sends one datagram) and waits for what becomes of it. */
  send(packet: Packet, patienceMs = PATIENCE_MS): Promise<Outcome> {
    const from = this.#senderOf(packet.source);
    switch (packet.protocol) {
      case "TCP":
        return this.#sendTcp(packet, from, patienceMs);
      case "UDP":
        return this.#sendUdp(packet, from, patienceMs);
      case "SCTP":
        return this.#sendSctp(packet, from, patienceMs);
    }
  }

  /** Runs a command inside a place and returns what it printed. */
  run(place: Place, ...command: readonly string[]): string {
    const namespace = this.namespace(place);
    return execFileSync("nsenter", [`--net=${namespace.path}`, ...command], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners.values()) listener.close();
    for (const namespace of this.#namespaces.values()) await namespace[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #senderOf(source: string): Place {
    return nodeVips.includes(source) ? "node" : this.placeOf(source);
  }

  #create(place: Place): NetworkNamespace {
    const namespace = createNetworkNamespace(place, this.#dir);
    this.#namespaces.set(place, namespace);
    writeSysctls(namespace, {
      "ipv4/conf/all/rp_filter": 0,
      "ipv4/conf/default/rp_filter": 0,
      // A pod that calls itself receives packets of its own address, and places hold whole ranges.
      "ipv4/conf/all/accept_local": 1,
      "ipv4/ip_nonlocal_bind": 1,
      "ipv6/ip_nonlocal_bind": 1,
      // An address answers at once, and not after a second in which nobody else claimed it.
      "ipv6/conf/default/accept_dad": 0,
    });
    return namespace;
  }

  #attach(place: keyof typeof places, number: number, ranges: readonly string[]): void {
    const namespace = this.#create(place);
    const link = `to-${place}`;
    {
      using links = openLinks(this.node);
      links.addVeth({ name: link, peer: { name: `eth${number}`, namespace } });
      links.addAddress(link, `10.255.${number}.1/24`);
      links.addAddress(link, `fd00:255:${number}::1/64`);
      links.setUp(link);
    }
    {
      using links = openLinks(namespace);
      const device = `eth${number}`;
      links.addAddress(device, `10.255.${number}.2/24`);
      links.addAddress(device, `fd00:255:${number}::2/64`);
      links.setUp(device);
      links.setRoute({ to: "0.0.0.0/0", via: `10.255.${number}.1` });
      links.setRoute({ to: "::/0", via: `fd00:255:${number}::1` });
    }
    this.#addLocal(place, ranges);
    if (place === "backends") this.#leaveOut(place, places.pod, number);
    using links = openLinks(this.node);
    const via = (range: string) =>
      range.includes(":") ? `fd00:255:${number}::2` : `10.255.${number}.2`;
    for (const to of ranges) links.setRoute({ to, via: via(to) });
    if (place === "world") {
      for (const to of ["0.0.0.0/0", "::/0"]) links.setRoute({ to, via: via(to) });
    }
  }

  #addLocal(place: Place, ranges: readonly string[]): void {
    for (const range of ranges) {
      this.run(place, "ip", "route", "add", "local", range, "dev", "lo", "table", "local");
    }
  }

  /** Addresses inside a place's ranges that belong to another place. */
  #leaveOut(place: Place, addresses: readonly string[], number: number): void {
    for (const address of addresses) {
      const via = address.includes(":") ? `fd00:255:${number}::1` : `10.255.${number}.1`;
      this.run(place, "ip", "route", "add", address, "via", via, "table", "local");
    }
  }

  #sendTcp(
    { source, destination, port }: Packet,
    from: Place,
    patienceMs: number,
  ): Promise<Outcome> {
    const namespace = this.namespace(from);
    const family = destination.includes(":") ? AF_INET6 : AF_INET;
    const fd = namespace.run(() => {
      const made = socket(family, SOCK_STREAM | SOCK_NONBLOCK);
      bind(made, sockaddr(source, 0), source);
      connect(made, sockaddr(destination, port), destination);
      return made;
    });
    return new Promise((resolve) => {
      let connection: Socket | undefined;
      const timer = setTimeout(() => {
        stopWaiting();
        (connection ?? new Socket({ fd })).destroy();
        resolve({ kind: "silent" });
      }, patienceMs);
      const stopWaiting = onWritable(fd, () => {
        const errno = takeSocketError(fd);
        connection = new Socket({ fd });
        connection.on("error", () => {});
        if (errno !== 0) {
          clearTimeout(timer);
          connection.destroy();
          resolve({ kind: "refused" });
          return;
        }
        void textOf(connection).then((text) => {
          clearTimeout(timer);
          resolve(answered(text));
        });
      });
    });
  }

  /** Nobody answers an SCTP packet in the lab; where it came out is as good. */
  async #sendSctp(packet: Packet, from: Place, patienceMs: number): Promise<Outcome> {
    const others = [...this.#namespaces].filter(([place]) => place !== "node" && place !== from);
    const namespaces = others.map(([, namespace]) => namespace);
    const arrival = await sendSctpInit(packet, this.namespace(from), namespaces, patienceMs);
    if (arrival === undefined) return { kind: "silent" };
    return {
      kind: "answered",
      at: formatAt(arrival.address, arrival.port),
      source: arrival.source,
    };
  }

  async #sendUdp(
    { source, destination, port }: Packet,
    from: Place,
    patienceMs: number,
  ): Promise<Outcome> {
    const { sockets } = this.namespace(from);
    const client = await sockets.bindUdp({ host: source, port: 0 });
    try {
      client.connect(port, destination);
      await once(client, "connect");
      client.send("who");
      const signal = AbortSignal.timeout(patienceMs);
      const [message] = await once(client, "message", { signal });
      return answered(String(message));
    } catch (error) {
      return { kind: errorCode(error) === "ECONNREFUSED" ? "refused" : "silent" };
    } finally {
      client.close();
    }
  }
}

function sockaddr(address: string, port: number): Uint8Array {
  return socketAddress({ host: address, port }).bytes;
}

async function textOf(connection: Socket): Promise<string> {
  let text = "";
  for await (const part of connection.setEncoding("utf8")) text += part;
  return text;
}

function answered(text: string): Outcome {
  const [at = "", source = ""] = text.split(" ");
  return { kind: "answered", at, source: source.replace(/^::ffff:/, "") };
}

export function formatAt(address: string, port: number): string {
  return parseIp(address)?.family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}
