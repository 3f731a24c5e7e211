import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { duplexPair, PassThrough } from "node:stream";
import { test } from "node:test";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import type { Sockets } from "../../src/lib/sockets.ts";
import { forward } from "../../src/node/server/port-forward.ts";
import { SpdyConnection, type SpdyStream } from "../../src/node/streaming/spdy-connection.ts";

test("a connection that stands only when the client has gone is closed", {
  timeout: 60_000,
}, async (t) => {
  const accepted = Promise.withResolvers<Socket>();
  // A server that waits for more, whatever its peer does.
  const server = createServer({ allowHalfOpen: true }, accepted.resolve);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  t.after(async () => {
    (await accepted.promise).destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" ? String(address?.port) : "";

  const [, end] = duplexPair();
  const options = { streamsMax: 2, onStream: () => {} };
  const connection = new SpdyConnection(end, Buffer.alloc(0), options);
  const sockets: Sockets = {
    ...hostSockets,
    async connectTcp(to, limits) {
      const socket = await hostSockets.connectTcp(to, limits);
      connection.close();
      return socket;
    },
  };
  const stream = (id: number): SpdyStream => ({
    id,
    headers: new Map([["port", port]]),
    input: new PassThrough(),
  });
  await forward({ connection, data: stream(1), error: stream(3) }, sockets);
  assert.equal((await accepted.promise).writable, true);
});
