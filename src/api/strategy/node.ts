import type { Node, NodeSpec } from "../types.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { validateNode, validateNodeChange } from "../validation/node.ts";
import { defineStrategy, statusOf, withStatus } from "./strategy-shape.ts";

/** The rules of Nodes. */
export const nodeStrategy = defineStrategy<Node>({
  namespaced: false,
  name: dnsSubdomain,
  // Unlike other kinds a Node is created with its status: its agent registers itself with one request.
  prepareForCreate: (node) => withBothPodCidrs(node),
  prepareForUpdate: (node, old) => withBothPodCidrs(withStatus(node, old.status), old.spec),
  validate: validateNode,
  validateChange: validateNodeChange,
  fields: { "spec.unschedulable": ({ spec }) => String(spec?.unschedulable ?? false) },
  subresources: { status: { prepare: statusOf, validate: validateNodeChange } },
});

/** `podCIDR` is the first of `podCIDRs`; whichever the client left out is filled in from the other. */
function withBothPodCidrs(node: Node, old?: NodeSpec): Node {
  const { spec } = node;
  const single = spec?.podCIDR ?? "";
  const list = spec?.podCIDRs ?? [];
  if (spec === undefined || (single === "" && list.length === 0)) return node;
  const [first = ""] = list;
  if (single === "") return { ...node, spec: { ...spec, podCIDR: first } };
  const isListStale = list.length === 0 || (first !== single && first === old?.podCIDRs?.[0]);
  return isListStale ? { ...node, spec: { ...spec, podCIDRs: [single] } } : node;
}
