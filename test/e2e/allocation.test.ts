import assert from "node:assert/strict";
import { test } from "node:test";
import { services } from "../../src/api/resource.ts";
import { StatusError } from "../../src/api/status-error.ts";
import type { Service } from "../../src/api/types.ts";
import { createApi } from "../../src/client/create-api.ts";
import { httpsTransport } from "../../src/client/https-transport.ts";
import { loadKubeconfig } from "../../src/client/load-kubeconfig.ts";
import { startTestCluster } from "./harness.ts";

// C2, C3: cluster IPs and node ports under many writers at once, and when a range is full.

const service = (name: string, spec: Service["spec"] = {}): Service => ({
  metadata: { name, namespace: "default" },
  spec: { ports: [{ port: 80 }], ...spec },
});

test("C2: a thousand creates at once get a thousand cluster IPs of the range; a deleted one is free again", async () => {
  await using cluster = await startTestCluster({ nodes: 0 });
  await using transport = httpsTransport(loadKubeconfig(cluster.kubeconfig));
  const api = createApi(transport);
  const made = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => api.create(services, service(`s-${i}`))),
  );
  const ips = made.map(({ spec }) => spec?.clusterIP ?? "");
  assert.equal(new Set(ips).size, 1000);
  for (const ip of ips) assert.match(ip, /^10\.(9[6-9]|10\d|11[01])\./);
  const [clusterIP = ""] = ips;
  await api.delete(services, { namespace: "default", name: "s-0" });
  const again = await api.create(services, service("again", { clusterIP }));
  assert.equal(again.spec?.clusterIP, clusterIP);
});

test("C2, C3: what is full says so, and a delete makes room", async () => {
  await using cluster = await startTestCluster({
    nodes: 0,
    flags: ["--service-cidr", "10.96.0.0/28", "--service-node-port-range", "30000-30003"],
  });
  await using transport = httpsTransport(loadKubeconfig(cluster.kubeconfig));
  const api = createApi(transport);
  const refusal = (call: Promise<unknown>) =>
    call.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => {
        assert.ok(error instanceof StatusError);
        return error.message;
      },
    );

  // Fourteen usable addresses, of which the Service `kubernetes` has one.
  for (let i = 0; i < 4; i++) await api.create(services, service(`n-${i}`, { type: "NodePort" }));
  assert.match(await refusal(api.create(services, service("n-4", { type: "NodePort" }))), /full/);
  for (let i = 4; i < 13; i++) await api.create(services, service(`c-${i}`));
  assert.match(await refusal(api.create(services, service("c-13"))), /range is full/);

  await api.delete(services, { namespace: "default", name: "n-0" });
  await api.create(services, service("n-4", { type: "NodePort" }));
});
