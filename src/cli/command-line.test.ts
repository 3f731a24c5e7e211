import assert from "node:assert/strict";
import { test } from "node:test";
import { CommanderError } from "commander";
import { parseCommandLine } from "./command-line.ts";

test("up: the defaults are the address plan's", () => {
  assert.deepEqual(parseCommandLine(["up"]), {
    command: "up",
    nodes: 3,
    detach: false,
    apiPort: 6443,
    serviceCidr: ["10.96.0.0/12"],
    podCidr: ["10.244.0.0/16"],
    serviceNodePortRange: { from: 30000, to: 32767 },
    proxyMode: "nftables",
    nftablesLayout: "flat",
    manifests: [],
    logLevel: "info",
  });
});

test("run: options may stand anywhere before --, and nothing after it is read", () => {
  const want = {
    command: "run",
    where: "node-1",
    dataDir: "/d",
    argv: ["ip", "--json", "--data-dir", "x"],
  };
  const after = ["--", "ip", "--json", "--data-dir", "x"];
  assert.deepEqual(parseCommandLine(["run", "--data-dir", "/d", "node-1", ...after]), want);
  assert.deepEqual(parseCommandLine(["run", "node-1", "--data-dir=/d", ...after]), want);
});

test("up: -f may be repeated; two ranges must be of two families", () => {
  const up = parseCommandLine([
    "up",
    "-f",
    "a",
    "-f",
    "b",
    "--service-cidr",
    "10.0.0.0/16,2000::/108",
  ]);
  assert.ok(up.command === "up");
  assert.deepEqual(up.manifests, ["a", "b"]);
  assert.deepEqual(up.serviceCidr, ["10.0.0.0/16", "2000::/108"]);
});

for (const { serviceCidr, podCidr } of [
  { serviceCidr: "2000::/108", podCidr: ["fd00:10:244::/56"] },
  { serviceCidr: "2000::/108,10.0.0.0/16", podCidr: ["fd00:10:244::/56", "10.244.0.0/16"] },
]) {
  test(`up: with cluster IPs of ${serviceCidr} pods have the same families`, () => {
    const up = parseCommandLine(["up", "--service-cidr", serviceCidr]);
    assert.ok(up.command === "up");
    assert.deepEqual(up.podCidr, podCidr);
    const told = parseCommandLine([
      "up",
      "--service-cidr",
      serviceCidr,
      "--pod-cidr",
      "10.1.0.0/16",
    ]);
    assert.ok(told.command === "up");
    assert.deepEqual(told.podCidr, ["10.1.0.0/16"]);
  });
}

const refused: readonly { readonly name: string; readonly argv: readonly string[] }[] = [
  { name: "an unknown command", argv: ["upp"] },
  { name: "an unknown option", argv: ["up", "--node", "3"] },
  { name: "nodes that are no number", argv: ["up", "--nodes", "three"] },
  { name: "a port out of range", argv: ["up", "--api-port", "65536"] },
  { name: "a range that is none", argv: ["up", "--service-cidr", "10.96.0.0"] },
  { name: "two ranges of one family", argv: ["up", "--pod-cidr", "10.1.0.0/16,10.2.0.0/16"] },
  { name: "a proxy mode that is not there", argv: ["up", "--proxy-mode", "magic"] },
  { name: "a data directory without a name", argv: ["down", "--data-dir", ""] },
  { name: "a kubeconfig without a name", argv: ["up", "--kubeconfig="] },
  { name: "run without a command", argv: ["run", "node-1"] },
  { name: "no command at all", argv: [] },
];

for (const { name, argv } of refused) {
  test(`parseCommandLine: ${name} is refused`, (t) => {
    t.mock.method(process.stderr, "write", () => true);
    assert.throws(() => parseCommandLine(argv), CommanderError);
  });
}

const mistakes: readonly {
  readonly name: string;
  readonly argv: readonly string[];
  readonly says: readonly string[];
}[] = [
  {
    name: "an unknown command",
    argv: ["upp"],
    says: ["error: unknown command 'upp'", "(Did you mean up?)", "  Try: portolan help"],
  },
  {
    name: "an unknown option",
    argv: ["up", "--node", "3"],
    says: ["error: unknown option '--node'", "(Did you mean --nodes?)", "  Try: portolan help up"],
  },
  {
    name: "help of a command that is not there",
    argv: ["help", "upp"],
    says: ["error: unknown command 'upp'", "  Try: portolan help"],
  },
];

for (const { name, argv, says } of mistakes) {
  test(`${name}: the error says what is wrong and ends with what to try next`, (t) => {
    const write = t.mock.method(process.stderr, "write", () => true);
    assert.throws(() => parseCommandLine(argv), CommanderError);
    const text = write.mock.calls.map(({ arguments: [chunk] }) => String(chunk)).join("");
    assert.deepEqual(text.trimEnd().split("\n"), says);
  });
}

test("help: of the whole, of a command, and of itself; it is no failure", (t) => {
  const write = t.mock.method(process.stdout, "write", () => true);
  for (const [argv, usage] of [
    [["help"], "Usage: portolan "],
    [["help", "up"], "Usage: portolan up "],
    [["help", "help"], "Usage: portolan help "],
  ] as const) {
    write.mock.resetCalls();
    assert.throws(() => parseCommandLine(argv), { exitCode: 0 });
    assert.ok(String(write.mock.calls[0]?.arguments[0]).startsWith(usage));
  }
});
