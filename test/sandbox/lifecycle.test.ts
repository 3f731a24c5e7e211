import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { ask, companions, Lab, survivors, traces } from "./harness.ts";

const isRoot = process.getuid?.() === 0;

/** Root, and an ordinary user in a user namespace; the second needs root to become him. */
const users = [
  { name: "as this user", asNobody: false, skip: false },
  { name: "as nobody", asNobody: true, skip: isRoot ? false : "only root can become nobody" },
] as const;

const hostLinks = () => spawnSync("ip", ["-o", "link"]).stdout.toString();
const hostRules = () => (isRoot ? spawnSync("nft", ["list", "ruleset"]).stdout.toString() : "");

for (const { name, asNobody, skip } of users) {
  test(`${name}: up gives nodes that reach one another, and down leaves nothing`, {
    skip,
  }, async () => {
    const before = { links: hostLinks(), rules: hostRules(), namespaces: readdirSync("/run") };
    await using lab = new Lab({ asNobody });
    const { apiPort, nodes } = await lab.up({ nodes: 3 });
    assert.deepEqual(nodes, ["node-1", "node-2", "node-3"]);
    assert.equal(await ask(apiPort, "hello"), `node-1,node-2,node-3 ${lab.dataDir}`);
    assert.equal((await lab.drive("status")).answer.phase, "running");

    const fetch = (host: string, port: number) => `exec 3<>/dev/tcp/${host}/${port} && cat <&3`;
    const run = (where: string, script: string) => lab.drive("run", where, "bash", "-c", script);
    const overNode = await run("node-1", fetch("192.168.100.12", 30080));
    assert.equal(overNode.stdout, "node-2 sees 192.168.100.11");
    const outside = await run("client", fetch("192.168.100.13", 30080));
    assert.equal(outside.stdout, "node-3 sees 203.0.113.10");
    const api = await run("node-2", fetch("192.168.100.1", 6443));
    assert.equal(api.stdout, "inside api");
    const clusterIp = await run("client", fetch("10.96.0.1", 443));
    assert.match(clusterIp.stderr, /unreachable|No route/);
    assert.equal((await run("node-1", "exit 7")).exitCode, 7);
    assert.equal((await run("node-1", "kill -TERM $$")).exitCode, 143);
    const route = await run("node-1", "ip route get 10.244.2.9");
    assert.match(route.stdout, /via 192\.168\.100\.13 dev eth0 src 192\.168\.100\.11/);
    const terminal = await run("node-1", "ls /dev/pts");
    assert.match(terminal.stdout, /ptmx/);

    const inside = companions(lab.pid("node"));
    assert.deepEqual(survivors(inside), inside);
    assert.equal(
      existsSync(join(lab.dataDir, "run/mark")),
      false,
      "the host sees the private mount",
    );
    assert.equal((await lab.drive("down")).exitCode, 0);
    assert.deepEqual(traces(lab.dataDir), []);
    assert.deepEqual(survivors(inside), []);
    assert.ok(existsSync(join(lab.dataDir, "closed")), "the cluster was closed in order");
    assert.equal(existsSync(join(lab.dataDir, "run")), false);
    const after = { links: hostLinks(), rules: hostRules(), namespaces: readdirSync("/run") };
    assert.deepEqual(after, before);
    assert.equal((await lab.drive("status")).answer.phase, "stopped");
    assert.deepEqual((await lab.drive("down")).answer, { hadSandbox: false });
  });

  for (const role of ["gate", "unshare", "init", "node"]) {
    test(`${name}: after kill -9 of the ${role}, down leaves nothing and up goes on`, {
      skip,
    }, async () => {
      await using lab = new Lab({ asNobody });
      await lab.up({ nodes: 1 });
      const first = companions(lab.pid("node"));
      process.kill(lab.pid(role), "SIGKILL");
      const second = await lab.up({ nodes: 1 });
      assert.deepEqual(survivors(first), [], "the remains of the first sandbox are gone");
      assert.equal(await ask(second.apiPort, "hello"), `node-1 ${lab.dataDir}`);

      const inside = companions(lab.pid("node"));
      process.kill(lab.pid(role), "SIGKILL");
      assert.equal((await lab.drive("down")).exitCode, 0);
      assert.deepEqual(traces(lab.dataDir), []);
      assert.deepEqual(survivors(inside), []);
    });
  }
}

