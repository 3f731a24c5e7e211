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
import { Lab } from "./lab.ts";

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
      await using plane = open(lab.node, config);
      const steps = new Steps(lab, plane);
      try {
        await action(steps);
      } finally {
        await plane.remove();
      }
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
    // 4 degrees of freedom: an even spread exceeds 23.5 once in 10,000 runs.
    assert.ok(chiSquare < 23.5, `chi-square is ${chiSquare}: ${JSON.stringify([...counts])}`);
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
    const [data] = await once(connection, "data", { signal: AbortSignal.timeout(10_000) });
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
      const ask = async () => {
        client.send("who", 53, "10.96.0.50");
        try {
          const signal = AbortSignal.timeout(200);
          const [answer] = await once(client, "message", { signal });
          return String(answer).split(" ")[0];
        } catch {
          return "none";
        }
      };
      assert.equal(await ask(), "10.244.2.1:53");
      if (next === undefined) await steps.remove();
      else await steps.set({ protocol: "UDP", ...next });
      assert.equal(await ask(), want);
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
class Steps {
  readonly #lab: Lab;
  readonly #plane: DataPlane;
  readonly #builder = new ForwardingTableBuilder({ nodeName: "node-a" });
  readonly #udpEntries = new UdpEntries();
  #isFirst = true;

  constructor(lab: Lab, plane: DataPlane) {
    this.#lab = lab;
    this.#plane = plane;
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
