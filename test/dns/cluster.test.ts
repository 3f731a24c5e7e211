import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSlices, namespaces, nodes, services } from "../../src/api/resource.ts";
import type { Api } from "../../src/client/api.ts";
import { createApi } from "../../src/client/create-api.ts";
import { createInformers } from "../../src/client/informers.ts";
import { inProcessTransport } from "../../src/daemon/in-process-transport.ts";
import { announceDns } from "../../src/dns/announce.ts";
import { createZone, openDnsNode, runDns } from "../../src/dns/run.ts";
import { parseMessage } from "../../src/dns/wire/message.ts";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseCidr } from "../../src/lib/ip.ts";
import { createLogger, silentLogger } from "../../src/lib/log.ts";
import type { Endpoint } from "../../src/lib/sockets.ts";
import { type Lab, startLab } from "../apiserver/lab.ts";
import { askUdp, eventually } from "./clients.ts";
import { packetOf, recordText } from "./expect.ts";

const serviceCidrs = [parseCidr("172.30.0.0/16")!];
const podCidrs = [parseCidr("10.0.0.0/8")!];
const kubeSystem = { namespace: "kube-system" };

/** Runs a part of the cluster as one of its users, until it is disposed of. */
function runAs(lab: Lab, user: string) {
  const end = new AbortController();
  const common = { clock: systemClock, random: Math.random, log: silentLogger, signal: end.signal };
  const transport = inProcessTransport(lab.server, { user, groups: ["system:authenticated"] });
  const informers = createInformers(transport, common);
  const api = createApi(transport);
  return {
    ...common,
    api,
    informers,
    [Symbol.asyncDispose]: async () => {
      end.abort();
      await informers[Symbol.asyncDispose]();
    },
  };
}

async function records(at: Endpoint, name: string, type: string): Promise<string[]> {
  const message = parseMessage((await askUdp(at, packetOf([name, type])))!)!;
  if (message.rcode !== 0) return [`rcode ${message.rcode}`];
  return message.answers.map(recordText).sort();
}

async function addNode(api: Api, name: string, address: string): Promise<void> {
  const created = await api.create(nodes, {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
  });
  const status = {
    addresses: [{ type: "InternalIP", address }],
    conditions: [{ type: "Ready", status: "True" }],
  };
  await api.update(nodes, { ...created, status }, "status");
}

test("a Service is answered once it is there, and denied once it is gone", async () => {
  await using lab = await startLab();
  await using part = runAs(lab, "portolan:dns");
  await using admin = runAs(lab, "system:kube-controller-manager");
  const zone = createZone({ ...part, clusterDomain: "cluster.local", serviceCidrs, podCidrs });
  await using node = await openDnsNode({
    ...part,
    sockets: hostSockets,
    addresses: [{ host: "127.0.0.1", port: 0 }],
    zone,
  });
  const at = node.addresses[0]!;
  const name = "web.shop.svc.cluster.local.";
  await eventually(async () => assert.deepEqual(await records(at, name, "A"), ["rcode 3"]));

  await admin.api.create(namespaces, { metadata: { name: "shop" } });
  const service = await admin.api.create(services, {
    metadata: { name: "web", namespace: "shop" },
    spec: { ports: [{ name: "http", port: 80 }] },
  });
  const ip = service.spec?.clusterIP ?? "";
  await eventually(async () =>
    assert.deepEqual(await records(at, name, "A"), [`${name} 5 A ${ip}`]),
  );
  const reverse = `${ip.split(".").reverse().join(".")}.in-addr.arpa.`;
  assert.deepEqual(await records(at, reverse, "PTR"), [`${reverse} 5 PTR ${name}`]);

  await admin.api.delete(services, { namespace: "shop", name: "web" });
  await eventually(async () => assert.deepEqual(await records(at, name, "A"), ["rcode 3"]));
});

test("kube-dns stands over the nodes, comes back when it is deleted, and survives a restart", async () => {
  await using lab = await startLab();
  const masters = createApi(
    inProcessTransport(lab.server, { user: "a", groups: ["system:masters"] }),
  );
  await addNode(masters, "node-a", "192.168.0.11");
  let part = runAs(lab, "system:kube-controller-manager");
  let announcing = announceDns({ ...part, serviceCidrs });
  const name = { ...kubeSystem, name: "kube-dns" };
  const addresses = async () => {
    const { items } = await masters.list(endpointSlices, kubeSystem);
    return items.flatMap((slice) => (slice.endpoints ?? []).map((each) => each.addresses[0]));
  };
  try {
    await eventually(async () => {
      const service = await masters.get(services, name);
      assert.equal(service.spec?.clusterIP, "172.30.0.10");
      assert.equal(service.spec?.internalTrafficPolicy, "Local");
      assert.deepEqual(await addresses(), ["192.168.0.11"]);
    });
    await addNode(masters, "node-b", "192.168.0.12");
    await eventually(async () =>
      assert.deepEqual(await addresses(), ["192.168.0.11", "192.168.0.12"]),
    );

    await masters.delete(services, name);
    const { items } = await masters.list(endpointSlices, kubeSystem);
    for (const { metadata } of items) {
      await masters.delete(endpointSlices, { ...kubeSystem, name: metadata.name ?? "" });
    }
    await eventually(async () => {
      assert.equal((await masters.get(services, name)).spec?.clusterIP, "172.30.0.10");
      assert.deepEqual(await addresses(), ["192.168.0.11", "192.168.0.12"]);
    });

    await part[Symbol.asyncDispose]();
    await announcing;
    const before = await masters.get(services, name);
    await masters.delete(nodes, { name: "node-a" });
    part = runAs(lab, "system:kube-controller-manager");
    announcing = announceDns({ ...part, serviceCidrs });
    await eventually(async () => assert.deepEqual(await addresses(), ["192.168.0.12"]));
    const after = await masters.get(services, name);
    assert.equal(after.metadata.resourceVersion, before.metadata.resourceVersion);
  } finally {
    await part[Symbol.asyncDispose]();
    await announcing;
  }
});

test("runDns serves until its signal, and leaves its port free", async () => {
  await using lab = await startLab();
  await using part = runAs(lab, "portolan:dns");
  const end = new AbortController();
  const said: string[] = [];
  const log = createLogger({
    room: "dns",
    level: "info",
    write: (l) => said.push(l),
    now: Date.now,
  });
  const running = runDns({
    ...part,
    sockets: hostSockets,
    addresses: [{ host: "127.0.0.1", port: 0 }],
    clusterDomain: "cluster.local",
    serviceCidrs,
    podCidrs,
    log,
    signal: end.signal,
  });
  await eventually(async () => assert.equal(said.length, 1));
  const port = Number(/#(\d+)/.exec(said[0]!)?.[1]);
  const at = { host: "127.0.0.1", port };
  const name = "kubernetes.default.svc.cluster.local.";
  await eventually(async () =>
    assert.deepEqual(await records(at, name, "A"), [`${name} 5 A 172.30.0.1`]),
  );
  assert.deepEqual(await records(at, "www.example.org.", "A"), ["rcode 5"]);
  end.abort();
  await running;
  const again = await hostSockets.bindUdp(at);
  again.close();
});
