import assert from "node:assert/strict";
import { test } from "node:test";
import { planAddresses } from "./address-plan.ts";
import { sandboxDefaults } from "./sandbox-options.ts";

test("planAddresses: node-1 is the fabric's eleventh address and has the first part of the pod range", () => {
  const plan = planAddresses({ ...sandboxDefaults, nodes: 2 });
  assert.deepEqual(plan.nodes, [
    {
      name: "node-1",
      addresses: [{ family: "IPv4", ip: "192.168.100.11", cidr: "192.168.100.11/24" }],
      podCidrs: ["10.244.0.0/24"],
    },
    {
      name: "node-2",
      addresses: [{ family: "IPv4", ip: "192.168.100.12", cidr: "192.168.100.12/24" }],
      podCidrs: ["10.244.1.0/24"],
    },
  ]);
  assert.deepEqual(
    [plan.fabric, plan.clientGateway, plan.client].map((list) => list[0]?.cidr),
    ["192.168.100.1/24", "203.0.113.1/24", "203.0.113.10/24"],
  );
});

test("planAddresses: with two pod ranges everything has two addresses, in the ranges' order", () => {
  const plan = planAddresses({
    nodes: 1,
    podCidrs: ["fd00:10:244::/56", "10.244.0.0/16"],
    serviceCidrs: ["fd00:10:96::/112", "10.96.0.0/12"],
  });
  assert.deepEqual(plan.nodes[0]?.podCidrs, ["fd00:10:244::/64", "10.244.0.0/24"]);
  assert.deepEqual(
    plan.nodes[0]?.addresses.map(({ cidr }) => cidr),
    ["fd00:100::b/64", "192.168.100.11/24"],
  );
  assert.deepEqual(
    plan.client.map(({ ip }) => ip),
    ["2001:db8:203::a", "203.0.113.10"],
  );
});

const mistakes: readonly {
  readonly name: string;
  readonly options: Partial<Parameters<typeof planAddresses>[0]>;
  readonly want: RegExp;
}[] = [
  { name: "more nodes than possible", options: { nodes: 101 }, want: /--nodes is 101, 0 to 100/ },
  { name: "half a node", options: { nodes: 1.5 }, want: /--nodes is 1.5/ },
  { name: "no pod range", options: { podCidrs: [] }, want: /--pod-cidr is empty/ },
  {
    name: "a range that is none",
    options: { podCidrs: ["10.244.0.0"] },
    want: /"10\.244\.0\.0" is no/,
  },
  {
    name: "a pod range smaller than a node's part",
    options: { podCidrs: ["10.244.0.0/25"], nodes: 1 },
    want: /has room for 0 nodes \(a \/24 each\)/,
  },
  {
    name: "a pod range over the nodes' addresses",
    options: { podCidrs: ["192.168.0.0/16"] },
    want: /--pod-cidr 192\.168\.0\.0\/16 overlaps the nodes' 192\.168\.100\.0\/24/,
  },
  {
    name: "a service range over the client's addresses",
    options: { serviceCidrs: ["203.0.113.128/25"] },
    want: /--service-cidr 203\.0\.113\.128\/25 overlaps the client's 203\.0\.113\.0\/24/,
  },
  {
    name: "two mistakes at once",
    options: { nodes: 101, podCidrs: ["10.96.0.0/16"] },
    want: /--nodes.*; --pod-cidr/,
  },
];

for (const { name, options, want } of mistakes) {
  test(`planAddresses: refuses ${name}`, () => {
    assert.throws(() => planAddresses({ ...sandboxDefaults, ...options }), {
      code: "BAD_OPTION",
      message: want,
      exitCode: 2,
    });
  });
}
