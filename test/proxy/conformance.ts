import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import type { DataPlane } from "../../src/proxy/table/data-plane.ts";
import type { ProxyConfig } from "../../src/proxy/table/proxy-config.ts";
import { sliceFacts } from "../../src/proxy/table/slice-facts.ts";
import { type FlowCase, type FlowWant, flowCases, tableOf } from "./cases.ts";
import { formatAt, Lab, type Outcome, SILENCE_MS } from "./lab.ts";

export interface Conformance {
  /** Why the kernel here can not run it. */
  readonly skip: string | false;
  /** What the tests are called after. */
  readonly name: string;
  /** Opens the data plane on a node. */
  readonly open: (node: NetworkNamespace, config: ProxyConfig) => DataPlane;
}

/** With two backends, 30 connections miss one of them once in 500 million runs. */
const TRIES_MAX = 30;

/** The packet cases that every data plane must pass: as real connections between namespaces. */
export function testConformance({ name, open, skip }: Conformance): void {
  let lab: Lab;
  before(() => {
    if (skip === false) lab = new Lab();
  });
  after(() => (skip === false ? lab[Symbol.asyncDispose]() : undefined));

  for (const flow of flowCases()) {
    test(`${name}: ${flow.id} ${flow.name}`, { skip }, async () => {
      await using plane = open(lab.node, flow.config);
      await plane.apply(tableOf(flow));
      try {
        await listenEverywhere(lab, flow);
        await expectFlow(lab, flow);
      } finally {
        await plane.remove();
      }
    });
  }
}

/** All endpoints answer, and so does the destination itself: nothing is refused for want of a listener. */
async function listenEverywhere(lab: Lab, { slices, packet }: FlowCase): Promise<void> {
  const { protocol } = packet;
  if (protocol === "SCTP") return;
  await lab.listen(protocol, packet.destination, packet.port);
  for (const slice of slices.flatMap((object) => sliceFacts(object) ?? [])) {
    for (const port of slice.ports.filter((own) => own.protocol === protocol)) {
      for (const { address } of slice.endpoints) await lab.listen(protocol, address, port.port);
    }
  }
}

async function expectFlow(lab: Lab, { packet, want }: FlowCase): Promise<void> {
  const destination = formatAt(packet.destination, packet.port);
  const expected = want.verdict === "NONE" ? [destination] : (want.backends ?? []);
  const seen = new Set<string>();
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const patience = want.verdict === "DROP" ? [SILENCE_MS] : [];
    const outcome = await lab.send(packet, ...patience);
    assertOutcome(outcome, want, { expected, source: packet.source });
    if (outcome.kind !== "answered") return;
    seen.add(outcome.at);
    // A few more, to see that no other backend turns up.
    if (seen.size === expected.length && tries >= 4) break;
  }
  assert.deepEqual([...seen].toSorted(), expected.toSorted());
}

function assertOutcome(
  outcome: Outcome,
  want: FlowWant,
  { expected, source }: { readonly expected: readonly string[]; readonly source: string },
): void {
  const kinds = { FORWARD: "answered", NONE: "answered", REJECT: "refused", DROP: "silent" };
  assert.equal(outcome.kind, kinds[want.verdict]);
  if (outcome.kind !== "answered") return;
  assert.ok(expected.includes(outcome.at), `${outcome.at} is none of ${expected.join(", ")}`);
  const isHairpin = want.verdict === "FORWARD" && outcome.at.startsWith(`${source}:`);
  const isRewritten = outcome.source !== source;
  assert.equal(isRewritten, isHairpin || (want.sourceRewritten ?? false), "source rewritten");
}
