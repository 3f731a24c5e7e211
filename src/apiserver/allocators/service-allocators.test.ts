import assert from "node:assert/strict";
import { test } from "node:test";
import { StatusError } from "../../api/status-error.ts";
import type { Service, ServiceSpec } from "../../api/types.ts";
import { parseCidr } from "../../lib/ip.ts";
import { ServiceAllocators } from "./service-allocators.ts";

const nodePorts = { from: 30000, to: 32767 };

function allocatorsFor(...cidrs: readonly string[]): ServiceAllocators {
  const serviceCidrs = cidrs.map((text) => parseCidr(text)!);
  return new ServiceAllocators({ serviceCidrs, nodePorts, random: Math.random });
}

function service(spec: ServiceSpec, name = "web"): Service {
  const ports = [{ port: 80, protocol: "TCP", targetPort: 80 }];
  return { metadata: { name, namespace: "default" }, spec: { type: "ClusterIP", ports, ...spec } };
}

/** Creates and commits; what was allocated. */
function create(allocators: ServiceAllocators, spec: ServiceSpec, name?: string): Service {
  const allocation = allocators.admitCreate(service({ selector: { app: "web" }, ...spec }, name));
  assert.deepEqual(allocation.errors, []);
  allocation.commit();
  return allocation.service;
}

function problemOf(allocators: ServiceAllocators, spec: ServiceSpec): string {
  const { errors } = allocators.admitCreate(service(spec));
  return errors.map(({ field, message }) => `${field}: ${message}`).join("\n");
}

test("a thousand creates under way at once share no address and no node port", async () => {
  const allocators = allocatorsFor("10.96.0.0/20", "fd00:10:96::/112");
  const all = await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const spec = { type: "NodePort", ipFamilyPolicy: "PreferDualStack", selector: { a: "b" } };
      const allocation = allocators.admitCreate(service(spec));
      // The write to the store takes its time; others run meanwhile.
      await new Promise((done) => setImmediate(done));
      allocation.commit();
      return allocation.service.spec;
    }),
  );
  const ips = all.flatMap((spec) => spec?.clusterIPs ?? []);
  const ports = all.flatMap((spec) => (spec?.ports ?? []).map(({ nodePort }) => nodePort));
  assert.equal(new Set(ips).size, 2000);
  assert.equal(new Set(ports).size, 1000);
  assert.deepEqual(allocators.usage, { clusterIps: 2000, nodePorts: 1000 });
});

test("a full range of addresses is an internal error that says so, and holds nothing", () => {
  const allocators = allocatorsFor("10.96.0.0/29");
  for (let count = 0; count < 6; count++) create(allocators, {});
  assert.throws(
    () => allocators.admitCreate(service({ type: "NodePort", selector: { a: "b" } })),
    (error) =>
      error instanceof StatusError &&
      error.status.code === 500 &&
      error.status.message ===
        "Internal error occurred: failed to allocate a serviceIP: range is full",
  );
  assert.deepEqual(allocators.usage, { clusterIps: 6, nodePorts: 0 });
});

test("a full range of node ports is an internal error, and the address is given back", () => {
  const serviceCidrs = [parseCidr("10.96.0.0/24")!];
  const tiny = { serviceCidrs, nodePorts: { from: 30000, to: 30001 }, random: Math.random };
  const allocators = new ServiceAllocators(tiny);
  create(allocators, { type: "NodePort" });
  create(allocators, { type: "NodePort" });
  assert.throws(
    () => allocators.admitCreate(service({ type: "NodePort", selector: { a: "b" } })),
    /failed to allocate a nodePort: range is full/,
  );
  assert.deepEqual(allocators.usage, { clusterIps: 2, nodePorts: 2 });
});

