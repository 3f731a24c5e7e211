import { openLinks } from "../kernel/links.ts";
import { createNetworkNamespace, currentNetworkNamespace } from "../kernel/namespaces.ts";
import type { NetworkNamespace } from "../kernel/network-namespace.ts";
import { writeSysctls } from "../kernel/sysctl.ts";
import type { AddressPlan, LinkAddress, NodePlan } from "./address-plan.ts";
import { namespaceDir } from "./fabric-paths.ts";

const BRIDGE = "fabric";

/** What the packets of a sandbox travel through. */
export interface Fabric {
  /** The namespace of this process: it holds the bridge and routes between everybody. */
  readonly root: NetworkNamespace;
  /** In the order of the plan. */
  readonly nodes: readonly NetworkNamespace[];
  readonly client: NetworkNamespace;
}

/**
 * Settings of every namespace here. Filtering by the way back is off, because replies of translated flows take
 * other ways. ICMP errors are not rationed (the kernel's default is one a second to each address), since a client
 * learns from them that a Service has no endpoint. Neighbours are not told of better routes: the ways are meant.
 */
const routerSettings = {
  "ipv4/ip_forward": 1,
  "ipv4/conf/all/rp_filter": 0,
  "ipv4/conf/default/rp_filter": 0,
  "ipv4/conf/all/send_redirects": 0,
  "ipv4/conf/default/send_redirects": 0,
  "ipv4/icmp_ratelimit": 0,
  "ipv6/conf/all/forwarding": 1,
  "ipv6/conf/default/accept_ra": 0,
  "ipv6/icmp/ratelimit": 0,
} as const;

/**
 * Builds the network of a sandbox in the namespace of this process, which must be empty:
 *
 * ```
 *   root (this process) ── fabric bridge 192.168.100.1 ──┬── node-1 eth0 192.168.100.11, pods 10.244.0.0/24
 *        └── client eth0 203.0.113.10                    └── node-2 eth0 192.168.100.12, pods 10.244.1.0/24
 * ```
 *
 * Each node has a route to the pods of every other node, through that node's address (host-gw). The root has
 * them too, for the API's own traffic and for replies; cluster IPs have no route outside the nodes.
 */
export function createFabric(plan: AddressPlan, runtimeDir: string): Fabric {
  const root = currentNetworkNamespace("root");
  const dir = namespaceDir(runtimeDir);
  writeSysctls(root, routerSettings);
  {
    using links = openLinks(root);
    links.setUp("lo");
    links.addBridge({ name: BRIDGE });
    for (const { cidr } of plan.fabric) links.addAddress(BRIDGE, cidr);
    links.setUp(BRIDGE);
  }
  const nodes = plan.nodes.map((node) => addNode(root, node, plan, dir));
  addPodRoutes(root, plan.nodes);
  return { root, nodes, client: addClient(root, plan, dir) };
}

function addNode(
  root: NetworkNamespace,
  node: NodePlan,
  plan: AddressPlan,
  dir: string,
): NetworkNamespace {
  const namespace = createNetworkNamespace(node.name, dir);
  writeSysctls(namespace, routerSettings);
  {
    using links = openLinks(root);
    links.addVeth({ name: node.name, peer: { name: "eth0", namespace } });
    links.setMaster(node.name, { bridge: BRIDGE });
    links.setUp(node.name);
  }
  configureEnd(namespace, node.addresses, plan.fabric);
  addPodRoutes(
    namespace,
    plan.nodes.filter((other) => other !== node),
  );
  return namespace;
}

function addClient(root: NetworkNamespace, plan: AddressPlan, dir: string): NetworkNamespace {
  const namespace = createNetworkNamespace("client", dir);
  {
    using links = openLinks(root);
    links.addVeth({ name: "client", peer: { name: "eth0", namespace } });
    links.setUp("client");
    for (const { cidr } of plan.clientGateway) links.addAddress("client", cidr);
  }
  configureEnd(namespace, plan.client, plan.clientGateway);
  return namespace;
}

function configureEnd(
  namespace: NetworkNamespace,
  addresses: readonly LinkAddress[],
  gateways: readonly LinkAddress[],
): void {
  using links = openLinks(namespace);
  links.setUp("eth0");
  for (const { cidr } of addresses) links.addAddress("eth0", cidr);
  for (const { ip } of gateways) links.setRoute({ to: "default", via: ip });
}

function addPodRoutes(namespace: NetworkNamespace, nodes: readonly NodePlan[]): void {
  using links = openLinks(namespace);
  for (const node of nodes) {
    for (const [index, podCidr] of node.podCidrs.entries()) {
      const via = node.addresses[index];
      if (via !== undefined) links.setRoute({ to: podCidr, via: via.ip });
    }
  }
}
