import assert from "node:assert/strict";
import { test } from "node:test";
import { metadata } from "../../../test/api/samples.ts";
import type { EndpointSlice, Endpoints } from "../types.ts";
import { endpointSliceStrategy } from "./endpoint-slice.ts";
import { endpointsStrategy } from "./endpoints.ts";

test("an FQDN slice is warned of once; every slice and Endpoints of unusual spelling", () => {
  const endpoints = [{ addresses: ["x.example.org"] }];
  const named: EndpointSlice = { metadata, addressType: "FQDN", endpoints };
  assert.deepEqual(endpointSliceStrategy.warnings(named), [
    "spec.addressType: FQDN endpoints are deprecated",
  ]);
  assert.deepEqual(endpointSliceStrategy.warnings(named, named), []);
  const spelt = { ...named, addressType: "IPv6", endpoints: [{ addresses: ["2001:DB8::9"] }] };
  assert.deepEqual(endpointSliceStrategy.warnings(spelt, named), [
    'endpoints[0].addresses[0]: IPv6 address "2001:DB8::9" should be in RFC 5952 canonical format ("2001:db8::9")',
  ]);
  const old: Endpoints = { metadata, subsets: [{ notReadyAddresses: [{ ip: "2001:DB8::9" }] }] };
  assert.deepEqual(endpointsStrategy.warnings(old), [
    'subsets[0].notReadyAddresses[0].ip: IPv6 address "2001:DB8::9" should be in RFC 5952 canonical format ("2001:db8::9")',
  ]);
});
