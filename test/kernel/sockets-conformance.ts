import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { Sockets } from "../../src/lib/sockets.ts";

export interface SocketsUnderTest extends AsyncDisposable {
  readonly sockets: Sockets;
}

/** What every implementation of `Sockets` does, on the loopback of the network that it serves. */
export function socketsConformance(options: {
  readonly name: string;
  readonly open: () => SocketsUnderTest;
  readonly skip: string | false;
}): void {
  const check = (behaviour: string, action: (sockets: Sockets) => Promise<void>) =>
    test(`${options.name}: ${behaviour}`, { skip: options.skip }, async () => {
      await using opened = options.open();
      await action(opened.sockets);
    });

  for (const host of ["127.0.0.1", "::1"]) {
    check(
      `a listener on ${host} serves, refuses a second one, and then nobody`,
      async (sockets) => {
        const server = await sockets.listenTcp({ host, port: 0 }, (s) =>
          s.end(`you are ${s.remoteAddress}`),
        );
        const { port } = server.address() as AddressInfo;
        const socket = await sockets.connectTcp({ host, port }, { timeoutMs: 10_000 });
        assert.equal(socket.remotePort, port);
        const [said] = await once(socket, "data");
        assert.equal(String(said), `you are ${host}`);
        socket.destroy();
        const taken = sockets.listenTcp({ host, port }, () => {});
        await assert.rejects(taken, { code: "EADDRINUSE" });
        server.close();
        await once(server, "close");
        await assert.rejects(sockets.connectTcp({ host, port }), { code: "ECONNREFUSED" });
      },
    );

    check(`datagrams on ${host} go both ways, up to 9000 bytes`, async (sockets) => {
      const server = await sockets.bindUdp({ host, port: 0 });
      server.on("message", (message, from) => server.send(message, from.port, from.address));
      const client = await sockets.bindUdp({ host, port: 0 });
      client.send(Buffer.alloc(9000, 7), server.address().port, host);
      const [answer] = await once(client, "message");
      assert.deepEqual(answer, Buffer.alloc(9000, 7));
      client.close();
      server.close();
    });
  }

  check("the wildcards of both families share a port", async (sockets) => {
    const udp4 = await sockets.bindUdp({ host: "0.0.0.0", port: 0 });
    const udp6 = await sockets.bindUdp({ host: "::", port: udp4.address().port });
    udp4.close();
    udp6.close();
    const tcp4 = await sockets.listenTcp({ host: "0.0.0.0", port: 0 }, (s) => s.end("4"));
    const { port } = tcp4.address() as AddressInfo;
    const tcp6 = await sockets.listenTcp({ host: "::", port }, (s) => s.end("6"));
    for (const [host, want] of [
      ["127.0.0.1", "4"],
      ["::1", "6"],
    ] as const) {
      const socket = await sockets.connectTcp({ host, port });
      const [said] = await once(socket, "data");
      assert.equal(String(said), want);
      socket.destroy();
    }
    tcp4.close();
    tcp6.close();
  });

  check("an address of no link, and a name, are refused", async (sockets) => {
    const foreign = { host: "203.0.113.77", port: 0 };
    await assert.rejects(sockets.bindUdp(foreign), { code: "EADDRNOTAVAIL" });
    await assert.rejects(
      sockets.listenTcp(foreign, () => {}),
      { code: "EADDRNOTAVAIL" },
    );
    const name = { host: "localhost", port: 1 };
    await assert.rejects(sockets.connectTcp(name), { code: "INVALID_ADDRESS" });
    await assert.rejects(sockets.bindUdp(name), { code: "INVALID_ADDRESS" });
    await assert.rejects(
      sockets.listenTcp(name, () => {}),
      { code: "INVALID_ADDRESS" },
    );
  });

  check("many connections at once each get their own bytes back", async (sockets) => {
    const host = "127.0.0.1";
    const server = await sockets.listenTcp({ host, port: 0 }, (socket) => socket.pipe(socket));
    const { port } = server.address() as AddressInfo;
    const echoes = Array.from({ length: 100 }, async (_, index) => {
      const socket = await sockets.connectTcp({ host, port });
      socket.write(`message ${index}`);
      const [said] = await once(socket, "data");
      socket.destroy();
      return String(said);
    });
    assert.deepEqual(
      await Promise.all(echoes),
      echoes.map((_, index) => `message ${index}`),
    );
    server.close();
  });
}
