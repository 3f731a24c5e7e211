import assert from "node:assert/strict";
import { after, test as always, before } from "node:test";
import { openNftState } from "../../src/kernel/nft-state.ts";
import { openFlatDataPlane } from "../../src/proxy/nftables/apply.ts";
import { FlatPlan, type Transaction } from "../../src/proxy/nftables/flat-plan.ts";
import { HeldReader } from "../../src/proxy/nftables/held-table.ts";
import { isEmpty, KernelWriter } from "../../src/proxy/nftables/kernel-writer.ts";
import {
  buildForwardingTable,
  type ForwardingTable,
} from "../../src/proxy/table/forwarding-table.ts";
import { clusterProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import type { ServiceFacts } from "../../src/proxy/table/service-facts.ts";
import type { SliceFacts } from "../../src/proxy/table/slice-facts.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { Lab, SILENCE_MS } from "./lab.ts";

// More elements than one transaction takes: what does a packet see between two of them?

const skip = await namespacesMissing();
const test = (name: string, action: () => Promise<void>) => always(name, { skip }, action);

const config = clusterProxyConfig({
  nodeIps: ["192.0.2.10"],
  podCidrs: ["10.244.0.0/16"],
  serviceCidrs: ["10.96.0.0/16"],
});
const options = { config, affinityClientsMax: 1000 };

/** With two endpoints each about 12,000 elements. */
const SERVICES = 2000;

let lab: Lab;
before(async () => {
  if (skip !== false) return;
  lab = new Lab();
  for (let host = 1; host <= 5; host++) await lab.listen("TCP", `10.244.2.${host}`, 80);
});
after(() => (skip === false ? lab[Symbol.asyncDispose]() : undefined));

/** Services on the first addresses of the range, each over the same endpoints. */
function tableOf(world: {
  readonly nameOf?: (index: number) => string;
  readonly hosts: readonly number[];
}): ForwardingTable {
  const { nameOf = (index) => `s${index}`, hosts } = world;
  const indices = Array.from({ length: SERVICES }, (_, index) => index);
  return buildForwardingTable({
    services: indices.map(
      (index): ServiceFacts => ({
        key: `default/${nameOf(index)}`,
        createdAt: "",
        clusterIps: [addressOf(index)],
        externalIps: [],
        loadBalancerIps: [],
        ports: [{ name: "", protocol: "TCP", port: 80, nodePort: 30_000 + index }],
        isInternalLocal: false,
        isExternalLocal: false,
        sourceRanges: [],
      }),
    ),
    slices: indices.map(
      (index): SliceFacts => ({
        key: `default/${nameOf(index)}`,
        service: `default/${nameOf(index)}`,
        family: "IPv4",
        ports: [{ name: "", protocol: "TCP", port: 80 }],
        endpoints: hosts.map((host) => ({
          address: `10.244.2.${host}`,
          isReady: true,
          isServing: true,
          isTerminating: false,
          forZones: [],
          forNodes: [],
        })),
      }),
    ),
    node: { nodeName: "node-a" },
  });
}

function addressOf(index: number): string {
  return `10.96.${index >> 8}.${index & 255}`;
}

/** One connection to each of some Services all over the range, by their cluster IPs and node ports. */
async function connectToMany(hosts: readonly number[]): Promise<void> {
  const source = "10.244.1.200";
  for (let index = 7; index < SERVICES; index += 190) {
    for (const [destination, port] of [
      [addressOf(index), 80],
      ["192.0.2.10", 30_000 + index],
    ] as const) {
      const outcome = await lab.send({ source, destination, port, protocol: "TCP" });
      assert.equal(outcome.kind, "answered", `${destination}:${port}`);
      if (outcome.kind !== "answered") return;
      const isExpected = hosts.some((host) => outcome.at === `10.244.2.${host}:80`);
      assert.ok(isExpected, `${destination}:${port} went to ${outcome.at}`);
    }
  }
}

/** Carries out one transaction after the other, and looks what packets see after each. Returns how many there were. */
async function step(
  transactions: Iterable<Transaction>,
  look: () => Promise<void>,
): Promise<number> {
  using writer = new KernelWriter(lab.node);
  let count = 0;
  for (const transaction of transactions) {
    if (isEmpty(transaction)) continue;
    writer.run(transaction);
    count++;
    await look();
  }
  return count;
}

const before2 = { hosts: [1, 2] };

const rewrites: readonly {
  readonly name: string;
  readonly after: Parameters<typeof tableOf>[0];
  readonly tamper?: string;
  readonly transactions: (count: number) => boolean;
}[] = [
  {
    name: "a restarted proxy that finds everything as it should be writes its chains only",
    after: before2,
    transactions: (count) => count === 1,
  },
  {
    name: "a restarted proxy that finds other endpoints",
    after: { hosts: [2, 3, 4] },
    transactions: (count) => count > 2,
  },
  {
    name: "a restarted proxy that finds every Service under another name",
    // In the reverse order, so that each name comes in another place.
    after: { hosts: [1, 2], nameOf: (index) => `t${9999 - index}` },
    transactions: (count) => count >= 1,
  },
  {
    name: "a restarted proxy, after somebody took away all that can be missing unseen",
    after: before2,
    tamper: "flush set inet portolan cluster-ips4; flush set inet portolan hairpins4",
    transactions: (count) => count >= 1,
  },
];

for (const { name, after: latter, tamper, transactions } of rewrites) {
  test(`between transactions every Service works: ${name}`, async () => {
    using state = openNftState(lab.node);
    const reader = new HeldReader(state);
    using writer = new KernelWriter(lab.node);
    for (const transaction of new FlatPlan(options).replaceAll(tableOf(before2)))
      writer.run(transaction);
    try {
      if (tamper !== undefined) lab.run("node", "nft", tamper);
      const hosts = [...before2.hosts, ...latter.hosts];
      const held = await reader.read({ areRulesIntact: false });
      const plan = new FlatPlan(options);
      const count = await step(plan.reconcile(tableOf(latter), held), () => connectToMany(hosts));
      assert.ok(transactions(count), `${count} transactions`);
      await connectToMany(latter.hosts);
      const end = await reader.read({ areRulesIntact: true });
      assert.deepEqual([...end.elements.keys()].toSorted(), [...plan.elements().keys()].toSorted());
    } finally {
      writer.remove();
    }
  });
}

test("between transactions every Service works: all of them pass their addresses on at once", async () => {
  using writer = new KernelWriter(lab.node);
  const plan = new FlatPlan(options);
  for (const transaction of plan.replaceAll(tableOf(before2))) writer.run(transaction);
  try {
    // Every two Services change places, far away from one another in the order.
    const renamed = tableOf({ hosts: [3, 4], nameOf: (index) => `s${SERVICES - 1 - index}` });
    await step(plan.change(renamed, renamed.keys()), () => connectToMany([1, 2, 3, 4]));
    await connectToMany([3, 4]);
  } finally {
    writer.remove();
  }
});

test("while Services are written for the first time, nobody is refused: what comes too early can come again", async () => {
  using writer = new KernelWriter(lab.node);
  try {
    const packet = {
      source: "10.244.1.200",
      // The last name in the order, s999, is written last.
      destination: addressOf(999),
      port: 80,
      protocol: "TCP",
    } as const;
    const outcomes: string[] = [];
    const transactions = [...new FlatPlan(options).replaceAll(tableOf(before2))].filter(
      (transaction) => !isEmpty(transaction),
    );
    await step(transactions.slice(0, 1), async () => {
      outcomes.push((await lab.send(packet, SILENCE_MS)).kind);
    });
    await step(transactions.slice(1), async () => {});
    outcomes.push((await lab.send(packet)).kind);
    assert.ok(transactions.length > 2);
    assert.deepEqual(outcomes, ["silent", "answered"]);
  } finally {
    writer.remove();
  }
});

test("connections that never stop do not notice that the proxy is restarted over 12,000 elements", async () => {
  const table = tableOf(before2);
  {
    await using first = openFlatDataPlane(lab.node, options);
    await first.apply(table);
  }
  await using plane = openFlatDataPlane(lab.node, options);
  try {
    let isDone = false;
    const connecting = (async () => {
      let rounds = 0;
      do {
        await connectToMany([1, 2, 3, 4, 5]);
        rounds++;
      } while (!isDone);
      return rounds;
    })();
    for (const hosts of [[1, 2], [3, 4, 5], [1], [2, 4]]) await plane.apply(tableOf({ hosts }));
    isDone = true;
    assert.ok((await connecting) > 0);
  } finally {
    await plane.remove();
  }
});
