import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSlice, Node } from "../../src/api/types.ts";
import { reconcileSlices } from "../../src/controllers/endpointslice/reconcile.ts";
import { defaultService, podFrom, serviceFrom } from "./case-facts.ts";
import { seeded } from "./seeded.ts";

// Whatever pods, zones and shares come and go: hints are complete or none, and soon nothing is left to be written.

const TRIALS = 300;
const STEPS = 6;
/** Moving endpoints may let another slice be better off: seldom is a second pass needed, never so many. */
const PASSES_MAX = 10;
const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

const plain = serviceFrom(defaultService, "uid-web");
const annotations = { "service.kubernetes.io/topology-mode": "Auto" };
const service = { ...plain, metadata: { ...plain.metadata, annotations } };

function nodeOf(zone: string): Node {
  return { metadata: { name: zone, labels: { "topology.kubernetes.io/zone": zone } } };
}

test(`topology hints under random changes (SEED=${seed})`, () => {
  const random = seeded(seed);
  const upTo = (count: number) => Math.floor(random() * count);
  for (let trial = 0; trial < TRIALS; trial++) {
    const zones = Array.from({ length: 2 + upTo(3) }, (_, index) => `zone-${index}`);
    const pods = new Map<string, { readonly zone: string; readonly ready: boolean }>();
    const endpointsMax = 3 + upTo(8);
    let shares = randomShares(zones, upTo);
    let existing: readonly EndpointSlice[] = [];
    let podsMade = 0;
    let slicesMade = 0;
    for (let step = 0; step < STEPS; step++) {
      for (let more = upTo(15); more > 0; more--) {
        const zone = zones[upTo(zones.length)] ?? "";
        pods.set(`p${podsMade++}`, { zone, ready: random() < 0.85 });
      }
      for (const [name, { zone, ready }] of pods) {
        const chance = random();
        if (chance < 0.1) pods.delete(name);
        else if (chance < 0.2) pods.set(name, { zone, ready: !ready });
      }
      if (random() < 0.2) shares = randomShares(zones, upTo);
      const list = [...pods].map(([name, { zone, ready }]) => {
        const number = Number(name.slice(1));
        const ip = `10.1.${number >> 8}.${number & 255}`;
        return podFrom({ name, ips: [ip], node: zone, ready }, name);
      });
      const current = shares;
      const input = { service, pods: list, nodeOf, endpointsMax, shares: () => current };

      let passes = 0;
      for (; ; passes++) {
        const plan = reconcileSlices({ ...input, existing });
        const written = [...plan.updates, ...plan.deletes];
        if (written.length + plan.creates.length === 0) break;
        assert.ok(passes < PASSES_MAX, "passes go on and on");
        const gone = new Set(written.map(({ metadata }) => metadata.name));
        existing = [
          ...existing.filter(({ metadata }) => !gone.has(metadata.name)),
          ...plan.updates,
          ...plan.creates.map((slice) => {
            const name = `web-${slicesMade++}`;
            return { ...slice, metadata: { ...slice.metadata, name, uid: name } };
          }),
        ];
        const ready = existing
          .flatMap(({ endpoints }) => endpoints)
          .filter(({ conditions }) => conditions?.ready === true);
        const hintsEach = plan.hinted.size > 0 ? 1 : 0;
        for (const { hints } of ready) assert.equal(hints?.forZones?.length ?? 0, hintsEach);
      }
    }
  }
});

function randomShares(
  zones: readonly string[],
  upTo: (count: number) => number,
): ReadonlyMap<string, number> {
  const cpus = zones.map(() => 1 + upTo(4));
  const total = cpus.reduce((sum, cpu) => sum + cpu, 0);
  return new Map(zones.map((zone, index) => [zone, (cpus[index] ?? 0) / total]));
}
