import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as always } from "node:test";
import { openLinks } from "../../src/kernel/links.ts";
import {
  createHeldNetworkNamespace,
  createNetworkNamespace,
  currentNetworkNamespace,
  openNetworkNamespace,
} from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { readSysctl, writeSysctls } from "../../src/kernel/sysctl.ts";
import { errorCode } from "../../src/lib/errors.ts";
import { namespacesMissing } from "./probe.ts";

const skip = await namespacesMissing();
const test = (name: string, action: () => unknown) =>
  always(name, { skip }, async () => {
    await action();
  });

const dir = mkdtempSync(join(tmpdir(), "portolan-kernel-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const ownNamespace = () => readlinkSync("/proc/thread-self/ns/net");

/** Two namespaces on one cable: left is 192.168.0.1 and fd00::1, right is .2 and ::2. */
async function withCable(
  name: string,
  action: (left: NetworkNamespace, right: NetworkNamespace) => Promise<void>,
): Promise<void> {
  await using left = createNetworkNamespace(`${name}-left`, dir);
  await using right = createNetworkNamespace(`${name}-right`, dir);
  {
    using links = openLinks(left);
    // A veth whose ends have one number comes up a second later for IPv6 (linkwatch_urgent_event), so let them differ.
    links.addBridge({ name: "filler" });
    links.addVeth({ name: "eth0", peer: { name: "eth0", namespace: right } });
  }
  for (const [namespace, host] of [
    [left, 1],
    [right, 2],
  ] as const) {
    using links = openLinks(namespace);
    links.addAddress("eth0", `192.168.0.${host}/24`);
    links.addAddress("eth0", `fd00::${host}/64`);
    links.setUp("eth0");
  }
  await action(left, right);
}

const makers = [
  { what: "pinned", make: () => createNetworkNamespace("fresh", dir) },
  { what: "held", make: () => createHeldNetworkNamespace("fresh") },
] as const;

for (const { what, make } of makers) {
  test(`a new ${what} namespace has its loopback up and nothing else, and goes with its file`, async () => {
    const namespace = make();
    const before = ownNamespace();
    assert.notEqual(namespace.run(ownNamespace), before);
    assert.equal(ownNamespace(), before);
    {
      using links = openLinks(namespace);
      assert.deepEqual(
        links
          .list()
          .filter((link) => link.isUp)
          .map((link) => link.name),
        ["lo"],
      );
      assert.ok(links.listAddresses("lo").includes("127.0.0.1/8"));
    }
    const seen = spawnSync("nsenter", [`--net=${namespace.path}`, "readlink", "/proc/self/ns/net"]);
    assert.equal(seen.stdout.toString().trim(), namespace.run(ownNamespace));
    await namespace[Symbol.asyncDispose]();
    assert.equal(existsSync(namespace.path), false);
    assert.throws(() => namespace.run(() => 1), { code: "NAMESPACE_CLOSED" });
  });
}

test("a second namespace of the same name is refused and leaves the first alone", async () => {
  await using first = createNetworkNamespace("twice", dir);
  assert.throws(() => createNetworkNamespace("twice", dir), { code: "EEXIST" });
  assert.notEqual(first.run(ownNamespace), ownNamespace());
});

test("runs nest, and an error inside comes out after the way home", async () => {
  await using outer = createNetworkNamespace("outer", dir);
  await using inner = createNetworkNamespace("inner", dir);
  const home = ownNamespace();
  outer.run(() => {
    const here = ownNamespace();
    assert.throws(() => inner.run(() => assert.fail("planted")), { message: "planted" });
    assert.equal(ownNamespace(), here);
    assert.equal(currentNetworkNamespace().run(ownNamespace), home);
    assert.equal(ownNamespace(), here);
  });
  assert.equal(ownNamespace(), home);
});

test("a run that returns a promise is a mistake, because the rest of it happens elsewhere", async () => {
  await using namespace = createNetworkNamespace("promise", dir);
  assert.throws(() => namespace.run(async () => 1), /synchronous/);
});

test("a namespace opened by path is the same one and survives its closing", async () => {
  await using namespace = createNetworkNamespace("kept", dir);
  const opened = openNetworkNamespace(namespace.path, "again");
  assert.equal(opened.run(ownNamespace), namespace.run(ownNamespace));
  await opened[Symbol.asyncDispose]();
  assert.ok(existsSync(namespace.path));
});

test("a program started inside a run lives in that namespace", async () => {
  await using namespace = createNetworkNamespace("child", dir);
  const child = namespace.run(() =>
    spawn("readlink", ["/proc/self/ns/net"], { stdio: ["ignore", "pipe", "inherit"] }),
  );
  const [text] = await once(child.stdout, "data");
  assert.equal(String(text).trim(), namespace.run(ownNamespace));
});

test("settings are written inside the namespace only, unknown ones are reported", async () => {
  await using namespace = createNetworkNamespace("sysctl", dir);
  const host = readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim();
  const unknown = writeSysctls(namespace, { "ipv4/ip_forward": 1, "ipv4/no_such_setting": 1 });
  assert.deepEqual(unknown, ["ipv4/no_such_setting"]);
  assert.equal(readSysctl(namespace, "ipv4/ip_forward"), "1");
  assert.equal(readSysctl(namespace, "ipv4/no_such_setting"), undefined);
  assert.equal(readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8").trim(), host);
});

const families = [
  { name: "IPv4", server: "192.168.0.2", client: "192.168.0.1", dead: "192.168.0.77" },
  { name: "IPv6", server: "fd00::2", client: "fd00::1", dead: "fd00::77" },
] as const;

for (const { name, server: host, client, dead } of families) {
  test(`${name}: a listener in one namespace serves a client in another, and nobody else`, () =>
    withCable(`tcp-${name}`, async (left, right) => {
      const server = await right.sockets.listenTcp({ host, port: 0 }, (socket) => {
        socket.end(`you are ${socket.remoteAddress}`);
      });
      const { port } = server.address() as AddressInfo;
      const socket = await left.sockets.connectTcp({ host, port });
      assert.equal(socket.remotePort, port);
      const chunks: Buffer[] = [];
      for await (const chunk of socket) chunks.push(chunk);
      assert.equal(Buffer.concat(chunks).toString(), `you are ${client}`);

      await assert.rejects(
        right.sockets.listenTcp({ host, port }, () => {}),
        { code: "EADDRINUSE" },
      );
      server.close();
      await once(server, "close");
      await assert.rejects(left.sockets.connectTcp({ host, port }), { code: "ECONNREFUSED" });
    }));

  test(`${name}: datagrams go both ways`, () =>
    withCable(`udp-${name}`, async (left, right) => {
      const server = await right.sockets.bindUdp({ host, port: 0 });
      server.on("message", (message, from) => server.send(message, from.port, from.address));
      const socket = await left.sockets.bindUdp({ host: client, port: 0 });
      socket.send("ping", server.address().port, host);
      const [answer, from] = await once(socket, "message");
      assert.equal(String(answer), "ping");
      assert.equal(from.address, host);
      socket.close();
      server.close();
    }));

  test(`${name}: a connection that nobody answers ends after its time limit`, () =>
    withCable(`late-${name}`, async (left) => {
      const started = performance.now();
      const attempt = left.sockets.connectTcp({ host: dead, port: 80 }, { timeoutMs: 80 });
      await assert.rejects(attempt, (error) =>
        ["ETIMEDOUT", "EHOSTUNREACH"].includes(errorCode(error) ?? ""),
      );
      assert.ok(performance.now() - started < 1000);
    }));
}
