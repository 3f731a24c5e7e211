import type { Endpoints } from "../types.ts";
import { validateEndpoints } from "../validation/endpoints.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

export const endpointsStrategy = defineStrategy<Endpoints>({
  namespaced: true,
  name: dnsSubdomain,
  validate: validateEndpoints,
  createsOnUpdate: true,
});
