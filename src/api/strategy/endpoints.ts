import type { Endpoints } from "../types.ts";
import { ipWarnings } from "../validation/address-warnings.ts";
import { validateEndpoints } from "../validation/endpoints.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

/** The rules of Endpoints. */
export const endpointsStrategy = defineStrategy<Endpoints>({
  namespaced: true,
  name: dnsSubdomain,
  validate: validateEndpoints,
  warnings: spellingWarnings,
  createsOnUpdate: true,
});

function spellingWarnings({ subsets = [] }: Endpoints): string[] {
  return subsets.flatMap(({ addresses = [], notReadyAddresses = [] }, subset) =>
    Object.entries({ addresses, notReadyAddresses }).flatMap(([list, entries]) =>
      entries.flatMap(({ ip }, i) => ipWarnings(ip, `subsets[${subset}].${list}[${i}].ip`)),
    ),
  );
}
