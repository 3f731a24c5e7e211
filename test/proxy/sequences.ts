import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openConntrack } from "../../src/kernel/conntrack.ts";
import { UdpEntries } from "../../src/proxy/stale-flows.ts";
import type { DataPlane } from "../../src/proxy/table/data-plane.ts";
import { ForwardingTableBuilder } from "../../src/proxy/table/forwarding-table.ts";
import { clusterProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import type { Protocol, ServiceFacts } from "../../src/proxy/table/service-facts.ts";
import type { Conformance } from "./conformance.ts";
import { Lab, SILENCE_MS } from "./lab.ts";

const config = clusterProxyConfig({
  nodeIps: ["192.0.2.10", "2001:db8:a::10"],
  podCidrs: ["10.244.0.0/16", "fd00:244::/32"],
  serviceCidrs: ["10.96.0.0/16", "fd00:96::/112"],
});

/** What a data plane must do over several steps: with affinity, with flows that are under way, by chance. */
export function testSequences({ name, open, skip }: Conformance): void {
  let lab: Lab;
  before(async () => {
    if (skip !== false) return;
    lab = new Lab();
    for (let host = 1; host <= 5; host++) {
      for (const port of [80, 81]) await lab.listen("TCP", `10.244.2.${host}`, port);
      for (const port of [53, 54]) await lab.listen("UDP", `10.244.2.${host}`, port);
      await lab.listen("TCP", `fd00:244:2::${host}`, 80);
    }
  });
  after(() => (skip === false ? lab[Symbol.asyncDispose]() : undefined));

  const sequence = (title: string, action: (steps: Steps) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async () => {
      await using steps = new Steps(lab, () => open(lab.node, config));
      await action(steps);
    });

  sequence("without affinity connections spread evenly (chi-square)", async (steps) => {
    await steps.set({ hosts: [1, 2, 3, 4, 5] });
    const counts = new Map<string, number>();
    const connections = 1000;
    for (let i = 0; i < connections; i++) {
      const host = await steps.connect("10.244.1.200");
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
    const expected = connections / 5;
    const chiSquare = [...counts.values()].reduce((x, n) => x + (n - expected) ** 2 / expected, 0);
    // 4 degrees of freedom: an even spread exceeds 33.4 once in a million runs.
    assert.ok(chiSquare < 33.4, `chi-square is ${chiSquare}: ${JSON.stringify([...counts])}`);
  });

  sequence("S01 a client stays with its backend", async (steps) => {
    await steps.set({ hosts: [1, 2, 3], affinitySeconds: 10_800 });
    assert.equal(new Set(await steps.connectTimes(10, "10.244.1.200")).size, 1);
  });

  sequence("S01 so does one that uses IPv6", async (steps) => {
    await steps.set({ hosts: [1, 2, 3], affinitySeconds: 10_800 });
    assert.equal(new Set(await steps.connectTimes(10, "fd00:244:1::200", "fd00:96::50")).size, 1);
  });

  sequence(
    "S02 affinity is for a port of the Service; the other may choose anew",
    async (steps) => {
      await steps.set({ hosts: [1, 2, 3, 4, 5], affinitySeconds: 10_800, ports: [80, 81] });
      const differs = async (source: string) => {
        const first = await steps.connect(source, "10.96.0.50", 80);
        return first !== (await steps.connect(source, "10.96.0.50", 81));
      };
      const results = [];
      for (let i = 1; i <= 30; i++) results.push(await differs(`198.51.100.${i}`));
      assert.ok(results.includes(true));
    },
  );

  sequence("S05 when its backend goes, a client moves once and stays", async (steps) => {
    await steps.set({ hosts: [1, 2, 3], affinitySeconds: 10_800 });
    const first = await steps.connect("10.244.1.200");
    const others = [1, 2, 3].filter((host) => !first.startsWith(`10.244.2.${host}:`));
    await steps.set({ hosts: others, affinitySeconds: 10_800 });
    const later = new Set(await steps.connectTimes(10, "10.244.1.200"));
    assert.equal(later.size, 1);
    assert.ok(!later.has(first));
    // It does not come back with it, either.
    await steps.set({ hosts: [1, 2, 3], affinitySeconds: 10_800 });
    assert.deepEqual(new Set(await steps.connectTimes(5, "10.244.1.200")), later);
  });

  sequence("a client whose backend stays is not moved when others come and go", async (steps) => {
    await steps.set({ hosts: [1, 2, 3], affinitySeconds: 10_800 });
    const sources = Array.from({ length: 10 }, (_, index) => `198.51.100.${index + 1}`);
    const at = async () => {
      const result: string[] = [];
      for (const source of sources) result.push(await steps.connect(source));
      return result;
    };
    const first = await at();
    await steps.set({ hosts: [1, 2, 3, 4, 5], affinitySeconds: 10_800 });
    assert.deepEqual(await at(), first);
    await steps.set({ hosts: [2, 3, 5], affinitySeconds: 10_800 });
    const later = await at();
    for (const [index, backend] of first.entries()) {
      if (!backend.startsWith("10.244.2.1:")) assert.equal(later[index], backend);
    }
  });

  sequence("affinity ends when a client was silent for its timeout", async (steps) => {
    await steps.set({ hosts: [1, 2, 3, 4, 5], affinitySeconds: 1 });
    const seen = new Set<string>();
    for (let i = 0; i < 12 && seen.size < 2; i++) {
      seen.add(await steps.connect("10.244.1.200"));
      await sleep(1100);
    }
    assert.equal(seen.size, 2, "twelve choices out of five were the same");
  });

  sequence("S07 affinity that is switched off and on again remembers nobody", async (steps) => {
    const hosts = [1, 2, 3, 4, 5];
    await steps.set({ hosts, affinitySeconds: 10_800 });
    const sources = Array.from({ length: 12 }, (_, index) => `198.51.100.${index + 1}`);
    const at = async () => {
      const result: string[] = [];
      for (const source of sources) result.push(await steps.connect(source));
      return result;
    };
    const first = await at();
    await steps.set({ hosts });
    assert.ok(new Set(await steps.connectTimes(20, "10.244.1.200")).size > 1);
    await steps.set({ hosts, affinitySeconds: 10_800 });
    assert.notDeepEqual(await at(), first);
  });

  sequence("S08 150 clients are all remembered", async (steps) => {
    await steps.set({ hosts: [1, 2, 3], affinitySeconds: 10_800 });
    const sources = Array.from({ length: 150 }, (_, index) => `198.51.100.${index + 1}`);
    const first = new Map<string, string>();
    for (const source of sources) first.set(source, await steps.connect(source));
    assert.equal(new Set(first.values()).size, 3);
    for (const source of sources) assert.equal(await steps.connect(source), first.get(source));
  });

  const clients = Array.from({ length: 12 }, (_, index) => `198.51.100.${index + 1}`);
  const clients6 = Array.from({ length: 4 }, (_, index) => `fd00:244:1::${index + 1}`);

  /** Which backend each of the clients reaches. */
  const backendsOf = async (steps: Steps) => {
    const result: string[] = [];
    for (const client of clients) result.push(await steps.connect(client));
    for (const client of clients6) result.push(await steps.connect(client, "fd00:96::50"));
    return result;
  };

  const sticky = { hosts: [1, 2, 3, 4, 5], affinitySeconds: 10_800 };

  sequence("clients stay with their backends when the proxy is restarted", async (steps) => {
    await steps.set(sticky);
    const first = await backendsOf(steps);
    await steps.restart(sticky);
    assert.deepEqual(await backendsOf(steps), first);
  });

  sequence("so they do when others came and went meanwhile, in whatever order", async (steps) => {
    // The numbers of backends follow from their history: 5, 1 and 2, then 4 in the place of 1.
    await steps.set({ ...sticky, hosts: [5] });
    await steps.set({ ...sticky, hosts: [1, 2, 5] });
    await steps.set({ ...sticky, hosts: [2, 4, 5] });
    const first = await backendsOf(steps);
    await steps.restart({ ...sticky, hosts: [1, 2, 3, 5] });
    const later = await backendsOf(steps);
    for (const [index, backend] of first.entries()) {
      if (!/[.:]4\]?:80$/.test(backend)) assert.equal(later[index], backend);
      assert.doesNotMatch(later[index]!, /[.:]4\]?:80$/);
    }
    await steps.set(sticky);
    assert.deepEqual(await backendsOf(steps), later);
  });

  sequence("a proxy that is restarted takes out what went meanwhile", async (steps) => {
    await steps.set(sticky);
    await steps.connect("10.244.1.200");
    await steps.restart(undefined);
    const source = "10.244.1.200";
    const destination = "10.96.0.50";
    const packet = { source, destination, port: 80, protocol: "TCP" } as const;
    assert.equal((await lab.send(packet, SILENCE_MS)).kind, "silent");
    assert.doesNotMatch(lab.run("node", "nft", "list", "ruleset"), /10\.244\.2\.\d|10\.96\.0\.50/);
  });

  sequence("S07 affinity switched off while the proxy is away remembers nobody", async (steps) => {
    await steps.set(sticky);
    const first = await backendsOf(steps);
    await steps.restart({ hosts: sticky.hosts });
    assert.ok(new Set(await steps.connectTimes(20, "10.244.1.200")).size > 1);
    await steps.set(sticky);
    assert.notDeepEqual(await backendsOf(steps), first);
  });

  const tamperings: readonly { name: string; commands: string[]; drift: RegExp }[] = [
    {
      name: "a chain was flushed",
      commands: ["flush chain inet portolan services4"],
      drift: /^chains or rules$/,
    },
    {
      name: "a rule was inserted",
      commands: ["insert rule inet portolan prerouting drop"],
      drift: /^chains or rules$/,
    },
    {
      name: "a chain of somebody else's drops everything",
      commands: [
        "add chain inet portolan foreign { type filter hook prerouting priority -200 ; policy drop ; }",
      ],
      drift: /^chains or rules$/,
    },
    {
      name: "an element was deleted",
      commands: ["delete element inet portolan services4 { 10.96.0.50 . tcp . 80 }"],
      drift: /^services4: 1 missing, 0 foreign$/,
    },
    {
      name: "an element was added",
      commands: ["add element inet portolan restricted4 { 10.96.0.50 . tcp . 80 }"],
      drift: /^restricted4: 0 missing, 1 foreign$/,
    },
    {
      name: "backends were flushed",
      commands: ["flush map inet portolan backends4"],
      drift: /^backends4: 5 missing, 0 foreign$/,
    },
    {
      name: "the way to the spreads was flushed",
      commands: ["flush map inet portolan spreads4"],
      drift: /^chains or rules$/,
    },
    {
      name: "the node's address was taken from the set",
      commands: ["flush set inet portolan nodeport-ips4"],
      drift: /^chains or rules$/,
    },
    {
      name: "a client was admitted",
      commands: [
        "add element inet portolan admitted4 { 10.96.0.50 . tcp . 80 . 10.0.0.0-10.0.0.5 }",
      ],
      drift: /^admitted4: 0 missing, 1 foreign$/,
    },
    {
      name: "many things were changed at once",
      commands: [
        "flush chain inet portolan prerouting",
        "flush map inet portolan slots4",
        "flush map inet portolan services6",
        "add element inet portolan dropped4 { 10.96.0.50 . tcp . 80 }",
        "add chain inet portolan foreign",
        "flush set inet portolan cluster-ips4",
      ],
      drift:
        /^chains or rules; services6: 1 missing.*slots4: 5 missing.*dropped4: 0 missing, 1 foreign$/,
    },
  ];

  for (const { name: title, commands, drift } of tamperings) {
    sequence(`drift: ${title}; it is found and mended, and clients stay`, async (steps) => {
      await steps.set(sticky);
      const first = await backendsOf(steps);
      assert.match((await steps.tamper(...commands)).join("; "), drift);
      assert.deepEqual(await backendsOf(steps), first);
    });
  }

  sequence("drift: the table was deleted; it is found and written again", async (steps) => {
    await steps.set(sticky);
    assert.deepEqual(await steps.tamper("delete table inet portolan"), ["the table is gone"]);
    await steps.connect("10.244.1.200");
  });

  sequence("drift: tables of others are no drift, and are left alone", async (steps) => {
    await steps.set(sticky);
    const drift = await steps.tamper(
      "add table inet foreign",
      "add chain inet foreign prerouting { type filter hook prerouting priority 0 ; }",
      "add table ip portolan",
      "add map ip portolan services4 { type ipv4_addr : mark ; }",
    );
    assert.deepEqual(drift, []);
    await steps.restart(sticky);
    assert.match(lab.run("node", "nft", "list", "ruleset"), /inet foreign.*ip portolan/s);
    lab.run("node", "nft", "delete table inet foreign; delete table ip portolan");
  });

  sequence("K05 a TCP connection outlives its backend's place in the slice", async (steps) => {
    await steps.set({ hosts: [1] });
    const echo = await lab
      .namespace("remote")
      .sockets.listenTcp({ host: "10.244.2.9", port: 80 }, (socket) =>
        socket.on("data", (data) => socket.write(data)),
      );
    await steps.set({ hosts: [9] });
    const { sockets } = lab.namespace("pod");
    const connection = await sockets.connectTcp({ host: "10.96.0.50", port: 80 });
    await steps.set({ hosts: [2] });
    connection.write("still here");
    const [data] = await once(connection, "data", { signal: AbortSignal.timeout(60_000) });
    assert.equal(String(data), "still here");
    assert.equal(await steps.connect("10.244.1.200"), "10.244.2.2:80");
    connection.destroy();
    echo.close();
  });

  const udpMoves = [
    {
      name: "K07 moves to the new target port",
      next: { hosts: [1], targetPort: 54 },
      want: "10.244.2.1:54",
    },
    { name: "moves when its backend goes", next: { hosts: [2] }, want: "10.244.2.2:53" },
    { name: "is cut off when nobody is left", next: { hosts: [] }, want: "none" },
    { name: "is cut off when its Service goes", next: undefined, want: "none" },
    {
      name: "K06 stays when others come",
      next: { hosts: [1, 2, 3, 4, 5] },
      want: "10.244.2.1:53",
    },
  ] as const;

  for (const { name: title, next, want } of udpMoves) {
    sequence(`a UDP flow whose client never pauses ${title}`, async (steps) => {
      await steps.set({ protocol: "UDP", hosts: [1] });
      const client = await lab.namespace("pod").sockets.bindUdp({ host: "10.244.1.200", port: 0 });
      const ask = async (expected: string) => {
        client.send("who", 53, "10.96.0.50");
        try {
          const signal = AbortSignal.timeout(expected === "none" ? SILENCE_MS : 30_000);
          const [answer] = await once(client, "message", { signal });
          return String(answer).split(" ")[0];
        } catch {
          return "none";
        }
      };
      assert.equal(await ask("10.244.2.1:53"), "10.244.2.1:53");
      if (next === undefined) await steps.remove();
      else await steps.set({ protocol: "UDP", ...next });
      assert.equal(await ask(want), want);
      client.close();
    });
  }
}

