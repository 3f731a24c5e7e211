import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCidr } from "../lib/ip.ts";
import { kubernetesObjects } from "./kubernetes-objects.ts";

const apiEndpoint = { host: "192.168.0.1", port: 6443 };
const [service, endpoints, slice] = kubernetesObjects({
  serviceCidr: parseCidr("172.30.0.0/16")!,
  apiEndpoint,
});

test("kubernetesObjects: the Service has the first address of the range", () => {
  assert.partialDeepStrictEqual(service!.object, { spec: { clusterIP: "172.30.0.1" } });
  const [six] = kubernetesObjects({ serviceCidr: parseCidr("fd00:10:96::/112")!, apiEndpoint });
  assert.partialDeepStrictEqual(six!.object, {
    spec: { clusterIP: "fd00:10:96::1", ipFamilies: ["IPv6"] },
  });
});

test("kubernetesObjects: what is wrong is put right, and labels of others stay", () => {
  const metadata = { name: "kubernetes", namespace: "default", labels: { own: "1" }, uid: "u" };
  const wrong = { metadata, subsets: [], endpoints: [], ports: [], addressType: "FQDN" };
  const right = endpoints!.correct(wrong);
  assert.partialDeepStrictEqual(right, {
    metadata: { uid: "u", labels: { own: "1", "endpointslice.kubernetes.io/skip-mirror": "true" } },
    subsets: [{ addresses: [{ ip: "192.168.0.1" }] }],
  });
  assert.partialDeepStrictEqual(slice!.correct(wrong), {
    metadata: { labels: { own: "1", "kubernetes.io/service-name": "kubernetes" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["192.168.0.1"] }],
  });
});

test("kubernetesObjects: what is right already stays as it is", () => {
  for (const { object, correct } of [service!, endpoints!, slice!]) {
    assert.deepEqual(correct(object), object);
  }
});
