import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseCases, endpointOf } from "../../../test/proxy/cases.ts";
import { chooseEndpoints, reachableEndpoints } from "./choose-endpoints.ts";
import type { EndpointFacts } from "./slice-facts.ts";

for (const { id, name, service, node, endpoints, want } of chooseCases()) {
  test(`chooseEndpoints: ${id} ${name}`, () => {
    const facts = endpoints.map((yaml): EndpointFacts => {
      const { addresses, nodeName, conditions, hints } = endpointOf(yaml);
      return {
        address: addresses[0]!,
        ...(nodeName === undefined ? {} : { nodeName }),
        isReady: conditions?.ready ?? true,
        isServing: conditions?.serving ?? true,
        isTerminating: conditions?.terminating ?? false,
        forZones: (hints?.forZones ?? []).map((zone) => zone.name),
        forNodes: (hints?.forNodes ?? []).map((hint) => hint.name),
      };
    });
    const isInternalLocal = service.iTP === "Local";
    const isExternal = service.nodePort !== undefined;
    const chosen = chooseEndpoints(
      facts,
      {
        cluster: !isInternalLocal || isExternal,
        local: isInternalLocal || (service.eTP === "Local" && isExternal),
      },
      { nodeName: node.node, ...(node.zone === undefined ? {} : { zone: node.zone }) },
    );
    const addresses = (list: readonly EndpointFacts[] | undefined) =>
      list?.map((endpoint) => endpoint.address) ?? null;
    assert.deepEqual(
      {
        cluster: addresses(chosen.cluster),
        local: addresses(chosen.local),
        reachable: reachableEndpoints(chosen)
          .map((e) => e.address)
          .toSorted(),
        hasAnyInCluster: chosen.hasAnyInCluster,
      },
      want,
    );
  });
}
