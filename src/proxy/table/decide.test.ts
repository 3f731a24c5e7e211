import assert from "node:assert/strict";
import { test } from "node:test";
import { flowCases, tableOf } from "../../../test/proxy/cases.ts";
import { parseCidr } from "../../lib/ip.ts";
import { decide, indexEntries } from "./decide.ts";
import { formatBackend } from "./port-routing.ts";

for (const flow of flowCases()) {
  test(`decide: ${flow.id} ${flow.name}`, () => {
    const decision = decide(indexEntries(tableOf(flow)), flow.config, flow.packet);
    const got =
      decision.verdict === "FORWARD"
        ? {
            verdict: decision.verdict,
            backends: decision.backends.map(formatBackend),
            sourceRewritten: decision.sourceRewritten,
          }
        : { verdict: decision.verdict };
    assert.deepEqual(got, flow.want);
  });
}

const plain = flowCases().find((flow) => flow.id === "A01")!;
const detections = [
  { name: "by interface, inside", kind: "interface", via: "cni0", want: false },
  { name: "by interface, elsewhere", kind: "interface", via: "eth0", want: true },
  { name: "by interface, from the node itself", kind: "interface", via: undefined, want: true },
  { name: "by prefix, inside", kind: "interface-prefix", via: "cni0", want: false },
  { name: "by prefix, elsewhere", kind: "interface-prefix", via: "eth0", want: true },
] as const;

for (const { name, kind, via, want } of detections) {
  test(`decide: a source that is told ${name}, is ${want ? "" : "not "}rewritten`, () => {
    const localDetection =
      kind === "interface" ? { kind, name: "cni0" } : ({ kind, prefix: "cni" } as const);
    const packet = { ...plain.packet, ...(via === undefined ? {} : { inputInterface: via }) };
    const config = { ...plain.config, localDetection };
    const decision = decide(indexEntries(tableOf(plain)), config, packet);
    assert.equal(decision.verdict === "FORWARD" && decision.sourceRewritten, want);
  });
}

test("decide: node ports stay closed on loopback, even where all ranges are asked for", () => {
  const flow = flowCases().find(({ id }) => id === "D07")!;
  const config = {
    ...flow.config,
    nodeIps: [...flow.config.nodeIps, "127.0.0.1"],
    nodePortAddresses: [parseCidr("0.0.0.0/0")!],
  };
  const decision = decide(indexEntries(tableOf(flow)), config, flow.packet);
  assert.equal(decision.verdict, "NONE");
});
