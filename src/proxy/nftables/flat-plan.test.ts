import assert from "node:assert/strict";
import { test } from "node:test";
import { flowCases, tableOf } from "../../../test/proxy/cases.ts";
import { type Random, seededRandom } from "../../../test/proxy/random.ts";
import { emptyWorld, randomEvent } from "../../../test/proxy/random-facts.ts";
import { type ForwardingTable, ForwardingTableBuilder } from "../table/forwarding-table.ts";
import { clusterProxyConfig } from "../table/proxy-config.ts";
import { FlatPlan, type HeldTable, type Transaction } from "./flat-plan.ts";
import { renderTransaction } from "./kernel-writer.ts";

const options = {
  config: clusterProxyConfig({
    nodeIps: ["192.168.0.1", "2001:db8::1"],
    podCidrs: ["10.0.0.0/8", "fd00:10::/32"],
    serviceCidrs: ["172.30.0.0/16", "fd00:30::/112"],
  }),
  affinityClientsMax: 262_144,
};

/** What nft does with our element commands: an element that is there can not be added, nor one deleted that is not. */
class Elements {
  readonly #elements = new Map<string, string>();

  run(transaction: Transaction): void {
    for (const line of renderTransaction(transaction).split("\n")) {
      const match = /^(add|delete) element inet portolan (\S+) \{ (.*) \}$/.exec(line);
      if (match === null || /^(spreads|nodeport-ips)/.test(match[2] ?? "")) continue;
      const [, verb, map, list = ""] = match;
      for (const text of list.split(", ")) {
        const [key = "", value = ""] = text.split(" : ");
        const id = `${map} ${key}`;
        assert.equal(this.#elements.has(id), verb === "delete", line);
        if (verb === "add") this.#elements.set(id, value);
        else this.#elements.delete(id);
      }
    }
  }

  /** What a reader of the kernel finds, where the plan before it was this one. */
  held(plan: FlatPlan): HeldTable {
    const elements = [...this.#elements].map(([id, value]) => {
      const [map = "", key = ""] = id.split(/ (.*)/s);
      return [id, { in: map, key, value: value === "" ? undefined : value }] as const;
    });
    return {
      elements: new Map(elements),
      spreads: plan.spreads,
      clientLists: new Set(),
      areRulesIntact: true,
      chains: [],
      maps: new Set(),
    };
  }

  tamper(random: Random): void {
    const ids = [...this.#elements.keys()];
    if (ids.length > 0) this.#elements.delete(random.pick(ids));
    this.#elements.set("dropped4 172.30.0.1 . tcp . 80", "");
    this.#elements.set("slots4 0x00abc000 . 7", "0x00abc003");
  }

  get sorted(): readonly (readonly [string, string])[] {
    return [...this.#elements].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}

function elementsOf(table: ForwardingTable): Elements {
  const elements = new Elements();
  for (const transaction of new FlatPlan(options).replaceAll(table)) elements.run(transaction);
  return elements;
}

const seeds = [Date.now() % 100_000, ...Array.from({ length: 20 }, (_, index) => index)];

test("after any order of changes the elements are those of the plan, and lead to the same backends", () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const world = emptyWorld();
    const builder = new ForwardingTableBuilder({ nodeName: "node-a", zone: "zone-1" });
    const plan = new FlatPlan(options);
    const elements = new Elements();
    for (const transaction of plan.replaceAll(builder.table)) elements.run(transaction);
    for (let step = 0; step < 50; step++) {
      randomEvent(random, world, builder);
      if (random.chance(0.3)) continue;
      for (const text of plan.change(builder.table, builder.take().services)) elements.run(text);
      const planned = [...plan.elements()].map(([id, { value }]) => [id, value ?? ""] as const);
      assert.deepEqual(
        elements.sorted,
        planned.toSorted(([a], [b]) => (a < b ? -1 : 1)),
        `seed ${seed}, step ${step}`,
      );
      assert.deepEqual(
        resolved(elements),
        resolved(elementsOf(builder.table)),
        `seed ${seed}, step ${step}`,
      );
    }
  }
});

test("another plan takes over what the kernel holds: nothing changes, and numbers stay with their lists", () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const world = emptyWorld();
    const builder = new ForwardingTableBuilder({ nodeName: "node-a", zone: "zone-1" });
    let plan = new FlatPlan(options);
    const kernel = new Elements();
    for (const transaction of plan.replaceAll(builder.table)) kernel.run(transaction);
    for (let step = 0; step < 40; step++) {
      const what = `seed ${seed}, step ${step}`;
      randomEvent(random, world, builder);
      const { services } = builder.take();
      if (random.chance(0.5)) {
        for (const transaction of plan.change(builder.table, services)) kernel.run(transaction);
        const before = kernel.sorted;
        const other = new FlatPlan(options);
        const held = kernel.held(plan);
        for (const { removed, added } of other.reconcile(builder.table, held)) {
          assert.deepEqual([...removed, ...added], [], what);
        }
        assert.deepEqual(kernel.sorted, before, what);
        plan = other;
        continue;
      }
      // The change comes while no proxy runs, and somebody takes away or adds an element.
      const other = new FlatPlan(options);
      if (random.chance(0.5)) kernel.tamper(random);
      for (const transaction of other.reconcile(builder.table, kernel.held(plan))) {
        kernel.run(transaction);
      }
      plan = other;
      assert.deepEqual(resolved(kernel), resolved(elementsOf(builder.table)), what);
      const planned = [...plan.elements()].map(([id, { value }]) => [id, value ?? ""] as const);
      assert.deepEqual(
        kernel.sorted,
        planned.toSorted(([a], [b]) => (a < b ? -1 : 1)),
        what,
      );
    }
  }
});

