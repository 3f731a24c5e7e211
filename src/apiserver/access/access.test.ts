import assert from "node:assert/strict";
import { test } from "node:test";
import { authenticated } from "../identity.ts";
import { type Access, isAllowed, refusalText } from "./access.ts";

const bindings = new Map([
  ["mine", "node-1"],
  ["theirs", "node-2"],
  ["waiting", ""],
]);
const facts = {
  nodeOfPod: (_: string, name: string) => bindings.get(name),
  nodeUses: (_: string, { plural, name }: { plural: string; name: string }) =>
    `${plural} ${name}` === "secrets used",
};
const node = authenticated("system:node:node-1", ["system:nodes"]);
const nobody = authenticated("jane", []);

function access(text: string): Access {
  const [verb = "", resource = "", namespace = "", name = ""] = text.split(" ");
  if (resource.startsWith("/")) return { type: "path", verb, path: resource };
  const [qualified = "", subresource = ""] = resource.split("/");
  const [plural = "", ...group] = qualified.split(".");
  const at = namespace === "-" ? "" : namespace;
  return {
    type: "resource",
    verb,
    group: group.join("."),
    plural,
    subresource,
    namespace: at,
    name,
  };
}

const cases = [
  { who: authenticated("root", ["system:masters"]), what: "delete namespaces - x", may: true },
  { who: nobody, what: "get /apis/apps/v1", may: true },
  { who: nobody, what: "get /apisx", may: false },
  { who: nobody, what: "get /metrics", may: false },
  { who: nobody, what: "get pods default x", may: false },
  { who: nobody, what: "create selfsubjectaccessreviews.authorization.k8s.io", may: true },
  {
    who: authenticated("system:kube-proxy", []),
    what: "list endpointslices.discovery.k8s.io",
    may: true,
  },
  { who: authenticated("system:kube-proxy", []), what: "update services default x", may: false },
  { who: node, what: "patch pods/status default mine", may: true },
  { who: node, what: "patch pods/status default theirs", may: false },
  { who: node, what: "delete pods default waiting", may: false },
  { who: node, what: "delete pods default gone", may: true },
  { who: node, what: "get secrets default used", may: true },
  { who: node, what: "get secrets default other", may: false },
  { who: node, what: "get configmaps default used", may: false },
  { who: node, what: "list secrets default", may: false },
  { who: node, what: "update nodes/status - node-1", may: true },
  { who: node, what: "update nodes/status - node-2", may: false },
  { who: node, what: "update leases.coordination.k8s.io kube-node-lease node-1", may: true },
  { who: node, what: "update leases.coordination.k8s.io default node-1", may: false },
  {
    who: authenticated("pretender", ["system:nodes"]),
    what: "update nodes/status - node-1",
    may: false,
  },
];
for (const { who, what, may } of cases) {
  test(`isAllowed: ${who.user} ${may ? "may" : "may not"} ${what}`, () => {
    assert.equal(isAllowed(who, access(what), facts), may);
  });
}

test("refusalText says who, what and where in Kubernetes' words", () => {
  assert.equal(
    refusalText(nobody, access("get deployments.apps/scale default x")),
    'User "jane" cannot get resource "deployments/scale" in API group "apps" in the namespace "default"',
  );
  assert.equal(
    refusalText(nobody, access("list nodes")),
    'User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
  );
});
