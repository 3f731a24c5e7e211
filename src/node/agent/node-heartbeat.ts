import { leases, nodes } from "../../api/resource.ts";
import { isAlreadyExists, isNotFound } from "../../api/status-error.ts";
import type { Lease, Node } from "../../api/types.ts";
import type { Api } from "../../client/api.ts";
import type { EventRecorder } from "../../client/events.ts";
import { type Clock, formatMicroTime } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { type NodeFacts, nodeObject, nodeStatus } from "./node-object.ts";

/** The lease lasts 40 s and is renewed every 10 s; an unchanged status is posted every 5 min (the kubelet's). */
const LEASE_SECONDS = 40;
const RENEW_MS = 10_000;
const STATUS_MS = 5 * 60_000;

/** Pause after the API could not be reached, in milliseconds. */
const RETRY_MS = 500;

const leaseNamespace = "kube-node-lease";

/** What the agent reports with. */
export interface HeartbeatOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: EventRecorder;
  readonly signal: AbortSignal;
}

/** Creates the Node, or takes over the one that is there, and reports it Ready. Tries until it succeeds. */
export async function registerNode(facts: NodeFacts, options: HeartbeatOptions): Promise<void> {
  const { api, clock, log, signal, events } = options;
  const wanted = nodeObject(facts);
  while (!signal.aborted) {
    try {
      const node = await createOrAdopt(api, wanted);
      await writeStatus(facts, node, options);
      await renewLease(facts, node, options);
      const message = `Node ${facts.nodeName} status is now: NodeReady`;
      events.record(node, { type: "Normal", reason: "NodeReady", message });
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn("Could not register the node", { error: describeError(error) });
      await clock.sleep(RETRY_MS, signal);
    }
  }
}

async function createOrAdopt(api: Api, wanted: Node): Promise<Node> {
  try {
    return await api.create(nodes, wanted);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    const name = wanted.metadata.name ?? "";
    const body = { metadata: { labels: wanted.metadata.labels } };
    return await api.patch(nodes, { name }, { type: "merge", body });
  }
}

/** Keeps the lease fresh and the status right until the signal aborts; makes the Node anew if it was deleted. */
export async function keepNode(facts: NodeFacts, options: HeartbeatOptions): Promise<void> {
  const { api, clock, log, signal } = options;
  let statusAtMs = clock.monotonicMs();
  while (!signal.aborted) {
    await clock.sleep(RENEW_MS, signal);
    if (signal.aborted) return;
    try {
      const node = await api.get(nodes, { name: facts.nodeName }, signal);
      await renewLease(facts, node, options);
      const isDue = clock.monotonicMs() - statusAtMs >= STATUS_MS || !isReady(node);
      if (!isDue) continue;
      await writeStatus(facts, node, options);
      statusAtMs = clock.monotonicMs();
    } catch (error) {
      if (signal.aborted) return;
      if (isNotFound(error)) await registerNode(facts, options);
      else log.warn("Could not renew the node's lease", { error: describeError(error) });
    }
  }
}

/** A node controller that missed our lease has set it to Unknown: then it is said again at once. */
function isReady(node: Node): boolean {
  return node.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
}

async function writeStatus(facts: NodeFacts, node: Node, options: HeartbeatOptions): Promise<void> {
  const status = nodeStatus(facts, node, options.clock.now());
  const patch = { type: "strategic", body: { status }, subresource: "status" } as const;
  await options.api.patch(nodes, { name: facts.nodeName }, patch);
}

async function renewLease(
  facts: NodeFacts,
  node: Node,
  { api, clock }: HeartbeatOptions,
): Promise<void> {
  const name = { namespace: leaseNamespace, name: facts.nodeName };
  const renewTime = formatMicroTime(clock.now());
  try {
    const body = { spec: { renewTime } };
    await api.patch(leases, name, { type: "merge", body });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { uid = "" } = node.metadata;
    const owner = { apiVersion: "v1", kind: "Node", name: facts.nodeName, uid };
    const spec = { holderIdentity: facts.nodeName, leaseDurationSeconds: LEASE_SECONDS, renewTime };
    const lease: Lease = { metadata: { ...name, ownerReferences: [owner] }, spec };
    await api.create(leases, lease);
  }
}
