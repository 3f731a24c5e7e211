import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "./seeded-random.ts";
import { allocatorsOf, ServiceRegistry } from "./service-registry.ts";

// Small ranges, so that requests collide and run out.
const ranges = { serviceCIDRs: ["10.0.0.0/27", "2001:db8::/123"], nodePortRange: "30000-30023" };

const seeds = Array.from({ length: 20 }, (_, index) => 1000 + index);

for (const seed of seeds) {
  test(`whatever happens to Services, exactly what the stored ones have is taken (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const registry = new ServiceRegistry(ranges, random);
    for (let step = 0; step < 150; step++) act(registry, random);
    const rebuilt = allocatorsOf(ranges, random);
    assert.deepEqual(rebuilt.restore(registry.stored), []);
    assert.deepEqual(registry.usage, rebuilt.usage);
  });
}

function act(registry: ServiceRegistry, random: () => number): void {
  const oneOf = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const name = `s${oneOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])}`;
  const exists = registry.stored.some(({ metadata }) => metadata.name === name);
  const spec = {
    type: oneOf(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
    selector: { app: name },
    ports: [port("a", random), ...(random() < 0.5 ? [port("b", random)] : [])],
    ...oneOf([{}, {}, { clusterIP: `10.0.0.${oneOf([1, 2, 3, 4, 5])}` }, { clusterIP: "None" }]),
    ...oneOf([{}, { ipFamilyPolicy: "PreferDualStack" }, { ipFamilyPolicy: "RequireDualStack" }]),
    ...oneOf([{}, { externalTrafficPolicy: "Local" }]),
    ...oneOf([{}, { externalName: "x.example" }]),
    ...oneOf([{}, { allocateLoadBalancerNodePorts: false }]),
  };
  const manifest = { metadata: { name }, spec };
  if (!exists) registry.create(manifest, { dryRun: random() < 0.2 });
  else if (random() < 0.3) registry.delete(name);
  else if (random() < 0.5) registry.replace(manifest);
  else {
    const changes = [
      { type: spec.type, externalName: "x.example" },
      { ipFamilyPolicy: oneOf(["SingleStack", "PreferDualStack"]) },
      { ports: spec.ports },
      { externalTrafficPolicy: oneOf(["Local", "Cluster"]) },
    ];
    registry.patch(name, { spec: oneOf(changes) });
  }
}

function port(name: string, random: () => number) {
  const number = name === "a" ? 80 : 81;
  const nodePort = random() < 0.3 ? { nodePort: 30000 + Math.floor(random() * 26) } : {};
  return { name, port: number, ...nodePort };
}