test("what runs at the time of a kill -9 of everything but the pods goes too", async () => {
  await using lab = new Lab();
  await lab.up({ nodes: 2 });
  const inside = companions(lab.pid("node"));
  const pids = ["gate", "unshare", "init"].map((role) => lab.pid(role));
  for (const pid of pids) process.kill(pid, "SIGKILL");
  await lab.drive("down");
  assert.deepEqual(survivors(inside), []);
  assert.deepEqual(traces(lab.dataDir), []);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} at the gate ends the sandbox in order`, async () => {
    await using lab = new Lab();
    await lab.up({ nodes: 1 });
    const inside = companions(lab.pid("node"));
    process.kill(lab.pid("gate"), signal);
    for (let tries = 0; traces(lab.dataDir).length > 0 && tries < 3000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(traces(lab.dataDir), []);
    assert.deepEqual(survivors(inside), []);
    assert.ok(existsSync(join(lab.dataDir, "closed")));
  });
}

for (const signal of ["SIGINT", "SIGKILL"] as const) {
  test(`without --detach the sandbox ends with its command (${signal})`, async () => {
    await using lab = new Lab();
    const command = lab.spawn("up", JSON.stringify({ nodes: 1, isDetached: false }));
    const [line] = await once(command.stdout!, "data");
    assert.ok(JSON.parse(String(line)).apiPort > 0);
    command.kill(signal);
    await once(command, "exit");
    for (let tries = 0; traces(lab.dataDir).length > 0 && tries < 3000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(traces(lab.dataDir), []);
    assert.ok(existsSync(join(lab.dataDir, "closed")));
  });
}

test("two sandboxes run side by side, with the same addresses inside", async () => {
  await using one = new Lab();
  await using two = new Lab();
  const [first, second] = await Promise.all([one.up({ nodes: 1 }), two.up({ nodes: 2 })]);
  assert.equal(await ask(first.apiPort, "hello"), `node-1 ${one.dataDir}`);
  assert.equal(await ask(second.apiPort, "hello"), `node-1,node-2 ${two.dataDir}`);
  await one.drive("down");
  assert.equal(await ask(second.apiPort, "hello"), `node-1,node-2 ${two.dataDir}`);
  assert.equal((await two.drive("status")).answer.phase, "running");
});

test("with two pod ranges the nodes have addresses and routes of both families", async () => {
  await using lab = new Lab();
  await lab.up({
    nodes: 2,
    podCidrs: ["10.244.0.0/16", "fd00:10:244::/56"],
    serviceCidrs: ["10.96.0.0/12", "fd00:10:96::/112"],
  });
  const script = "ip route get 10.244.1.5; ip -6 route get fd00:10:244:1::5";
  const { stdout } = await lab.drive("run", "node-1", "sh", "-c", script);
  assert.match(stdout, /^10\.244\.1\.5 via 192\.168\.100\.12 dev eth0 src 192\.168\.100\.11/m);
  assert.match(stdout, /^fd00:10:244:1::5 .*via fd00:100::c dev eth0 .*src fd00:100::b/m);
});

test("the gate makes host sockets for the inside: UDP, TCP, a published port, a refusal", async () => {
  await using lab = new Lab();
  const { apiPort } = await lab.up({ nodes: 1 });

  const udp = createSocket("udp4");
  udp.on("message", (message, from) => udp.send(`udp ${message}`, from.port, from.address));
  udp.bind(0, "127.0.0.1");
  await once(udp, "listening");
  assert.equal(await ask(apiPort, `udp 127.0.0.1 ${udp.address().port}`), "udp query");
  udp.close();

  const tcp = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.end(`tcp ${await text(socket)}`);
  });
  tcp.listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  assert.equal(await ask(apiPort, `tcp 127.0.0.1 ${port}`), "tcp query");
  tcp.close();
  await once(tcp, "close");
  assert.equal(await ask(apiPort, `tcp 127.0.0.1 ${port}`), "ECONNREFUSED");

  const published = Number(await ask(apiPort, "listen"));
  assert.equal(await ask(published, ""), "published");
});
