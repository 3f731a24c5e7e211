import assert from "node:assert/strict";
import { after, test as always, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { endpointSlices, nodes, services } from "../../src/api/resource.ts";
import type { EndpointSlice, KubeObject, Node, Service } from "../../src/api/types.ts";
import type { Informers } from "../../src/client/api.ts";
import { InformerCache } from "../../src/client/informer-cache.ts";
import { openConntrack } from "../../src/kernel/conntrack.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { type Logger, silentLogger } from "../../src/lib/log.ts";
import { openFlatDataPlane } from "../../src/proxy/nftables/apply.ts";
import { type ProxyOptions, type RunningProxy, runProxy } from "../../src/proxy/run.ts";
import { clusterProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { Lab } from "./lab.ts";

const skip = await namespacesMissing();
const test = (name: string, action: () => Promise<void>) => always(name, { skip }, action);

const config = clusterProxyConfig({
  nodeIps: ["192.0.2.10", "2001:db8:a::10"],
  podCidrs: ["10.244.0.0/16"],
  serviceCidrs: ["10.96.0.0/16"],
});

let lab: Lab;
before(() => {
  if (skip === false) lab = new Lab();
});
after(() => (skip === false ? lab[Symbol.asyncDispose]() : undefined));

/** The API's objects as far as a proxy sees them, in the informers' own caches. */
class Cluster implements Informers {
  readonly services = new InformerCache<Service>(fail);
  readonly slices = new InformerCache<EndpointSlice>(fail);
  readonly nodes = new InformerCache<Node>(fail);
  #version = 0;

  informer(resource: { readonly kind: string }): never {
    const caches: Record<string, unknown> = {
      [services.kind]: this.services,
      [endpointSlices.kind]: this.slices,
      [nodes.kind]: this.nodes,
    };
    return caches[resource.kind] as never;
  }

  abandon(): void {}

  /** Both lists are complete. */
  list(...objects: readonly (Service | EndpointSlice)[]): void {
    const ofKind = <T extends KubeObject>(kind: string) =>
      objects.filter((object): object is T & typeof object => object.kind === kind);
    this.slices.apply({ type: "REPLACED", objects: ofKind<EndpointSlice>("EndpointSlice") });
    this.services.apply({ type: "REPLACED", objects: ofKind<Service>("Service") });
  }

  setService(object: Service): void {
    this.services.apply({ type: "MODIFIED", object: this.#newer(object) });
  }

  setSlice(object: EndpointSlice): void {
    this.slices.apply({ type: "MODIFIED", object: this.#newer(object) });
  }

  #newer<T extends KubeObject>(object: T): T {
    const resourceVersion = `${++this.#version}`;
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  }
}

function fail(error: unknown): never {
  throw error;
}

function service(spec: Service["spec"] = {}): Service {
  const clusterIP = "10.96.0.50";
  return {
    kind: "Service",
    metadata: { namespace: "default", name: "web" },
    spec: { clusterIP, ports: [{ name: "", port: 80 }], ...spec },
  };
}

function slice(addresses: readonly string[], port = 80, protocol = "TCP"): EndpointSlice {
  return {
    kind: "EndpointSlice",
    metadata: {
      namespace: "default",
      name: "web-1",
      labels: { "kubernetes.io/service-name": "web" },
      annotations: {
        "endpoints.kubernetes.io/last-change-trigger-time": new Date().toISOString(),
      },
    },
    addressType: "IPv4",
    ports: [{ name: "", port, protocol }],
    endpoints: addresses.map((address) => ({ addresses: [address] })),
  };
}

/** Runs a proxy on node-a for the length of one test, and leaves no rules behind. */
async function withProxy(
  action: (proxy: RunningProxy, cluster: Cluster) => Promise<void>,
  options: Partial<ProxyOptions> = {},
): Promise<void> {
  const stop = new AbortController();
  const cluster = new Cluster();
  await using dataPlane = openFlatDataPlane(lab.node, { config, affinityClientsMax: 262_144 });
  using conntrack = openConntrack(lab.node);
  const proxy = runProxy({
    nodeName: "node-a",
    config,
    informers: cluster,
    dataPlane,
    conntrack,
    clock: systemClock,
    random: Math.random,
    log: silentLogger,
    signal: stop.signal,
    ...options,
  });
  try {
    await action(proxy, cluster);
  } finally {
    stop.abort();
    await proxy.done;
    await dataPlane.remove();
  }
}

/** Waits until a round brought the number of syncs to so many. */
async function syncs(proxy: RunningProxy, count: number): Promise<void> {
  await until(() => proxy.counters.syncs >= count, `there are ${count} syncs`);
}

/** A minute is for machines that have other things to do. */
async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 60_000;
  while (!isSo()) {
    assert.ok(Date.now() < end, `waited in vain until ${what}`);
    await sleep(2);
  }
}

function tableLists(): boolean {
  return lab.run("node", "nft", "list", "tables").includes("portolan");
}

const client = { source: "10.244.1.200", destination: "10.96.0.50", port: 80 } as const;

async function answer(protocol: "TCP" | "UDP" = "TCP"): Promise<string> {
  const outcome = await lab.send({ ...client, protocol });
  return outcome.kind === "answered" ? outcome.at : outcome.kind;
}

test("a proxy writes nothing before it has both lists", async () => {
  await withProxy(async (proxy, cluster) => {
    cluster.setService(service());
    await sleep(30);
    assert.equal(tableLists(), false);
    cluster.slices.apply({ type: "REPLACED", objects: [] });
    await sleep(30);
    assert.equal(tableLists(), false);
    assert.equal(proxy.counters.syncs, 0);
    cluster.services.apply({ type: "REPLACED", objects: [service()] });
    await proxy.ready;
    assert.equal(tableLists(), true);
    assert.equal(proxy.reports[0]?.full, "start");
  });
});

test("a changed slice comes into the kernel, and its report says how long it took", async () => {
  await lab.listen("TCP", "10.244.1.1", 80);
  await withProxy(async (proxy, cluster) => {
    cluster.list(service());
    await proxy.ready;
    assert.equal(await answer(), "refused");
    cluster.setSlice(slice(["10.244.1.1"]));
    await syncs(proxy, 2);
    assert.equal(await answer(), "10.244.1.1:80");
    const report = proxy.reports.at(-1)!;
    assert.equal(report.full, undefined);
    assert.deepEqual([report.services, report.endpoints, report.changedServices], [1, 1, 1]);
    assert.equal(report.latenciesMs.length, 1);
    assert.equal(proxy.health().isHealthy, true);
  });
});

test("changes that come together are one round, and what changes nothing is none", async () => {
  await withProxy(async (proxy, cluster) => {
    cluster.list(service());
    await proxy.ready;
    for (let i = 1; i <= 50; i++) cluster.setSlice(slice([`10.244.1.${i}`]));
    await syncs(proxy, 2);
    cluster.setSlice(slice(["10.244.1.50"]));
    cluster.setService(service());
    await sleep(50);
    assert.equal(proxy.counters.syncs, 2);
  });
});

/** What each line of the log says, without what its logger is called. */
class LogLines {
  readonly warnings: { readonly message: string; readonly drift: unknown }[] = [];
  readonly log: Logger = {
    ...silentLogger,
    warn: (message, fields) => this.warnings.push({ message, drift: fields?.["drift"] }),
    with: () => this.log,
  };
}

const tamperings = [
  {
    name: "the table was deleted",
    command: "delete table inet portolan",
    drift: "the table is gone",
    syncs: 2,
  },
  {
    name: "a chain was flushed",
    command: "flush chain inet portolan services4",
    drift: "chains or rules",
    syncs: 2,
  },
  {
    name: "a map was flushed",
    command: "flush map inet portolan services4",
    drift: "services4: 1 missing, 0 foreign",
    syncs: 2,
  },
  {
    name: "several things were changed at once",
    command:
      "insert rule inet portolan prerouting drop; flush map inet portolan slots4; add element inet portolan dropped4 { 10.96.0.50 . tcp . 80 }",
    drift: "chains or rules; slots4: 1 missing, 0 foreign; dropped4: 0 missing, 1 foreign",
    syncs: 2,
  },
  {
    // What it holds has another key, so nothing of ours goes into it: the mending fails, and all is thrown away.
    name: "a map was replaced by another",
    command:
      "flush table inet portolan; delete map inet portolan restricted4; add set inet portolan restricted4 { type mark; }",
    drift: "chains or rules",
    syncs: 3,
  },
] as const;

for (const { name, command, drift, syncs: count } of tamperings) {
  test(`drift: ${name}; the proxy says so and mends it`, async () => {
    await lab.listen("TCP", "10.244.1.1", 80);
    const { log, warnings } = new LogLines();
    await withProxy(
      async (proxy, cluster) => {
        cluster.list(service(), slice(["10.244.1.1"]));
        await proxy.ready;
        lab.run("node", "nft", command);
        await syncs(proxy, count);
        assert.equal(proxy.reports[1]?.full, "repair");
        assert.equal(proxy.reports.at(-1)?.error, undefined);
        assert.equal(proxy.counters.repairs, 1);
        assert.deepEqual(warnings, [
          { message: "Somebody changed the forwarding rules, mending them", drift },
        ]);
        assert.equal(await answer(), "10.244.1.1:80");
      },
      { timing: { driftCheckMs: 20 }, log },
    );
  });
}

test("stale flows that could not be looked at are looked at again while nothing changes", async () => {
  let looks = 0;
  const conntrack = {
    listUdp: () => {
      if (++looks === 1) throw new Error("ENOBUFS");
      return [];
    },
    delete: () => false,
  };
  await withProxy(
    async (proxy, cluster) => {
      const ports = [{ name: "", port: 80, protocol: "UDP" }];
      cluster.list(service({ ports }), slice(["10.244.1.1"], 80, "UDP"));
      await proxy.ready;
      assert.equal(looks, 1);
      await until(() => looks === 2, "flows are looked at again");
      assert.equal(proxy.counters.syncs, 1);
    },
    { conntrack, timing: { driftCheckMs: 20 } },
  );
});

test("drift is seen also while changes never stop", async () => {
  await withProxy(
    async (proxy, cluster) => {
      cluster.list(service());
      await proxy.ready;
      lab.run("node", "nft", "flush", "chain", "inet", "portolan", "services4");
      let turn = 0;
      await until(() => {
        cluster.setSlice(slice([`10.244.1.${(turn++ % 200) + 1}`]));
        return proxy.counters.repairs > 0;
      }, "the rules are mended");
      assert.equal(proxy.counters.repairs, 1);
    },
    { timing: { driftCheckMs: 50 } },
  );
});

test("drift: what others do in tables of their own is none", async () => {
  await withProxy(
    async (proxy, cluster) => {
      cluster.list(service(), slice(["10.244.1.1"]));
      await proxy.ready;
      lab.run("node", "nft", "add", "table", "inet", "foreign");
      await sleep(100);
      cluster.setSlice(slice(["10.244.1.2"]));
      await syncs(proxy, 2);
      lab.run("node", "nft", "delete", "table", "inet", "foreign");
      await sleep(100);
      assert.equal(proxy.counters.repairs, 0);
    },
    { timing: { driftCheckMs: 20 } },
  );
});

test("after a transaction that the kernel refused, everything is written anew", async () => {
  await lab.listen("TCP", "10.244.1.2", 80);
  await withProxy(async (proxy, cluster) => {
    cluster.list(service(), slice(["10.244.1.1"]));
    await proxy.ready;
    // The next change deletes an element that is not there any more.
    lab.run("node", "nft", "flush", "map", "inet", "portolan", "slots4");
    cluster.setSlice(slice(["10.244.1.2"]));
    await syncs(proxy, 3);
    assert.deepEqual(
      proxy.reports.map((report) => [report.full, report.error === undefined]),
      [
        ["start", true],
        [undefined, false],
        ["failure", true],
      ],
    );
    assert.equal(proxy.reports.at(-1)?.latenciesMs.length, 1);
    assert.equal(await answer(), "10.244.1.2:80");
  });
});
