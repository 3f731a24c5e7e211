import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { kindOfResource } from "../../src/api/kinds.ts";
import { services } from "../../src/api/resource.ts";
import type { Service } from "../../src/api/types.ts";
import { maintainKubernetesService } from "../../src/apiserver/kubernetes-service.ts";
import { createObject } from "../../src/apiserver/write/create.ts";
import { parseCidr } from "../../src/lib/ip.ts";
import { createLogger } from "../../src/lib/log.ts";
import { ManualClock, settle } from "../../src/lib/manual-clock.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";
import { openWriteContext } from "./write-context.ts";

let lab: Lab;
let http: HttpClient;
const service = "/api/v1/namespaces/default/services/kubernetes";
const endpoints = "/api/v1/namespaces/default/endpoints/kubernetes";
const slice = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

/** Asks until the answer is as wanted; for a minute at most. */
async function eventually(path: string, isRight: (json: unknown) => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const { status, json } = await http.get(path);
    if (status === 200 && isRight(json)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`${path} did not come back`);
}

test("the Service has the first address of the range, and its endpoint is the API server", async () => {
  const { spec } = (await http.get(service)).json;
  assert.equal(spec.clusterIP, "172.30.0.1");
  assert.deepEqual(spec.ports, [{ name: "https", protocol: "TCP", port: 443, targetPort: 6443 }]);
  const { subsets, metadata } = (await http.get(endpoints)).json;
  assert.equal(subsets[0].addresses[0].ip, "192.168.0.1");
  assert.equal(metadata.labels["endpointslice.kubernetes.io/skip-mirror"], "true");
  const got = (await http.get(slice)).json;
  assert.equal(got.metadata.labels["kubernetes.io/service-name"], "kubernetes");
  assert.equal(got.metadata.labels["endpointslice.kubernetes.io/managed-by"], undefined);
  assert.equal(got.endpoints[0].addresses[0], "192.168.0.1");
});

test("whichever of the three is deleted comes back", async () => {
  for (const path of [service, endpoints, slice]) {
    const { uid } = (await http.get(path)).json.metadata;
    assert.equal((await http.delete(path)).status, 200);
    await eventually(path, (json) => Object(json).metadata.uid !== uid);
  }
  assert.equal((await http.get(service)).json.spec.clusterIP, "172.30.0.1");
});

test("a change to the endpoints is undone", async () => {
  await http.patch(endpoints, {
    subsets: [{ addresses: [{ ip: "10.0.0.9" }], ports: [{ port: 1 }] }],
  });
  await eventually(endpoints, (json) => Object(json).subsets[0].addresses[0].ip === "192.168.0.1");
});

test("while another Service holds its address, it is tried for every ten seconds and not more often", async () => {
  await using cleanup = new AsyncDisposableStack();
  const clock = new ManualClock();
  const serviceCidr = parseCidr("172.30.0.0/16")!;
  const context = await openWriteContext(cleanup, { clock, serviceCidrs: [serviceCidr] });
  const holder: Service = {
    metadata: { name: "holder" },
    spec: { clusterIP: "172.30.0.1", ports: [{ port: 80 }] },
  };
  const inDefault = { dryRun: false, namespace: "default" };
  await createObject(context, kindOfResource(services), holder, inDefault);
  const warnings: string[] = [];
  const write = (line: string) => warnings.push(line);
  const log = createLogger({ room: "apiserver", level: "warn", write, now: () => clock.now() });
  const end = new AbortController();
  const apiEndpoint = { host: "192.168.0.1", port: 6443 };
  const options = { context, serviceCidr, apiEndpoint, log, signal: end.signal };
  const maintaining = maintainKubernetesService(options);
  cleanup.defer(async () => {
    end.abort();
    await maintaining;
  });
  // The first turn makes the other two objects, which takes the disk its time.
  while (clock.sleepers === 0) await settle();
  await clock.advance(60_000);
  assert.ok(warnings.length > 2 && warnings.length < 10, `${warnings.length} warnings`);
  assert.match(warnings[0] ?? "", /provided IP is already allocated/);
});