const refusals: readonly { name: string; spec: ServiceSpec; want: string }[] = [
  {
    name: "a taken address",
    spec: { clusterIP: "10.96.0.10" },
    want: 'spec.clusterIPs: Invalid value: []string{"10.96.0.10"}: failed to allocate IP 10.96.0.10: provided IP is already allocated',
  },
  {
    name: "an address outside the range",
    spec: { clusterIP: "192.0.2.1" },
    want: 'spec.clusterIPs: Invalid value: []string{"192.0.2.1"}: failed to allocate IP 192.0.2.1: the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.96.0.0/16',
  },
  {
    name: "a taken node port",
    spec: { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] },
    want: "spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated",
  },
  {
    name: "a node port outside the range",
    spec: { type: "NodePort", ports: [{ port: 80, nodePort: 80 }] },
    want: "spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767",
  },
];

for (const { name, spec, want } of refusals) {
  test(`${name} is refused in Kubernetes' words, and nothing is held`, () => {
    const allocators = allocatorsFor("10.96.0.0/16");
    const ports = [{ port: 80, nodePort: 30080 }];
    create(allocators, { type: "NodePort", clusterIP: "10.96.0.10", ports });
    const before = allocators.usage;
    assert.equal(problemOf(allocators, spec), want);
    assert.deepEqual(allocators.usage, before);
  });
}

test("a dry run answers with values and keeps none", () => {
  const allocators = allocatorsFor("10.96.0.0/16");
  const allocation = allocators.admitCreate(service({ type: "NodePort" }), { dryRun: true });
  assert.ok(allocation.service.spec?.clusterIP);
  assert.ok(allocation.service.spec?.ports?.[0]?.nodePort);
  allocation.commit();
  assert.deepEqual(allocators.usage, { clusterIps: 0, nodePorts: 0 });
});

test("an update frees the old node port with its commit, not before", () => {
  const allocators = allocatorsFor("10.96.0.0/16");
  const old = create(allocators, { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] });
  const next = { ...old, spec: { ...old.spec, ports: [{ port: 80, nodePort: 30081 }] } };
  const taken = { type: "NodePort", ports: [{ port: 80, nodePort: 30080 }] };

  const undone = allocators.admitUpdate(old, next);
  undone.rollback();
  undone.commit();
  assert.match(problemOf(allocators, taken), /already allocated/);

  allocators.admitUpdate(old, next).commit();
  assert.equal(problemOf(allocators, taken), "");
});

test("what stored Services hold is taken after a restart", () => {
  const before = allocatorsFor("10.96.0.0/16", "fd00:10:96::/112");
  const stored = Array.from({ length: 20 }, (_, index) =>
    create(before, { type: "NodePort", ipFamilyPolicy: "RequireDualStack" }, `s${index}`),
  );
  const after = allocatorsFor("10.96.0.0/16", "fd00:10:96::/112");
  assert.deepEqual(after.restore(stored), []);
  assert.deepEqual(after.usage, before.usage);
  for (const one of stored) after.release(one);
  assert.deepEqual(after.usage, { clusterIps: 0, nodePorts: 0 });
});

test("stored Services that share a value or lie outside the range are reported", () => {
  const allocators = allocatorsFor("10.96.0.0/16");
  const a = service({ clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"] }, "a");
  const b = service({ clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"] }, "b");
  const c = service({ clusterIP: "fd00::9", clusterIPs: ["fd00::9"] }, "c");
  assert.deepEqual(
    allocators.restore([a, b, c]).map(({ name, value, problem }) => [name, value, problem]),
    [
      ["b", "10.96.0.9", "provided IP is already allocated"],
      ["c", "fd00::9", "no range of its family"],
    ],
  );
});

test("an address of a large IPv6 range is canonical and of the upper band", () => {
  const allocators = allocatorsFor("fd00:10:96::/64");
  const { spec } = create(allocators, {});
  assert.match(spec?.clusterIP ?? "", /^fd00:10:96:/);
  assert.equal(problemOf(allocators, { clusterIP: "fd00:10:96::a" }), "");
});
