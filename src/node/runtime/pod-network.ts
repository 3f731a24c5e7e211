import { createHash } from "node:crypto";
import { openLinks } from "../../kernel/links.ts";
import { createHeldNetworkNamespace } from "../../kernel/namespaces.ts";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { writeSysctls } from "../../kernel/sysctl.ts";
import { errorCode } from "../../lib/errors.ts";
import { familyOf } from "../../lib/ip.ts";

/** The next hop of every pod; link-local, so the same in all of them, and on no interface (Calico's trick). */
const gateways = { IPv4: "169.254.1.1", IPv6: "fe80::1" } as const;

/** A pod to connect to its node. */
export interface PodNetworkOptions {
  readonly uid: string;
  readonly node: NetworkNamespace;
  readonly ips: readonly string[];
}

/**
 * A pod's network namespace and its cable to the node.
 *
 * ```
 *  pod: eth0 10.244.1.5/32 ── veth ── pod3f9c… : node's namespace
 *       default via 169.254.1.1       route 10.244.1.5/32 dev pod3f9c…
 * ```
 *
 * Every packet of a pod, also one to a neighbour on the same node or back to itself, is routed by the node and
 * so passes its hooks. Both ends know the other's Ethernet address for good: nobody has to ask on the wire.
 */
export function connectPod(options: PodNetworkOptions): NetworkNamespace {
  const { uid, node } = options;
  disconnectPod(uid, node);
  const pod = createHeldNetworkNamespace(`pod-${uid}`);
  try {
    connect(pod, options);
    return pod;
  } catch (error) {
    void pod[Symbol.asyncDispose]();
    throw error;
  }
}

function connect(pod: NetworkNamespace, { uid, node, ips }: PodNetworkOptions): void {
  const name = linkName(uid);
  const nodeMac = macOf(`node ${uid}`);
  const podMac = macOf(`pod ${uid}`);
  using outer = openLinks(node);
  outer.addVeth({ name, mac: nodeMac, peer: { name: "eth0", mac: podMac, namespace: pod } });
  // Nobody has rights beyond those of the pod inside it, so low ports need none.
  writeSysctls(pod, { "ipv4/ip_unprivileged_port_start": 0, "ipv4/ping_group_range": "0 0" });
  using inner = openLinks(pod);
  inner.setUp("eth0");
  outer.setUp(name);
  for (const ip of ips) {
    const family = familyOf(ip) ?? "IPv4";
    const gateway = gateways[family];
    const length = family === "IPv4" ? 32 : 128;
    inner.addAddress("eth0", `${ip}/${length}`);
    inner.setNeighbour("eth0", { address: gateway, mac: nodeMac });
    inner.setRoute({ to: `${gateway}/${length}`, dev: "eth0" });
    inner.setRoute({ to: "default", via: gateway, dev: "eth0" });
    outer.setNeighbour(name, { address: ip, mac: podMac });
    outer.setRoute({ to: `${ip}/${length}`, dev: name });
  }
}

/** Takes the cable of a pod away, and with it addresses and routes. Nothing happens if there is none. */
export function disconnectPod(uid: string, node: NetworkNamespace): void {
  using links = openLinks(node);
  links.deleteLink(linkName(uid));
}

/**
 * Takes cables of pods away. The kernel takes as long for one as for many, and its lock for links meanwhile: whoever asks
 * while it is at it gets the next step, together with all others who do.
 */
export class CableRemover {
  readonly #node: NetworkNamespace;
  #last: Promise<void> = Promise.resolve();
  #next: { readonly names: string[]; readonly done: Promise<void> } | undefined;

  constructor(node: NetworkNamespace) {
    this.#node = node;
  }

  /** Resolves when the pod's cable is gone, and with it addresses and routes. */
  remove(uid: string): Promise<void> {
    this.#next ??= this.#step();
    this.#next.names.push(linkName(uid));
    return this.#next.done;
  }

  #step() {
    const names: string[] = [];
    const done = this.#last.then(async () => {
      this.#next = undefined;
      try {
        using links = openLinks(this.#node);
        await links.deleteLinks(names);
      } catch (error) {
        if (errorCode(error) !== "NAMESPACE_CLOSED") throw error;
      }
    });
    this.#last = done.catch(() => {});
    return { names, done };
  }
}

/** What a node needs before pods can be reached through it. What an agent that was killed left behind goes. */
export function prepareNode(node: NetworkNamespace): void {
  using links = openLinks(node);
  for (const { name } of links.list()) if (linkPattern.test(name)) links.deleteLink(name);
  writeSysctls(node, { "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
}

const linkPattern = /^pod[0-9a-f]{11}$/;

/** The node's end of the cable; 14 of the 15 bytes that a name may have. */
function linkName(uid: string): string {
  return `pod${digest(uid).toString("hex").slice(0, 11)}`;
}

/** A locally administered unicast address. */
function macOf(seed: string): string {
  const bytes = [0x02, ...digest(seed).subarray(0, 5)];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
