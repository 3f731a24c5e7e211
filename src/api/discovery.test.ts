import assert from "node:assert/strict";
import { test } from "node:test";
import {
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  groupVersions,
} from "./discovery.ts";

test("aggregated discovery tells the whole of a resource in one entry", () => {
  const [apps] = aggregatedDiscovery("apis", "v2").items;
  assert.deepEqual(apps?.metadata, { name: "apps", creationTimestamp: null });
  const deployments = apps?.versions[0]?.resources.find(
    ({ resource }) => resource === "deployments",
  );
  assert.deepEqual(deployments, {
    resource: "deployments",
    responseKind: { group: "apps", version: "v1", kind: "Deployment" },
    scope: "Namespaced",
    singularResource: "deployment",
    verbs: ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    shortNames: ["deploy"],
    categories: ["all"],
    subresources: [
      {
        subresource: "scale",
        responseKind: { group: "autoscaling", version: "v1", kind: "Scale" },
        verbs: ["get", "patch", "update"],
      },
      {
        subresource: "status",
        responseKind: { group: "apps", version: "v1", kind: "Deployment" },
        verbs: ["get", "patch", "update"],
      },
    ],
  });
});

test("aggregated discovery keeps core under /api, and names the version that was asked for", () => {
  const core = aggregatedDiscovery("api", "v2beta1");
  assert.equal(core.apiVersion, "apidiscovery.k8s.io/v2beta1");
  assert.deepEqual(
    core.items.map(({ metadata }) => metadata.name),
    [""],
  );
  assert.ok(aggregatedDiscovery("apis", "v2").items.every(({ metadata }) => metadata.name !== ""));
});

test("legacy discovery lists groups, and core by its version alone", () => {
  assert.deepEqual(apiVersions("192.168.0.10:6443").versions, ["v1"]);
  const groups = apiGroupList().groups.map(({ name }) => name);
  assert.deepEqual(groups.toSorted(), [
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
  ]);
  assert.deepEqual(apiGroup("apps")?.preferredVersion, { groupVersion: "apps/v1", version: "v1" });
  assert.equal(apiGroup(""), undefined);
  assert.equal(apiGroup("batch"), undefined);
});

test("legacy resources list sub-resources as entries, with the group of a foreign body", () => {
  const resources = apiResourceList("", "v1")?.resources ?? [];
  assert.deepEqual(
    resources.find(({ name }) => name === "pods/eviction"),
    {
      name: "pods/eviction",
      singularName: "",
      namespaced: true,
      group: "policy",
      version: "v1",
      kind: "Eviction",
      verbs: ["create"],
    },
  );
  assert.deepEqual(
    resources.find(({ name }) => name === "pods/status"),
    {
      name: "pods/status",
      singularName: "",
      namespaced: true,
      kind: "Pod",
      verbs: ["get", "patch", "update"],
    },
  );
  assert.equal(apiResourceList("apps", "v2"), undefined);
});

test("no short name stands for two resources, and core is looked up first", () => {
  const all = groupVersions.flatMap((groupVersion) => {
    const [group, version] = groupVersion.includes("/")
      ? groupVersion.split("/")
      : ["", groupVersion];
    return apiResourceList(group ?? "", version ?? "")?.resources ?? [];
  });
  const names = all.flatMap(({ name, singularName, shortNames = [] }) => [
    ...new Set([name, singularName, ...shortNames]),
  ]);
  const said = names.filter((name) => name !== "");
  assert.deepEqual(said.length, new Set(said).size);
  assert.equal(groupVersions[0], "v1");
});