interface ServiceState {
  readonly protocol?: Protocol;
  /** Last numbers of the endpoints' addresses. */
  readonly hosts: readonly number[];
  readonly targetPort?: number;
  readonly ports?: readonly number[];
  readonly affinitySeconds?: number;
}

/** One Service at 10.96.0.50 and fd00:96::50, changed step by step as the sync loop would. */
class Steps implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #open: () => DataPlane;
  #plane: DataPlane;
  readonly #builder = new ForwardingTableBuilder({ nodeName: "node-a" });
  readonly #udpEntries = new UdpEntries();
  #isFirst = true;

  constructor(lab: Lab, open: () => DataPlane) {
    this.#lab = lab;
    this.#open = open;
    this.#plane = open();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#plane.remove();
    await this.#plane[Symbol.asyncDispose]();
  }

  /** Another proxy takes over; what the one before said is known to the kernel alone. */
  async restart(state: ServiceState | undefined): Promise<void> {
    await this.#plane[Symbol.asyncDispose]();
    this.#plane = this.#open();
    this.#isFirst = true;
    await (state === undefined ? this.remove() : this.set(state));
  }

  /** Somebody changes the rules with nft, and the proxy finds out. Returns what it finds. */
  async tamper(...commands: readonly string[]): Promise<readonly string[]> {
    for (const command of commands) this.#lab.run("node", "nft", ...command.split(" "));
    const drift = await this.#plane.findDrift();
    await this.#plane.apply(this.#builder.table);
    assert.deepEqual(await this.#plane.findDrift(), []);
    return drift;
  }

  async set(state: ServiceState): Promise<void> {
    const { hosts, affinitySeconds } = state;
    const protocol = state.protocol ?? "TCP";
    const ports = state.ports ?? [protocol === "UDP" ? 53 : 80];
    const service: ServiceFacts = {
      key: "default/web",
      createdAt: "",
      clusterIps: ["10.96.0.50", "fd00:96::50"],
      externalIps: [],
      loadBalancerIps: [],
      ports: ports.map((port) => ({ name: `p${port}`, protocol, port })),
      isInternalLocal: false,
      isExternalLocal: false,
      sourceRanges: [],
      ...(affinitySeconds === undefined ? {} : { affinitySeconds }),
    };
    this.#builder.setService(service.key, service);
    for (const family of ["IPv4", "IPv6"] as const) {
      const prefix = family === "IPv4" ? "10.244.2." : "fd00:244:2::";
      this.#builder.setSlice(`default/${family}`, {
        key: `default/${family}`,
        service: service.key,
        family,
        ports: ports.map((port) => ({
          name: `p${port}`,
          protocol,
          port: state.targetPort ?? port,
        })),
        endpoints: hosts.map((host) => ({
          address: `${prefix}${host}`,
          isReady: true,
          isServing: true,
          isTerminating: false,
          forZones: [],
          forNodes: [],
        })),
      });
    }
    await this.#apply();
  }

  async remove(): Promise<void> {
    this.#builder.setService("default/web", undefined);
    await this.#apply();
  }

  /** Which backend a new connection reaches, as `address:port`. */
  async connect(source: string, destination = "10.96.0.50", port = 80): Promise<string> {
    const outcome = await this.#lab.send({ source, destination, port, protocol: "TCP" });
    assert.ok(outcome.kind === "answered", `the connection from ${source} is ${outcome.kind}`);
    return outcome.at;
  }

  async connectTimes(count: number, source: string, destination?: string): Promise<string[]> {
    const seen: string[] = [];
    for (let i = 0; i < count; i++) seen.push(await this.connect(source, destination));
    return seen;
  }

  async #apply(): Promise<void> {
    const { services } = this.#builder.take();
    const { table } = this.#builder;
    await this.#plane.apply(table, this.#isFirst ? undefined : services);
    this.#isFirst = false;
    this.#udpEntries.update(table, services);
    using conntrack = openConntrack(this.#lab.node);
    const flows = conntrack.listUdp();
    for (const flow of this.#udpEntries.staleAmong(flows, config)) conntrack.delete(flow);
    this.#udpEntries.settled();
  }
}
