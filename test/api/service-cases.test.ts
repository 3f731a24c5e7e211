import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./seeded-random.ts";
import { judge, readCases, type Step } from "./service-case.ts";
import { type Answer, ServiceRegistry } from "./service-registry.ts";

const { clusters, baseSpec, cases, familyMatrix } = readCases("service-api-cases.yaml");
const { cases: moreCases } = readCases("service-lifecycle-cases.yaml");

for (const { id, title, cluster, steps } of [...cases, ...moreCases]) {
  test(`${id}: ${title}`, () => {
    const registry = new ServiceRegistry(clusters[cluster]!, seededRandom(7));
    for (const [index, step] of steps.entries()) {
      const answer = perform(registry, step);
      if (answer !== undefined) judge(answer, step, clusters[cluster]!, `step ${index + 1}`);
    }
  });
}

function perform(registry: ServiceRegistry, step: Step): Answer | undefined {
  const { name = "s", resourceVersion, finalizers } = step;
  const manifest = {
    metadata: {
      name,
      ...step.metadata,
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: { ...(step.bare === true ? {} : baseSpec), ...step.spec },
  };
  switch (step.do) {
    case "create":
      return registry.create(manifest);
    case "create-dry-run":
      return registry.create(manifest, { dryRun: true });
    case "replace":
      return registry.replace(manifest);
    case "patch":
      return registry.patch(name, {
        ...(step.metadata ? { metadata: step.metadata } : {}),
        spec: step.spec,
      });
    case "patch-status":
      return registry.patch(name, { status: step.status }, "status");
    case "list":
      assert.deepEqual(registry.list(step.field ?? "", step.value ?? ""), step.expect?.names);
      return undefined;
    case "delete":
      return registry.delete(name);
    case "remove-finalizers":
      return registry.removeFinalizers(name);
    default:
      throw new TypeError(`Unknown step ${step.do}`);
  }
}

// A row: cluster, clusterIPs given, policy, families -> policy:families, or error.
const givenIps: Readonly<Record<string, object>> = {
  unset: {},
  headless: { clusterIP: "None" },
  "headless-selectorless": { clusterIP: "None", selector: undefined },
  v4: { clusterIP: "10.0.0.10", clusterIPs: ["10.0.0.10"] },
  v6: { clusterIP: "2000::10", clusterIPs: ["2000::10"] },
  v4v6: { clusterIP: "10.0.0.10", clusterIPs: ["10.0.0.10", "2000::10"] },
  v6v4: { clusterIP: "2000::10", clusterIPs: ["2000::10", "10.0.0.10"] },
};
const familyLists: Readonly<Record<string, readonly string[]>> = {
  v4: ["IPv4"],
  v6: ["IPv6"],
  v4v6: ["IPv4", "IPv6"],
  v6v4: ["IPv6", "IPv4"],
};

test("every row of the family matrix", () => {
  const wrong = familyMatrix.filter((row) => familyResult(row) !== row.split(" -> ")[1]);
  assert.deepEqual(wrong, []);
  assert.equal(familyMatrix.length, 560);
});

function familyResult(row: string): string {
  const [cluster = "", ips = "", policy = "", families = ""] = row.split(" ");
  const registry = new ServiceRegistry(clusters[cluster]!, seededRandom(7));
  const { code, object } = registry.create({
    metadata: { name: "s" },
    spec: {
      ...baseSpec,
      ...givenIps[ips],
      ...(policy === "unset" ? {} : { ipFamilyPolicy: policy }),
      ...(families === "unset" ? {} : { ipFamilies: familyLists[families] }),
    },
  });
  if (code !== 201) return "error";
  const chosen = (object?.spec?.ipFamilies ?? []).map((family) => family.replace("IP", ""));
  return `${object?.spec?.ipFamilyPolicy}:${chosen.join("")}`;
}
