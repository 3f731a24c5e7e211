import assert from "node:assert/strict";
import { test } from "node:test";
import type { DiscoveredResource, Discovery } from "../../client/discovery.ts";
import { kindChanges } from "./kinds.ts";

/** Of `widgets.example.org/v1`. */
function resource(text: string, verbs = "list watch delete"): DiscoveredResource {
  const [name = "", version = ""] = text.split("/");
  const [plural = "", ...group] = name.split(".");
  const kind = plural === "events" ? "Event" : plural;
  return {
    group: group.join("."),
    version,
    plural,
    kind,
    namespaced: true,
    verbs: verbs.split(" "),
  };
}

const cases: readonly {
  readonly name: string;
  readonly followed?: readonly string[];
  readonly server: readonly DiscoveredResource[];
  readonly failed?: readonly string[];
  readonly add?: readonly string[];
  readonly drop?: readonly string[];
}[] = [
  { name: "at first all are new", server: [resource("pods/v1")], add: ["pods"] },
  { name: "what is followed stays", followed: ["pods/v1"], server: [resource("pods/v1")] },
  {
    name: "a kind that appears is followed",
    followed: ["pods/v1"],
    server: [resource("pods/v1"), resource("widgets.example.org/v1")],
    add: ["widgets"],
  },
  {
    name: "one that vanishes is not",
    followed: ["pods/v1", "widgets.example.org/v1"],
    server: [resource("pods/v1")],
    drop: ["widgets"],
  },
  {
    name: "unless its group only fails to answer",
    followed: ["widgets.example.org/v1"],
    server: [],
    failed: ["example.org/v1"],
  },
  {
    name: "the core group, which has no name, keeps its kinds as well, and no others",
    followed: ["pods/v1", "widgets.example.org/v1"],
    server: [],
    failed: ["v1"],
    drop: ["widgets"],
  },
  {
    name: "another preferred version is another watch",
    followed: ["widgets.example.org/v1beta1"],
    server: [resource("widgets.example.org/v1")],
    add: ["widgets"],
    drop: ["widgets"],
  },
  {
    name: "kinds that cannot be watched or deleted, and Events, are none of ours",
    server: [
      resource("tokenreviews.authentication.k8s.io/v1", "create"),
      resource("nodes.metrics.k8s.io/v1beta1", "get list"),
      resource("events/v1"),
    ],
  },
];

for (const { name, followed = [], server, failed = [], add = [], drop = [] } of cases) {
  test(`kindChanges: ${name}`, () => {
    const discovery: Discovery = { resources: server, failedGroupVersions: failed };
    const known = followed.map((text) => resource(text));
    const changes = kindChanges(known, discovery);
    assert.deepEqual(
      [changes.add, changes.drop].map((list) => list.map(({ plural }) => plural)),
      [add, drop],
    );
  });
}
