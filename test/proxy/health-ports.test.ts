import assert from "node:assert/strict";
import { once } from "node:events";
import { after, test as always, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Service } from "../../src/api/types.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/lib/log.ts";
import type { ProxyHealth } from "../../src/proxy/health.ts";
import { HealthPorts } from "../../src/proxy/health-ports.ts";
import { ForwardingTableBuilder } from "../../src/proxy/table/forwarding-table.ts";
import { clusterProxyConfig, type ProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import { serviceFacts } from "../../src/proxy/table/service-facts.ts";
import type { EndpointFacts } from "../../src/proxy/table/slice-facts.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { Lab } from "./lab.ts";

// What a load balancer outside hears on the health check node ports of node-a.

const skip = await namespacesMissing();
const test = (name: string, action: () => Promise<void>) => always(name, { skip }, action);

const config: ProxyConfig = clusterProxyConfig({
  nodeIps: ["192.0.2.10", "192.0.2.110"],
  podCidrs: ["10.244.0.0/16"],
  serviceCidrs: ["10.96.0.0/16"],
});

let lab: Lab;
before(() => {
  if (skip === false) lab = new Lab();
});
after(() => (skip === false ? lab[Symbol.asyncDispose]() : undefined));

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Undefined where nobody listens. */
async function ask(port: number, path = "/", host = "192.0.2.10"): Promise<Answer | undefined> {
  const { sockets } = lab.namespace("outside");
  try {
    const socket = await sockets.connectTcp({ host, port });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n`);
    let text = "";
    for await (const part of socket.setEncoding("utf8")) text += part;
    const [head = "", body = ""] = text.split("\r\n\r\n");
    const [first = "", ...lines] = head.split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => line.split(": ", 2) as [string, string]),
    );
    const json = /\{.*\}/s.exec(body)?.[0] ?? "{}";
    return { status: Number(first.split(" ")[1]), headers, body: JSON.parse(json) };
  } catch {
    return undefined;
  }
}

/** Listening takes a moment: asks until the answer is of that kind. */
async function askUntil(
  isRight: (answer: Answer | undefined) => boolean,
  ...where: Parameters<typeof ask>
): Promise<Answer | undefined> {
  const end = Date.now() + 60_000;
  for (;;) {
    const answer = await ask(...where);
    if (isRight(answer)) return answer;
    assert.ok(Date.now() < end, `port ${where[0]} answers ${JSON.stringify(answer)}`);
    await sleep(5);
  }
}

function service(name: string, spec: Partial<NonNullable<Service["spec"]>>): Service {
  return {
    metadata: { namespace: "default", name },
    spec: {
      type: "LoadBalancer",
      clusterIP: "10.96.0.22",
      externalTrafficPolicy: "Local",
      ports: [{ name: "web", port: 80 }],
      ...spec,
    },
  };
}

function endpoint(address: string, overrides: Partial<EndpointFacts> = {}): EndpointFacts {
  return {
    address,
    nodeName: "node-a",
    isReady: true,
    isServing: true,
    isTerminating: false,
    forZones: [],
    forNodes: [],
    ...overrides,
  };
}

/** A proxy's part that answers, and the objects that it is told of. */
class World implements Disposable {
  readonly builder = new ForwardingTableBuilder({ nodeName: "node-a" });
  health: ProxyHealth = { isHealthy: true, isNodeEligible: true, lastUpdatedMs: 0 };
  readonly #ports: HealthPorts;

  constructor(own: ProxyConfig = config, clock: Clock = systemClock) {
    this.#ports = new HealthPorts({
      sockets: lab.node.sockets,
      config: own,
      clock,
      log: silentLogger,
      health: () => this.health,
    });
  }

  set(object: Service, endpoints: readonly EndpointFacts[] = []): void {
    const key = `default/${object.metadata.name}`;
    this.builder.setService(key, serviceFacts(object));
    this.builder.setSlice(key, {
      key,
      service: key,
      family: "IPv4",
      ports: [
        { name: "web", protocol: "TCP", port: 80 },
        { name: "tls", protocol: "TCP", port: 443 },
      ],
      endpoints,
    });
    this.publish();
  }

  remove(name: string): void {
    this.builder.setService(`default/${name}`, undefined);
    this.publish();
  }

  publish(): void {
    this.#ports.note(this.builder.take().services);
    this.#ports.publish(this.builder.table);
  }

  [Symbol.dispose](): void {
    this.#ports[Symbol.dispose]();
  }
}

const draining = { isReady: false, isServing: true, isTerminating: true };

const cases: readonly {
  readonly name: string;
  readonly endpoints: readonly EndpointFacts[];
  readonly isHealthy?: boolean;
  readonly status: number;
  readonly count: number;
}[] = [
  {
    name: "P01 two ready endpoints here",
    endpoints: [endpoint("10.244.1.1"), endpoint("10.244.1.2")],
    status: 200,
    count: 2,
  },
  { name: "P02 no endpoint at all", endpoints: [], status: 503, count: 0 },
  {
    name: "no endpoint here, one elsewhere",
    endpoints: [endpoint("10.244.2.1", { nodeName: "node-b" })],
    status: 503,
    count: 0,
  },
  {
    name: "P03 only endpoints that shut down, though they serve",
    endpoints: [endpoint("10.244.1.1", draining)],
    status: 503,
    count: 0,
  },
  {
    name: "one that is ready beside one that shuts down",
    endpoints: [endpoint("10.244.1.1", draining), endpoint("10.244.1.2")],
    status: 200,
    count: 1,
  },
  {
    name: "an endpoint that is not ready",
    endpoints: [endpoint("10.244.1.1", { isReady: false })],
    status: 503,
    count: 0,
  },
  {
    name: "endpoints, but the proxy itself is not well",
    endpoints: [endpoint("10.244.1.1")],
    isHealthy: false,
    status: 503,
    count: 1,
  },
];

for (const { name, endpoints, isHealthy = true, status, count } of cases) {
  test(`health check node port: ${name}`, async () => {
    using world = new World();
    world.health = { ...world.health, isHealthy };
    // An endpoint with two ports is one endpoint.
    const ports = [
      { name: "web", port: 80 },
      { name: "tls", port: 443 },
    ];
    world.set(service("cl", { healthCheckNodePort: 32_022, ports }), endpoints);
    const answer = await askUntil((found) => found !== undefined, 32_022, "/any/path?x=1");
    assert.equal(answer?.status, status);
    assert.deepEqual(answer?.body, {
      service: { namespace: "default", name: "cl" },
      localEndpoints: count,
      serviceProxyHealthy: isHealthy,
    });
    assert.equal(answer?.headers["Content-Type"], "application/json");
    assert.equal(answer?.headers["X-Content-Type-Options"], "nosniff");
    assert.equal(answer?.headers["X-Load-Balancing-Endpoint-Weight"], String(count));
  });
}

test("health check node port: it follows endpoints, moves with the number and goes with the Service", async () => {
  using world = new World();
  const first = service("cl", { healthCheckNodePort: 32_022 });
  world.set(first);
  await askUntil((found) => found?.status === 503, 32_022);
  world.set(first, [endpoint("10.244.1.1")]);
  assert.equal((await ask(32_022))?.status, 200);
  world.set(service("cl", { healthCheckNodePort: 32_023 }), [endpoint("10.244.1.1")]);
  await askUntil((found) => found?.status === 200, 32_023);
  await askUntil((found) => found === undefined, 32_022);
  world.remove("cl");
  await askUntil((found) => found === undefined, 32_023);
});

test("health check node port: two Services may exchange their ports", async () => {
  using world = new World();
  const named = (name: string, healthCheckNodePort: number, clusterIP: string) =>
    world.set(service(name, { healthCheckNodePort, clusterIP }), [endpoint("10.244.1.1")]);
  const isOf = (name: string) => (found: Answer | undefined) =>
    (found?.body["service"] as { name?: string } | undefined)?.name === name;
  named("one", 32_024, "10.96.0.1");
  named("two", 32_025, "10.96.0.2");
  await askUntil(isOf("one"), 32_024);
  await askUntil(isOf("two"), 32_025);
  named("one", 32_025, "10.96.0.1");
  named("two", 32_024, "10.96.0.2");
  await askUntil(isOf("one"), 32_025);
  await askUntil(isOf("two"), 32_024);
});

test("P06 health check node ports are for load balancers with external Local alone", async () => {
  using world = new World();
  const others = [
    service("cc", { externalTrafficPolicy: "Cluster", healthCheckNodePort: 32_030 }),
    service("np", { type: "NodePort", healthCheckNodePort: 32_031, clusterIP: "10.96.0.31" }),
  ];
  for (const other of others) world.set(other, [endpoint("10.244.1.1")]);
  world.set(service("cl", { healthCheckNodePort: 32_032, clusterIP: "10.96.0.32" }));
  await askUntil((found) => found !== undefined, 32_032);
  assert.equal(await ask(32_030), undefined);
  assert.equal(await ask(32_031), undefined);
});

test("P12 health check node ports are open where node ports are", async () => {
  const secondary = { family: "IPv4", base: 0xc000026en, prefixLength: 32 } as const;
  using world = new World({ ...config, nodePortAddresses: [secondary] });
  world.set(service("cl", { healthCheckNodePort: 32_033 }));
  await askUntil((found) => found !== undefined, 32_033, "/", "192.0.2.110");
  assert.equal(await ask(32_033, "/", "192.0.2.10"), undefined);
});

/** A connection from outside that is accepted, and asks nothing. */
async function connectSilently() {
  await askUntil((found) => found !== undefined, 10_256, "/livez");
  const { sockets } = lab.namespace("outside");
  const socket = await sockets.connectTcp({ host: "192.0.2.10", port: 10_256 });
  socket.on("error", () => {});
  return socket.resume();
}

test("a connection that asks nothing is closed after a while", async () => {
  const hurried: Clock = {
    ...systemClock,
    sleep: (ms, signal) => systemClock.sleep(ms / 10, signal),
  };
  using _world = new World(config, hurried);
  await once(await connectSilently(), "close");
});

test("a connection that asks nothing is closed with the proxy", async () => {
  const world = new World();
  const socket = await connectSilently();
  // An answer to a later connection says that this one was accepted.
  await ask(10_256, "/livez");
  world[Symbol.dispose]();
  await once(socket, "close");
});

const nodeCases: readonly {
  readonly name: string;
  readonly health: Partial<ProxyHealth>;
  readonly healthz: number;
  readonly livez: number;
}[] = [
  { name: "P07 all is well", health: {}, healthz: 200, livez: 200 },
  {
    name: "P09 the node is about to go",
    health: { isNodeEligible: false },
    healthz: 503,
    livez: 200,
  },
  {
    name: "a change has been waiting for long",
    health: { isHealthy: false },
    healthz: 503,
    livez: 503,
  },
];

for (const { name, health, healthz, livez } of nodeCases) {
  test(`/healthz and /livez: ${name}`, async () => {
    using world = new World();
    world.health = { ...world.health, ...health };
    const answer = await askUntil((found) => found !== undefined, 10_256, "/healthz");
    assert.equal(answer?.status, healthz);
    assert.deepEqual(Object.keys(answer?.body ?? {}), [
      "lastUpdated",
      "currentTime",
      "nodeEligible",
    ]);
    assert.equal(answer?.body["nodeEligible"], health.isNodeEligible ?? true);
    const live = await ask(10_256, "/livez");
    assert.equal(live?.status, livez);
    assert.deepEqual(Object.keys(live?.body ?? {}), ["lastUpdated", "currentTime"]);
    for (const other of ["/other", "//", "//x:99999/", "*"])
      assert.equal((await ask(10_256, other))?.status, 404, other);
  });
}
