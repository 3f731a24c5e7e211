import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as always } from "node:test";
import { type Links, openLinks } from "../../src/kernel/links.ts";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { namespacesMissing } from "./probe.ts";

const skip = await namespacesMissing();
const test = (name: string, action: () => unknown) =>
  always(name, { skip }, async () => {
    await action();
  });

const dir = mkdtempSync(join(tmpdir(), "portolan-links-"));
after(() => rmSync(dir, { recursive: true, force: true }));

let count = 0;

/** Iproute2 is the judge of what the kernel holds. */
function ip(namespace: NetworkNamespace, ...args: string[]): string {
  const done = spawnSync("nsenter", [`--net=${namespace.path}`, "ip", ...args]);
  assert.equal(done.status, 0, done.stderr.toString());
  return done.stdout.toString();
}

async function inNamespace(action: (links: Links, namespace: NetworkNamespace) => void) {
  await using namespace = createNetworkNamespace(`links-${++count}`, dir);
  using links = openLinks(namespace);
  action(links, namespace);
}

test("many links go in one step; those that are not there are passed over", async () => {
  await using other = createNetworkNamespace("far", dir);
  await using namespace = createNetworkNamespace("near", dir);
  using links = openLinks(namespace);
  links.addBridge({ name: "stays" });
  const names = ["a", "b", "c"];
  for (const name of names) links.addVeth({ name, peer: { name, namespace: other } });
  const present = (from: Links) => from.list().map(({ name }) => name);
  const before = present(links);
  await links.deleteLinks(["a", "none", "c"]);
  assert.deepEqual(
    present(links),
    before.filter((name) => name !== "a" && name !== "c"),
  );
  using far = openLinks(other);
  assert.deepEqual(
    present(far).filter((name) => names.includes(name)),
    ["b"],
  );
  await links.deleteLinks(["a"]);
  assert.equal(links.deleteLink("b"), true);
});

test("a bridge with a port whose peer is in another namespace", async () => {
  await using other = createNetworkNamespace("other", dir);
  await inNamespace((links, namespace) => {
    links.addBridge({ name: "br0", mac: "02:00:00:00:00:01" });
    links.addVeth({
      name: "port1",
      mtu: 1400,
      peer: { name: "eth0", namespace: other, mac: "02:00:00:00:00:02", mtu: 1400 },
    });
    links.setMaster("port1", { bridge: "br0", hairpin: true });
    links.setUp("br0");
    links.setUp("port1");

    const port = links.list().find((link) => link.name === "port1");
    assert.equal(port?.kind, "veth");
    assert.equal(port?.mtu, 1400);
    assert.equal(port?.isUp, true);
    assert.equal(port?.masterIndex, links.indexOf("br0"));
    assert.match(ip(namespace, "-d", "link", "show", "port1"), /hairpin on/);
    assert.match(ip(namespace, "link", "show", "br0"), /02:00:00:00:00:01/);
    assert.match(ip(other, "link", "show", "eth0"), /mtu 1400.*02:00:00:00:00:02/s);

    links.setDown("port1");
    assert.equal(links.list().find((link) => link.name === "port1")?.isUp, false);
    assert.equal(links.deleteLink("port1"), true);
    assert.equal(links.deleteLink("port1"), false);
    assert.doesNotMatch(ip(other, "link"), /eth0/);
  });
});

test("addresses of both families are there at once and can be taken away", () =>
  inNamespace((links) => {
    links.addBridge({ name: "br0" });
    links.setUp("br0");
    links.addAddress("br0", "10.0.0.1/24");
    links.addAddress("br0", "fd00:10::1/64");
    assert.deepEqual(links.listAddresses("br0").slice(0, 2), ["10.0.0.1/24", "fd00:10::1/64"]);
    assert.throws(() => links.addAddress("br0", "10.0.0.1/24"), { code: "EEXIST" });
    assert.equal(links.deleteAddress("br0", "10.0.0.1/24"), true);
    assert.equal(links.deleteAddress("br0", "10.0.0.1/24"), false);
  }));