test("ways of spreading that nobody uses any more make room for others", () => {
  const plan = new FlatPlan(options);
  const kernel = new Elements();
  const [routing] = webTable(["10.0.0.1"]).get("default/web")!;
  const table = (affinitySeconds: number) =>
    new Map([["default/web", [{ ...routing!, affinitySeconds }]]]);
  for (const transaction of plan.replaceAll(table(1))) kernel.run(transaction);
  const changeTo = (seconds: number) => {
    for (const transaction of plan.change(table(seconds), ["default/web"])) kernel.run(transaction);
  };
  const isFull = (error: unknown) => /too many ways of spreading/.test(String(error));
  assert.throws(() => {
    for (let seconds = 2; seconds < 5000; seconds++) changeTo(seconds);
  }, isFull);
  for (const transaction of plan.reconcile(table(5000), kernel.held(plan))) kernel.run(transaction);
  assert.deepEqual(resolved(kernel), resolved(elementsOf(table(5000))));
  assert.equal(plan.spreads.length, 2);
});

/** The elements with every mark replaced by what it stands for; the numbers themselves depend on history. */
function resolved({ sorted }: Elements): readonly string[] {
  const values = new Map(sorted);
  const listOf = (mark: string) =>
    `0x${((Number(mark) & 0xffffc000) >>> 0).toString(16).padStart(8, "0")}`;
  const slots = (digit: string, mark: string) => {
    const targets: string[] = [];
    for (let slot = 0; ; slot++) {
      const backend = values.get(`slots${digit} ${listOf(mark)} . ${slot}`);
      if (backend === undefined) return targets;
      targets.push(values.get(`backends${digit} ${backend}`) ?? "missing");
    }
  };
  return sorted
    .filter(([id]) => !/^(slots|backends|inside|outside)/.test(id))
    .map(([id, mark]) => {
      const digit = id.split(" ")[0]!.slice(-1);
      if (mark === "") return id;
      const list = listOf(mark);
      const inside = values.get(`inside${digit} ${list}`) ?? "";
      const outside = values.get(`outside${digit} ${list}`) ?? "";
      const kind = (Number(mark) >> 12) & 3;
      return `${id} kind ${kind}: ${slots(digit, mark)}; inside ${slots(digit, inside)}; outside ${slots(digit, outside)}`;
    });
}

test("what does not change a Service's elements gives no transaction", () => {
  const flow = flowCases().find(({ id }) => id === "E018")!;
  const table = tableOf(flow);
  const plan = new FlatPlan(options);
  for (const _ of plan.replaceAll(table)) void _;
  assert.deepEqual([...plan.change(table, table.keys())], []);
});

test("one endpoint that is replaced costs its own elements, and no rule", () => {
  const plan = new FlatPlan(options);
  for (const _ of plan.replaceAll(webTable(["10.0.0.1", "10.0.0.2", "10.0.0.3"]))) void _;
  const [transaction, ...others] = plan.change(webTable(["10.0.0.1", "10.0.0.2", "10.0.0.4"]), [
    "default/web",
  ]);
  assert.deepEqual(others, []);
  const text = renderTransaction(transaction!);
  assert.equal(transaction!.rules, "");
  assert.equal(text.split("\n").length - 1, 6, text);
});

test("a Service that comes leaves the others' elements alone; when it goes nothing is left", () => {
  const plan = new FlatPlan(options);
  const elements = new Elements();
  for (const text of plan.replaceAll(new Map())) elements.run(text);
  for (const text of plan.change(webTable(["10.0.0.1"]), ["default/web"])) elements.run(text);
  assert.ok(elements.sorted.length > 0);
  for (const text of plan.change(new Map(), ["default/web"])) elements.run(text);
  assert.deepEqual(elements.sorted, []);
});

test("10,000 Services are cut into transactions, none of which cuts a Service in two", () => {
  const [routing] = webTable(["10.0.0.1"]).get("default/web")!;
  const table = new Map(
    Array.from({ length: 10_000 }, (_, index) => {
      const address = `172.30.${index >> 8}.${index & 255}`;
      const entries = routing!.entries.map((entry) => ({ ...entry, address }));
      const servicePortName = `default/s${index}`;
      return [servicePortName, [{ ...routing!, servicePortName, entries }]];
    }),
  );
  const transactions = [...new FlatPlan(options).replaceAll(table)].map(renderTransaction);
  assert.ok(transactions.length > 5);
  for (const text of transactions) {
    const count = (map: string) =>
      new RegExp(`add element inet portolan ${map} [^\n]*`).exec(text)?.[0].split(",").length;
    assert.ok(text.length < 400_000);
    assert.equal(count("services4") !== undefined, count("slots4") !== undefined);
  }
});

function webTable(addresses: readonly string[]): ForwardingTable {
  const builder = new ForwardingTableBuilder({ nodeName: "node-a" });
  builder.setService("default/web", {
    key: "default/web",
    createdAt: "",
    clusterIps: ["172.30.0.1"],
    externalIps: [],
    loadBalancerIps: [],
    ports: [{ name: "", protocol: "TCP", port: 80 }],
    isInternalLocal: false,
    isExternalLocal: false,
    sourceRanges: [],
  });
  builder.setSlice("default/web", {
    key: "default/web",
    service: "default/web",
    family: "IPv4",
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
    endpoints: addresses.map((address) => ({
      address,
      isReady: true,
      isServing: true,
      isTerminating: false,
      forZones: [],
      forNodes: [],
    })),
  });
  builder.take();
  return builder.table;
}
