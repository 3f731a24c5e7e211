import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as always } from "node:test";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { Nft, NftError } from "../../src/kernel/nft.ts";
import { type ElementBytes, NftElements } from "../../src/kernel/nft-elements.ts";
import { openNftState } from "../../src/kernel/nft-state.ts";
import { namespacesMissing } from "./probe.ts";

const skip = await namespacesMissing();
const test = (name: string, action: () => Promise<void>) => always(name, { skip }, action);

const dir = mkdtempSync(join(tmpdir(), "portolan-nft-elements-"));
after(() => rmSync(dir, { recursive: true, force: true }));

const table = `table inet t {
  comment "a layout"
  map numbers { type ipv4_addr . inet_service : mark; }
  set ranges { type inet_proto . ipv4_addr; flags interval; }
  chain one {
  }
  chain two {
    counter
  }
}`;

function nft(namespace: NetworkNamespace, ...args: readonly string[]): string {
  return execFileSync("nsenter", [`--net=${namespace.path}`, "nft", ...args], {
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** 10.0.x.y port 80 -> mark n, as the kernel holds it. */
function number(n: number): ElementBytes {
  const key = `0a00${(n >> 8).toString(16).padStart(2, "0")}${(n & 255).toString(16).padStart(2, "0")}00500000`;
  const value = Buffer.alloc(4);
  value.writeUInt32LE(n);
  return { key, keyEnd: undefined, value: value.toString("hex") };
}

const range: ElementBytes = {
  key: "06000000c6336400",
  keyEnd: "06000000c633640f",
  value: undefined,
};

test("elements come and go as nft says and as they are read back", async () => {
  await using namespace = createNetworkNamespace("elements", dir);
  nft(namespace, table);
  using elements = new NftElements(namespace);
  using state = openNftState(namespace);
  elements.run("t", [
    { verb: "add", set: "numbers", elements: [number(1), number(258)] },
    { verb: "add", set: "ranges", elements: [range] },
  ]);
  const listed = nft(namespace, "list", "table", "inet", "t");
  assert.match(listed, /10\.0\.0\.1 \. 80 : 0x00000001/);
  assert.match(listed, /10\.0\.1\.2 \. 80 : 0x00000102/);
  assert.match(listed, /tcp \. 198\.51\.100\.0\/28/);
  assert.deepEqual(state.elements("t", "ranges"), [{ ...range, chain: undefined }]);
  elements.run("t", [
    { verb: "delete", set: "ranges", elements: [range] },
    { verb: "delete", set: "numbers", elements: [number(1)] },
    { verb: "add", set: "numbers", elements: [{ ...number(1), value: number(7).value }] },
  ]);
  assert.deepEqual(state.elements("t", "ranges"), []);
  assert.match(nft(namespace, "list", "table", "inet", "t"), /10\.0\.0\.1 \. 80 : 0x00000007/);
});

test("twenty thousand elements are one transaction", async () => {
  await using namespace = createNetworkNamespace("many", dir);
  nft(namespace, table);
  using elements = new NftElements(namespace);
  using state = openNftState(namespace);
  const generation = state.generation();
  const all = Array.from({ length: 20_000 }, (_, n) => number(n));
  try {
    elements.run("t", [{ verb: "add", set: "numbers", elements: all }]);
  } catch (error) {
    // Without root in the first user namespace a socket's buffer may be too small for it; then nothing has happened.
    assert.equal(error instanceof NftError && error.code, "NFT_TOO_LARGE");
    assert.deepEqual(state.elements("t", "numbers"), []);
    return;
  }
  assert.equal(state.generation(), generation + 1);
  assert.equal(state.elements("t", "numbers")?.length, 20_000);
});

test("what the kernel refuses has no effect at all, and the next transaction is not disturbed", async () => {
  await using namespace = createNetworkNamespace("refused", dir);
  nft(namespace, table);
  using elements = new NftElements(namespace);
  using state = openNftState(namespace);
  const refusals = [
    [
      { verb: "add", set: "numbers", elements: [number(1)] },
      { verb: "delete", set: "numbers", elements: [number(2)] },
      { verb: "delete", set: "ranges", elements: [range] },
    ],
    [
      { verb: "add", set: "numbers", elements: [number(1)] },
      { verb: "add", set: "absent", elements: [number(1)] },
    ],
  ] as const;
  for (const refused of refusals) {
    assert.throws(
      () => elements.run("t", refused),
      (error) => error instanceof NftError && error.code === "NFT_REJECTED",
    );
    assert.deepEqual(state.elements("t", "numbers"), []);
  }
  elements.run("t", [{ verb: "add", set: "numbers", elements: [number(1)] }]);
  assert.equal(state.elements("t", "numbers")?.length, 1);
  elements.run("t", []);
});

test("a refusal says what was refused, but not all thousand elements of it", async () => {
  await using namespace = createNetworkNamespace("quoted", dir);
  nft(namespace, table);
  using commands = new Nft(namespace);
  const all = Array.from({ length: 1000 }, (_, n) => `10.0.${n >> 8}.${n & 255} . 80`).join(", ");
  assert.throws(
    () => commands.run(`delete element inet t numbers { ${all} }`),
    (error) =>
      error instanceof NftError &&
      /No such file.* delete element inet t numbers \{ 10\.0\.0\.0 /.test(error.message) &&
      error.message.length < 500,
  );
});

test("a table's comment and chains are read; what is not there is undefined", async () => {
  await using namespace = createNetworkNamespace("described", dir);
  nft(namespace, table);
  nft(namespace, "add table inet plain; add chain inet plain three");
  using state = openNftState(namespace);
  assert.equal(state.comment("t"), "a layout");
  assert.equal(state.comment("plain"), "");
  assert.equal(state.comment("absent"), undefined);
  assert.deepEqual(state.chains("t"), ["one", "two"]);
  assert.deepEqual(state.chains("absent"), []);
  assert.equal(state.elements("t", "absent"), undefined);
});
