import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { MNT_DETACH, mount, umount } from "../../kernel/ffi.ts";
import { openLinks } from "../../kernel/links.ts";
import { createNetworkNamespace } from "../../kernel/namespaces.ts";
import type { NetworkNamespace } from "../../kernel/network-namespace.ts";
import { writeSysctls } from "../../kernel/sysctl.ts";
import { errorCode } from "../../lib/errors.ts";
import { familyOf } from "../../lib/ip.ts";

/** The next hop of every pod; link-local, so the same in all of them, and on no interface (Calico's trick). */
const gateways = { IPv4: "169.254.1.1", IPv6: "fe80::1" } as const;

/** A pod to connect to its node. */
export interface PodNetworkOptions {
  readonly uid: string;
  /** Folder for the pins of namespaces. */
  readonly dir: string;
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
  const { uid, dir, node, ips } = options;
  const name = linkName(uid);
  const pin = `pod-${uid}`;
  disconnectPod(uid, node);
  const pod = createNetworkNamespace(pin, dir);
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
  return pod;
}

/** Takes the cable of a pod away, and with it addresses and routes. Nothing happens if there is none. */
export function disconnectPod(uid: string, node: NetworkNamespace): void {
  try {
    using links = openLinks(node);
    links.deleteLink(linkName(uid));
  } catch (error) {
    if (errorCode(error) !== "NAMESPACE_CLOSED") throw error;
  }
}

/** What a node needs before pods can be reached through it. What an agent that was killed left behind goes. */
export function prepareNode(node: NetworkNamespace, pinsDir: string): void {
  using links = openLinks(node);
  for (const { name } of links.list()) if (linkPattern.test(name)) links.deleteLink(name);
  removePins(pinsDir);
  mkdirSync(pinsDir, { recursive: true });
  // A mount of their own, so that all pins can be left out of a container's mounts in one step (`releasePins`).
  mount({ source: PINS, target: pinsDir, type: "tmpfs", data: "mode=700,size=1m" });
  writeSysctls(node, { "ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1 });
}

/** Takes all pins of a node away, and with each the namespace, once nobody is in it. */
export function removePins(pinsDir: string): void {
  try {
    for (;;) umount(pinsDir, MNT_DETACH);
  } catch {
    // Nothing is mounted there (any more).
  }
}

/** What the mounts of pins are called in lists of mounts. */
const PINS = "portolan-pins";

/**
 * Takes the pins of all nodes out of this thread's mount namespace, which must be a container's: its copies would keep
 * the namespaces of pods that are gone alive for as long as the container lives.
 */
export function releasePins(): void {
  for (const line of readFileSync("/proc/thread-self/mountinfo", "utf8").split("\n")) {
    const [fields = "", system = ""] = line.split(" - ");
    if (!system.startsWith(`tmpfs ${PINS} `)) continue;
    const path = fields.split(" ")[4] ?? "";
    umount(unescapePath(path), MNT_DETACH);
  }
}

/** `mountinfo` writes blanks and backslashes in octal. */
function unescapePath(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
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
