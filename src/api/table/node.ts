import { ageOf } from "../human-duration.ts";
import type { Node } from "../types.ts";
import {
  ageColumn,
  column,
  type KindTable,
  nameColumn,
  orNone,
  wideColumn,
} from "./table-shape.ts";

/** How `kubectl get` shows Nodes. */
export const nodeTable: KindTable<Node> = {
  columns: [
    nameColumn,
    column("Status", "Whether the node takes pods."),
    column("Roles", "Roles that the node's labels give it."),
    ageColumn,
    column("Version", "Version of the node agent."),
    wideColumn("Internal-IP", "The node's address inside the cluster."),
    wideColumn("External-IP", "The node's address for the world outside."),
    wideColumn("OS-Image", "The node's operating system."),
    wideColumn("Kernel-Version", "Version of the node's kernel."),
    wideColumn("Container-Runtime", "What runs the node's containers, and its version."),
  ],
  row(node, nowMs) {
    const info = node.status?.nodeInfo;
    return {
      cells: [
        node.metadata.name ?? "",
        statusText(node),
        orNone(roles(node).join(",")),
        ageOf(node.metadata.creationTimestamp, nowMs),
        info?.kubeletVersion ?? "",
        addressOf(node, "InternalIP"),
        addressOf(node, "ExternalIP"),
        info?.osImage || "<unknown>",
        info?.kernelVersion || "<unknown>",
        info?.containerRuntimeVersion || "<unknown>",
      ],
    };
  },
};

function statusText({ spec, status }: Node): string {
  const ready = (status?.conditions ?? []).find(({ type }) => type === "Ready");
  const word = ready === undefined ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return spec?.unschedulable === true ? `${word},SchedulingDisabled` : word;
}

const rolePrefix = "node-role.kubernetes.io/";

function roles({ metadata }: Node): string[] {
  const found = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === "kubernetes.io/role" ? [value] : [];
  });
  return [...new Set(found)].filter((role) => role !== "").toSorted();
}

function addressOf({ status }: Node, type: string): string {
  return orNone((status?.addresses ?? []).find((one) => one.type === type)?.address);
}
