import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as always } from "node:test";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { openFlatDataPlane } from "../../src/proxy/nftables/apply.ts";
import { ForwardingTableBuilder } from "../../src/proxy/table/forwarding-table.ts";
import { clusterProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { goldenTransactions } from "./golden.ts";
import { seededRandom } from "./random.ts";
import { emptyWorld, randomEvent } from "./random-facts.ts";

const skip = await namespacesMissing();
const test = (name: string, action: () => Promise<void>) => always(name, { skip }, action);

const dir = mkdtempSync(join(tmpdir(), "portolan-nft-"));
after(() => rmSync(dir, { recursive: true, force: true }));

function nft(namespace: NetworkNamespace, args: readonly string[], input = ""): string {
  return execFileSync("nsenter", [`--net=${namespace.path}`, "nft", ...args], {
    encoding: "utf8",
    input,
    stdio: ["pipe", "pipe", "pipe"],
  });
}

test("nft takes every golden file, and lists what it made of it", async () => {
  await using namespace = createNetworkNamespace("golden", dir);
  for (const [name, text] of goldenTransactions()) {
    nft(namespace, ["-f", "-"], text);
    // nft 1.0.6 aborts over some rulesets that it did not write itself.
    const listed = nft(namespace, ["list", "ruleset"]);
    assert.match(listed, /table inet portolan/, name);
    assert.ok(!listed.includes("invalid"), name);
    nft(namespace, ["-j", "list", "ruleset"]);
    // What it lists it also reads.
    await using copy = createNetworkNamespace(`copy-of-${name}`, dir);
    nft(copy, ["-f", "-"], listed);
  }
  const listed = nft(namespace, ["list", "table", "inet", "portolan"]);
  assert.doesNotMatch(listed, /10\.0\.0\.[1-9]/, "after all Services went, no endpoint is left");
});

test("after any order of changes the kernel holds what the plan says", async () => {
  const seeds = [Date.now() % 100_000, 1, 2];
  for (const seed of seeds) {
    await using namespace = createNetworkNamespace(`random-${seed}`, dir);
    const config = clusterProxyConfig({
      nodeIps: ["192.168.0.1", "2001:db8::1"],
      podCidrs: ["10.0.0.0/8", "fd00:10::/32"],
      serviceCidrs: ["172.30.0.0/16", "fd00:30::/112"],
    });
    await using plane = openFlatDataPlane(namespace, { config, affinityClientsMax: 1000 });
    const random = seededRandom(seed);
    const world = emptyWorld();
    const builder = new ForwardingTableBuilder({ nodeName: "node-a", zone: "zone-1" });
    await plane.apply(builder.table);
    for (let step = 0; step < 60; step++) {
      randomEvent(random, world, builder);
      if (random.chance(0.3)) continue;
      await plane.apply(builder.table, builder.take().services);
      // A foreign transaction makes it look closely.
      nft(namespace, ["add", "table", "inet", `foreign${step}`]);
      assert.deepEqual(await plane.findDrift(), [], `seed ${seed}, step ${step}`);
    }
  }
});