test("routes: through a gateway, on a link, default, unreachable, replaced, deleted", () =>
  inNamespace((links, namespace) => {
    links.addBridge({ name: "br0" });
    links.addAddress("br0", "192.168.0.1/24");
    links.addAddress("br0", "fd00::1/64");
    links.setUp("br0");
    links.setRoute({ to: "default", via: "192.168.0.254" });
    links.setRoute({ to: "10.0.1.0/24", via: "192.168.0.2", dev: "br0" });
    links.setRoute({ to: "10.0.1.0/24", via: "192.168.0.3" });
    links.setRoute({ to: "10.0.9.0/24", dev: "br0", source: "192.168.0.1" });
    links.setRoute({ to: "172.30.0.0/16", type: "unreachable" });
    links.setRoute({ to: "fd00:10:1::/64", via: "fd00::2" });
    links.setRoute({ to: "default", via: "fd00::fe" });

    const routes = ip(namespace, "-4", "route");
    assert.match(routes, /^default via 192\.168\.0\.254 dev br0/m);
    assert.match(routes, /^10\.0\.1\.0\/24 via 192\.168\.0\.3 dev br0/m);
    assert.doesNotMatch(routes, /via 192\.168\.0\.2 /);
    assert.match(routes, /^10\.0\.9\.0\/24 dev br0 .*scope link src 192\.168\.0\.1/m);
    assert.match(routes, /^unreachable 172\.30\.0\.0\/16/m);
    assert.match(ip(namespace, "-6", "route"), /^default via fd00::fe dev br0/m);
    assert.match(ip(namespace, "-6", "route"), /^fd00:10:1::\/64 via fd00::2 dev br0/m);

    assert.equal(links.deleteRoute({ to: "10.0.1.0/24", via: "192.168.0.3" }), true);
    assert.equal(links.deleteRoute({ to: "10.0.1.0/24", via: "192.168.0.3" }), false);
  }));

test("neighbours: a permanent entry and a proxy entry", () =>
  inNamespace((links, namespace) => {
    links.addBridge({ name: "br0" });
    links.setUp("br0");
    links.setNeighbour("br0", { address: "192.168.0.9", mac: "02:00:00:00:00:09" });
    links.addProxyNeighbour("br0", "169.254.1.1");
    assert.match(
      ip(namespace, "neigh"),
      /192\.168\.0\.9 dev br0 lladdr 02:00:00:00:00:09 PERMANENT/,
    );
    assert.match(ip(namespace, "neigh", "show", "proxy"), /169\.254\.1\.1 dev br0/);
  }));

const mistakes: readonly { name: string; code: string; make: (links: Links) => void }[] = [
  { name: "a link that is not there", code: "ENODEV", make: (l) => l.setUp("nothing") },
  { name: "a link twice", code: "EEXIST", make: (l) => l.addBridge({ name: "lo" }) },
  {
    name: "a name of 16 bytes",
    code: "INVALID_NAME",
    make: (l) => l.addBridge({ name: "a234567890123456" }),
  },
  { name: "a name with a slash", code: "INVALID_NAME", make: (l) => l.addBridge({ name: "a/b" }) },
  {
    name: "an address without a length",
    code: "INVALID_ADDRESS",
    make: (l) => l.addAddress("lo", "10.0.0.1"),
  },
  {
    name: "a gateway that no link reaches",
    code: "ENETUNREACH",
    make: (l) => l.setRoute({ to: "default", via: "192.168.0.1" }),
  },
  {
    name: "an Ethernet address of five bytes",
    code: "INVALID_ADDRESS",
    make: (l) => l.addBridge({ name: "br0", mac: "02:00:00:00:01" }),
  },
];

for (const { name, code, make } of mistakes) {
  test(`links: ${name} fails with ${code}`, () =>
    inNamespace((links) => assert.throws(() => make(links), { code })));
}

test("the kernel's own words are in the error", () =>
  inNamespace((links) => {
    assert.throws(
      () => links.setRoute({ to: "default", via: "192.168.0.1" }),
      /the kernel says "Nexthop has invalid gateway/,
    );
  }));

test("a dump of many links is read whole", () =>
  inNamespace((links) => {
    for (let index = 0; index < 120; index++) links.addBridge({ name: `br${index}` });
    assert.equal(links.list().filter((link) => link.kind === "bridge").length, 120);
  }));
