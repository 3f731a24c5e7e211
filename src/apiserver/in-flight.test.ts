import assert from "node:assert/strict";
import { test } from "node:test";
import { authenticated } from "./identity.ts";
import { InFlight, isUnlimited } from "./in-flight.ts";
import { parseTarget } from "./request-target.ts";

test("InFlight: beyond the limit a request is told to come again, and reads do not stop writes", () => {
  const inFlight = new InFlight();
  const leave = Array.from({ length: 200 }, () => inFlight.enter("POST"));
  assert.throws(() => inFlight.enter("PUT"), { code: "TooManyRequests" });
  inFlight.enter("GET")();
  leave[0]?.();
  inFlight.enter("PUT")();
});

for (const { name, groups, path, want } of [
  {
    name: "administrators are never told to come again",
    groups: ["system:masters"],
    path: "/api/v1/namespaces/shop/pods",
    want: true,
  },
  {
    name: "leases are renewed under any load",
    groups: ["system:nodes"],
    path: "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1",
    want: true,
  },
  {
    name: "everybody else counts",
    groups: ["system:nodes"],
    path: "/api/v1/namespaces/shop/pods",
    want: false,
  },
  { name: "so do paths that are no resource", groups: [], path: "/metrics", want: false },
]) {
  test(`isUnlimited: ${name}`, () => {
    assert.equal(isUnlimited(authenticated("someone", groups), parseTarget(path)), want);
  });
}
