import { without } from "../copy.ts";
import type { EndpointSlice } from "../types.ts";
import { ipWarnings } from "../validation/address-warnings.ts";
import {
  validateEndpointSlice,
  validateEndpointSliceChange,
} from "../validation/endpoint-slice.ts";
import { dnsSubdomain } from "../validation/names.ts";
import { defineStrategy } from "./strategy-shape.ts";

/** The rules of EndpointSlices. */
export const endpointSliceStrategy = defineStrategy<EndpointSlice>({
  namespaced: true,
  name: dnsSubdomain,
  // Controllers tell their own writes by the generation, so labels count, annotations do not.
  counted: ({ metadata, addressType, endpoints, ports }) => ({
    labels: metadata.labels,
    addressType,
    endpoints,
    ports,
  }),
  prepareForCreate: withoutTopology,
  prepareForUpdate: withoutTopology,
  validate: validateEndpointSlice,
  validateChange: validateEndpointSliceChange,
  warnings: (slice, old) => [
    ...(slice.addressType === "FQDN" && old === undefined
      ? ["spec.addressType: FQDN endpoints are deprecated"]
      : []),
    ...(slice.endpoints ?? []).flatMap(({ addresses }, endpoint) =>
      addresses.flatMap((ip, i) => ipWarnings(ip, `endpoints[${endpoint}].addresses[${i}]`)),
    ),
  ],
});

/** The v1 API reads the topology map of its beta; nobody may write it. */
function withoutTopology(slice: EndpointSlice): EndpointSlice {
  const endpoints = (slice.endpoints ?? []).map((one) => without(one, "deprecatedTopology"));
  return { ...slice, endpoints };
}
