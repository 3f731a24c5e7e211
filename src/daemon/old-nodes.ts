import { nodes, pods } from "../api/resource.ts";
import { isNotFound } from "../api/status-error.ts";
import type { Api } from "../client/api.ts";

export interface OldNodes {
  /** Who may list nodes and pods. */
  readonly reader: Api;
  /** The API in the name of a node's agent. */
  readonly apiOf: (nodeName: string) => Api;
  /** Nodes that run now. */
  readonly current: readonly string[];
}

/**
 * Takes away the nodes of an earlier run that had more of them, with their pods: both would stay, and new pods would be
 * sent there. It is done in each node's own name, as its agent would do it. Nodes made by hand stay.
 */
export async function removeOldNodes({ reader, apiOf, current }: OldNodes): Promise<void> {
  const { items } = await reader.list(nodes);
  const old = items
    .filter((node) => node.status?.nodeInfo?.containerRuntimeVersion.startsWith("portolan://"))
    .map((node) => node.metadata.name ?? "")
    .filter((name) => !current.includes(name));
  for (const nodeName of old) {
    const api = apiOf(nodeName);
    // The node first: a pod that replaces one of its own must not be sent there.
    await ignoreMissing(api.delete(nodes, { name: nodeName }));
    const own = await reader.list(pods, { fieldSelector: `spec.nodeName=${nodeName}` });
    for (const { metadata } of own.items) {
      const { name = "", namespace = "" } = metadata;
      await ignoreMissing(api.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 }));
    }
  }
}

async function ignoreMissing(call: Promise<void>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
