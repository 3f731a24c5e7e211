import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { hostSockets } from "../../src/kernel/host-sockets.ts";

for (const host of ["127.0.0.1", "::1"]) {
  test(`${host}: a listener serves a connection, and refuses once it is closed`, async () => {
    const server = await hostSockets.listenTcp({ host, port: 0 }, (socket) => socket.end("hello"));
    const { port } = server.address() as AddressInfo;
    const socket = await hostSockets.connectTcp({ host, port }, { timeoutMs: 1000 });
    const [text] = await once(socket, "data");
    assert.equal(String(text), "hello");
    socket.destroy();
    const taken = hostSockets.listenTcp({ host, port }, () => {});
    await assert.rejects(taken, { code: "EADDRINUSE" });
    server.close();
    await once(server, "close");
    await assert.rejects(hostSockets.connectTcp({ host, port }), { code: "ECONNREFUSED" });
  });

  test(`${host}: datagrams go both ways`, async () => {
    const server = await hostSockets.bindUdp({ host, port: 0 });
    server.on("message", (message, from) => server.send(message, from.port, from.address));
    const client = await hostSockets.bindUdp({ host, port: 0 });
    client.send("ping", server.address().port, host);
    const [text] = await once(client, "message");
    assert.equal(String(text), "ping");
    client.close();
    server.close();
  });
}

test("both wildcards share a port", async () => {
  const v4 = await hostSockets.bindUdp({ host: "0.0.0.0", port: 0 });
  const v6 = await hostSockets.bindUdp({ host: "::", port: v4.address().port });
  v4.close();
  v6.close();
});

test("a name is no address", async () => {
  const want = { code: "INVALID_ADDRESS" };
  await assert.rejects(hostSockets.connectTcp({ host: "localhost", port: 1 }), want);
  await assert.rejects(hostSockets.bindUdp({ host: "localhost", port: 0 }), want);
});
