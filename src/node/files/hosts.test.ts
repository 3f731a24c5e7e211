import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelHostname } from "./hosts.ts";

const cases: readonly {
  readonly name: string;
  readonly pod: { readonly name: string; readonly subdomain?: string; readonly asFqdn?: boolean };
  readonly want: string | RegExp;
}[] = [
  { name: "a pod's name", pod: { name: "web-0" }, want: "web-0" },
  {
    name: "a long name is cut to a label, which ends with a letter or digit",
    pod: { name: `${"a".repeat(62)}-${"b".repeat(9)}` },
    want: "a".repeat(62),
  },
  {
    name: "a subdomain shows in files alone",
    pod: { name: "web-0", subdomain: "web" },
    want: "web-0",
  },
  {
    name: "unless the pod wants its full name",
    pod: { name: "web-0", subdomain: "web", asFqdn: true },
    want: "web-0.web.shop.svc.cluster.local",
  },
  {
    name: "without a subdomain there is no full name",
    pod: { name: "web-0", asFqdn: true },
    want: "web-0",
  },
  {
    name: "64 characters are the most that a kernel takes",
    pod: { name: "a".repeat(36), subdomain: "web", asFqdn: true },
    want: `${"a".repeat(36)}.web.shop.svc.cluster.local`,
  },
  {
    name: "more is an error, nothing is cut",
    pod: { name: "a".repeat(37), subdomain: "web123", asFqdn: true },
    want: /is too long \(64 characters is the max, 67 characters requested\)$/,
  },
];

for (const { name, pod, want } of cases) {
  test(`kernelHostname: ${name}`, () => {
    const { subdomain, asFqdn } = pod;
    const hostname = () =>
      kernelHostname(
        {
          metadata: { name: pod.name, namespace: "shop" },
          spec: {
            containers: [],
            ...(subdomain === undefined ? {} : { subdomain }),
            ...(asFqdn === undefined ? {} : { setHostnameAsFQDN: asFqdn }),
          },
        },
        "cluster.local",
      );
    if (typeof want === "string") assert.equal(hostname(), want);
    else assert.throws(hostname, want);
  });
}
