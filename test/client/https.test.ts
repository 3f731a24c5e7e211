import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { configMaps, namespaces, pods } from "../../src/api/resource.ts";
import { isAlreadyExists, isNotFound } from "../../src/api/status-error.ts";
import type { Change } from "../../src/client/api.ts";
import { createApi } from "../../src/client/create-api.ts";
import { httpsTransport } from "../../src/client/https-transport.ts";
import { createInformers } from "../../src/client/informers.ts";
import { loadKubeconfig } from "../../src/client/load-kubeconfig.ts";
import type { ApiRequest, Transport } from "../../src/client/transport.ts";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/lib/log.ts";
import { startLab } from "../apiserver/lab.ts";
import { eventually } from "../controllers/lab.ts";

// The client against a real API server, over real TLS.

const common = { clock: systemClock, random: Math.random, log: silentLogger };

for (const { name, sockets } of [
  { name: "the host's own network", sockets: undefined },
  { name: "sockets that are given", sockets: hostSockets },
]) {
  test(`calls and refusals over HTTPS, with a client certificate, through ${name}`, async () => {
    await using lab = await startLab();
    const options = loadKubeconfig(lab.kubeconfig(lab.admin));
    await using transport = httpsTransport({
      ...options,
      ...(sockets === undefined ? {} : { sockets }),
    });
    const api = createApi(transport);
    const created = await api.create(namespaces, { metadata: { name: "demo" } });
    assert.match(created.metadata.uid ?? "", /^[0-9a-f-]{36}$/);
    await assert.rejects(api.create(namespaces, { metadata: { name: "demo" } }), isAlreadyExists);
    await assert.rejects(api.get(pods, { namespace: "demo", name: "x" }), isNotFound);
    const { resources, failedGroupVersions } = await api.discover();
    assert.deepEqual(failedGroupVersions, []);
    assert.ok(
      resources.some(({ plural, verbs }) => plural === "deployments" && verbs.includes("watch")),
    );
  });
}

test("a server whose certificate another authority signed is not talked to", async () => {
  await using lab = await startLab();
  await using transport = httpsTransport({
    server: lab.url,
    cert: lab.admin.cert,
    key: lab.admin.key,
  });
  const listing = createApi(transport).list(namespaces);
  await assert.rejects(listing, { code: /SELF_SIGNED|UNABLE_TO/ });
});

test("a token from a file is read anew for each call", async () => {
  await using lab = await startLab();
  const file = join(lab.directory, "token");
  writeFileSync(file, "first");
  const tokens: string[] = [];
  const token = () => {
    tokens.push("asked");
    return "no-such-token";
  };
  await using transport = httpsTransport({ server: lab.url, ca: lab.authority.cert, token });
  const api = createApi(transport);
  await assert.rejects(api.list(namespaces), { code: "Unauthorized" });
  await assert.rejects(api.list(namespaces), { code: "Unauthorized" });
  assert.equal(tokens.length, 2);
});

/** Passes bytes on to the server; its connections can be cut, and new ones refused. */
async function openProxy(port: number) {
  const open = new Set<Socket>();
  let isDown = false;
  const server = createServer((socket) => {
    if (isDown) return void socket.destroy();
    const onward = connect({ host: "127.0.0.1", port });
    for (const end of [socket, onward]) {
      open.add(end);
      end.on("error", () => {});
      end.on("close", () => open.delete(end));
    }
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, resolve));
  const address = server.address();
  return {
    url: `https://127.0.0.1:${typeof address === "object" ? address?.port : 0}`,
    down() {
      isDown = true;
      for (const socket of open) socket.destroy();
    },
    up() {
      isDown = false;
    },
    async [Symbol.asyncDispose]() {
      this.down();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Makes the server one that knows no WatchList. */
function withoutWatchList(transport: Transport): Transport {
  return {
    request: (request: ApiRequest, signal?: AbortSignal) =>
      // The parameter is refused without the match that it requires: what an older server says, too.
      transport.request(
        { ...request, path: request.path.replace("&resourceVersionMatch=NotOlderThan", "") },
        signal,
      ),
    [Symbol.asyncDispose]: async () => {},
  };
}

for (const { name, wrap } of [
  { name: "with WatchList", wrap: (transport: Transport) => transport },
  { name: "with list and watch", wrap: withoutWatchList },
]) {
  test(`an informer ${name} loses nothing when its connections are cut`, async () => {
    await using lab = await startLab();
    await using proxy = await openProxy(lab.port);
    const options = { ...loadKubeconfig(lab.kubeconfig(lab.admin)), server: proxy.url };
    await using behind = httpsTransport(options);
    await using direct = httpsTransport({ ...options, server: lab.url });
    const api = createApi(direct);
    await using ending = new AsyncDisposableStack();
    const end = new AbortController();
    const informers = ending.use(createInformers(wrap(behind), { ...common, signal: end.signal }));
    ending.defer(() => end.abort());
    const scope = { namespace: "default", labelSelector: "of=test" };
    const cache = informers.informer(configMaps, scope);
    assert.equal(informers.informer(configMaps, scope), cache, "informers of one scope are shared");
    const told: string[] = [];
    cache.subscribe((change: Change<{ metadata: { name?: string } }>) =>
      told.push(`${change.type} ${change.object.metadata.name}`),
    );
    const map = (mapName: string) => ({
      metadata: { name: mapName, namespace: "default", labels: { of: "test" } },
    });
    await api.create(configMaps, map("a"));
    await api.create(configMaps, map("b"));
    await cache.whenSynced();
    await eventually(async () => assert.deepEqual(told.toSorted(), ["ADDED a", "ADDED b"]));

    told.length = 0;
    proxy.down();
    await sleep(50);
    await api.delete(configMaps, { namespace: "default", name: "a" });
    const body = { data: { x: "1" } };
    await api.patch(configMaps, { namespace: "default", name: "b" }, { type: "merge", body });
    await api.create(configMaps, map("c"));
    await sleep(200);
    assert.deepEqual(told, []);
    proxy.up();
    await eventually(async () => assert.deepEqual(told, ["DELETED a", "MODIFIED b", "ADDED c"]));
    assert.deepEqual(
      cache
        .list()
        .map(({ metadata }) => metadata.name)
        .sort(),
      ["b", "c"],
    );
  });
}

test("aborting ends a watch that nothing happens on", async () => {
  await using lab = await startLab();
  await using transport = httpsTransport(loadKubeconfig(lab.kubeconfig(lab.admin)));
  const end = new AbortController();
  const informers = createInformers(transport, { ...common, signal: end.signal });
  await informers.informer(pods).whenSynced();
  end.abort();
  await informers[Symbol.asyncDispose]();
});
