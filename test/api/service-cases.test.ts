import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import {
  cidrAddress,
  cidrContains,
  cidrSize,
  familyOf,
  parseCidr,
  parseIp,
} from "../../src/lib/ip.ts";
import { assertCauses, type ExpectedError, valueAt } from "./expectation.ts";
import { seededRandom } from "./seeded-random.ts";
import { type Answer, type ClusterRanges, ServiceRegistry } from "./service-registry.ts";

// The cases explain themselves in the head of the file.

interface Expectation {
  readonly code?: number;
  readonly reason?: string;
  readonly errors?: readonly ExpectedError[];
  readonly spec?: object;
  readonly absent?: readonly string[];
  readonly kinds?: Readonly<Record<string, string>>;
  readonly names?: readonly string[];
}

interface Step {
  readonly do: string;
  readonly name?: string;
  readonly bare?: boolean;
  readonly spec?: object;
  readonly status?: object;
  readonly metadata?: object;
  readonly finalizers?: readonly string[];
  readonly resourceVersion?: string;
  readonly field?: string;
  readonly value?: string;
  readonly expect?: Expectation;
}

interface ServiceCases {
  readonly clusters: Readonly<
    Record<string, ClusterRanges & { readonly families: readonly string[] }>
  >;
  readonly baseSpec: object;
  readonly cases: readonly {
    readonly id: string;
    readonly title: string;
    readonly cluster: string;
    readonly steps: readonly Step[];
  }[];
  readonly familyMatrix: readonly string[];
}

function readCases(name: string): ServiceCases {
  return parse(readFileSync(join(import.meta.dirname, "cases", name), "utf8")) as ServiceCases;
}

const { clusters, baseSpec, cases, familyMatrix } = readCases("service-api-cases.yaml");
const { cases: moreCases } = readCases("service-lifecycle-cases.yaml");

for (const { id, title, cluster, steps } of [...cases, ...moreCases]) {
  test(`${id}: ${title}`, () => {
    const registry = new ServiceRegistry(clusters[cluster]!, seededRandom(7));
    for (const [index, step] of steps.entries()) {
      const answer = perform(registry, step);
      if (answer !== undefined) judge(answer, step, cluster, `step ${index + 1}`);
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

function judge(answer: Answer, { do: verb, expect = {} }: Step, cluster: string, at: string): void {
  const code = expect.code ?? (verb.startsWith("create") ? 201 : 200);
  assert.equal(
    answer.code,
    code,
    `${at}: ${answer.error?.message ?? JSON.stringify(answer.object)}`,
  );
  if (code === 422) assert.equal(answer.error?.status.reason, "Invalid");
  if (expect.reason !== undefined) assert.equal(answer.error?.status.reason, expect.reason);
  assertCauses(answer.error, expect.errors ?? [], at);
  if (expect.spec !== undefined) assertSubset(answer.object?.spec, expect.spec, `${at} spec`);
  const root = answer.object;
  for (const path of expect.absent ?? []) {
    const value = path.startsWith("status.") ? valueAt(root, path) : valueAt(root?.spec, path);
    const isEmpty =
      value === undefined ||
      value === 0 ||
      value === "" ||
      (Array.isArray(value) && value.length === 0);
    assert.ok(isEmpty, `${at}: ${path} is ${JSON.stringify(value)}`);
  }
  for (const [path, property] of Object.entries(expect.kinds ?? {})) {
    const value = valueAt(root?.spec, path);
    assert.ok(
      hasProperty(value, property, root?.spec, clusters[cluster]!),
      `${at}: ${path} is ${JSON.stringify(value)}, not ${property}`,
    );
  }
}

function assertSubset(actual: unknown, expected: unknown, at: string): void {
  if (Array.isArray(expected)) {
    assert.ok(
      Array.isArray(actual) && actual.length === expected.length,
      `${at}: ${JSON.stringify(actual)}`,
    );
    for (const [index, item] of expected.entries())
      assertSubset(actual[index], item, `${at}[${index}]`);
  } else if (typeof expected === "object" && expected !== null) {
    for (const [key, item] of Object.entries(expected))
      assertSubset(valueAt(actual, key), item, `${at}.${key}`);
  } else {
    assert.equal(actual, expected, at);
  }
}

function hasProperty(
  value: unknown,
  property: string,
  spec: unknown,
  cluster: ClusterRanges,
): boolean {
  const [word, path = ""] = property.split(":");
  switch (word) {
    case "ip-in-primary-range":
      return typeof value === "string" && isUsable(value, cluster.serviceCIDRs[0]!);
    case "ipv6-in-range":
      return (
        typeof value === "string" &&
        cluster.serviceCIDRs.some((range) => range.includes(":") && isUsable(value, range))
      );
    case "same-as-clusterIP":
      return JSON.stringify(value) === JSON.stringify([valueAt(spec, "clusterIP")]);
    case "two-one-per-family": {
      const families = valueAt(spec, "ipFamilies");
      return (
        Array.isArray(value) &&
        value.length === 2 &&
        JSON.stringify(value.map((ip) => familyOf(String(ip)))) === JSON.stringify(families)
      );
    }
    case "nodeport-any":
      return typeof value === "number" && value >= 30000 && value <= 32767;
    case "nodeport-dynamic-band":
      return typeof value === "number" && value >= 30086 && value <= 32767;
    case "same-as":
      return value === valueAt(spec, path);
    case "differs":
      return value !== valueAt(spec, path);
    default:
      throw new TypeError(`Unknown property ${property}`);
  }
}

function isUsable(text: string, range: string): boolean {
  const cidr = parseCidr(range)!;
  const address = parseIp(text);
  if (address === undefined || !cidrContains(cidr, address) || address.value === cidr.base)
    return false;
  return cidr.family === "IPv6" || address.value !== cidrAddress(cidr, cidrSize(cidr) - 1n)!.value;
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
