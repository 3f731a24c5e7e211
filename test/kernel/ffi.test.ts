import assert from "node:assert/strict";
import { pbkdf2 } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { AF_INET, connect, SOCK_DGRAM, sendInBackground, socket } from "../../src/kernel/ffi.ts";
import { socketAddress } from "../../src/kernel/socket-address.ts";

const skip = process.platform === "linux" ? false : "system calls of Linux are made";

/** The threads of Node's pool, unless somebody asks for more. */
const POOL_THREADS = 4;
const BYTES = 50_000;

test("what is sent in the background stays as it is until it is sent", { skip }, async (t) => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const receiver = createSocket("udp4").bind(0, "127.0.0.1");
  t.after(() => receiver.close());
  await once(receiver, "listening");
  const received = once(receiver, "message");
  const from = socket(AF_INET, SOCK_DGRAM);
  t.after(() => closeSync(from));
  const to = { host: "127.0.0.1", port: receiver.address().port };
  connect(from, socketAddress(to).bytes, "the receiver");

  const derive = () => promisify(pbkdf2)("password", "salt", 200_000, 32, "sha512");
  const busy = Promise.all(Array.from({ length: POOL_THREADS }, derive));
  const sent = sendInBackground(from, Buffer.alloc(BYTES, 7));
  for (let turn = 0; turn < 5; turn++) {
    await new Promise(setImmediate);
    collectGarbage();
  }
  await busy;
  assert.equal(await sent, BYTES);
  const [message]: Buffer[] = await received;
  assert.ok(message?.equals(Buffer.alloc(BYTES, 7)), "other bytes were sent");
});

test("a failure in the background says why", { skip }, async () => {
  await assert.rejects(sendInBackground(-1, Buffer.alloc(1)), { code: "EBADF" });
});
