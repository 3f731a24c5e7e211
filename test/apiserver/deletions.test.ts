import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";
import { map, pod } from "./samples.ts";

let lab: Lab;
let http: HttpClient;
const core = "/api/v1/namespaces/default";
const maps = `${core}/configmaps`;
const pods = `${core}/pods`;

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

test("a deleted Service gives its address back and takes its Endpoints with it", async () => {
  const service = { ...map("freed"), spec: { clusterIP: "172.30.7.8", ports: [{ port: 80 }] } };
  await http.post(`${core}/services`, service);
  await http.post(`${core}/endpoints`, map("freed"));
  const deleted = await http.delete(`${core}/services/freed`);
  assert.equal(deleted.json.kind, "Service", "a Service is answered with itself");
  assert.equal((await http.get(`${core}/endpoints/freed`)).status, 404);
  assert.equal((await http.post(`${core}/services`, service)).status, 201);
});

test("finalizers keep an object until the last one is taken away", async () => {
  const path = `${maps}/kept`;
  await http.post(maps, map("kept", { finalizers: ["example.org/a", "example.org/b"] }));
  const deleted = await http.delete(path);
  assert.equal(deleted.status, 200);
  assert.ok(deleted.json.metadata.deletionTimestamp);
  assert.equal(
    (await http.post(maps, map("kept"))).json.message,
    'object is being deleted: configmaps "kept" already exists',
  );
  await http.patch(path, { metadata: { finalizers: ["example.org/b"] } });
  assert.equal((await http.get(path)).status, 200);
  const last = await http.patch(path, { metadata: { finalizers: null } });
  assert.equal(last.status, 200);
  assert.equal((await http.get(path)).status, 404);
});

test("the propagation policy becomes a finalizer", async () => {
  await http.post(maps, map("foreground"));
  const kept = await http.delete(`${maps}/foreground`, { propagationPolicy: "Foreground" });
  assert.deepEqual(kept.json.metadata.finalizers, ["foregroundDeletion"]);
  await http.post(maps, map("orphan"));
  const orphan = await http.delete(`${maps}/orphan?propagationPolicy=Orphan`);
  assert.deepEqual(orphan.json.metadata.finalizers, ["orphan"]);
  await http.post(maps, map("background"));
  const gone = await http.delete(`${maps}/background`, { propagationPolicy: "Background" });
  assert.equal(gone.json.kind, "Status");
  assert.equal(gone.json.status, "Success");
  assert.equal(gone.json.details.kind, "configmaps");
  await http.post(maps, map("policy"));
  assert.equal((await http.delete(`${maps}/policy?propagationPolicy=Sideways`)).status, 422);
});

test("preconditions of a deletion must hold", async () => {
  const { json } = await http.post(maps, map("precondition"));
  const wrongUid = await http.delete(`${maps}/precondition`, { preconditions: { uid: "other" } });
  assert.equal(wrongUid.status, 409);
  assert.match(wrongUid.json.message, /Precondition failed: UID in precondition: other/);
  const wrongVersion = await http.delete(`${maps}/precondition`, {
    preconditions: { resourceVersion: "1" },
  });
  assert.equal(wrongVersion.status, 409);
  const { uid, resourceVersion } = json.metadata;
  const right = await http.delete(`${maps}/precondition`, {
    preconditions: { uid, resourceVersion },
  });
  assert.equal(right.status, 200);
});

test("a pod on a node gets time to end, which only ever gets shorter", async () => {
  await http.post(pods, pod("running", { nodeName: "node-1" }));
  const deleted = await http.delete(`${pods}/running`);
  assert.equal(deleted.json.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(deleted.json.metadata.generation, 2);
  const longer = await http.delete(`${pods}/running?gracePeriodSeconds=60`);
  assert.equal(longer.json.metadata.deletionGracePeriodSeconds, 30);
  const shorter = await http.delete(`${pods}/running`, { gracePeriodSeconds: 5 });
  assert.equal(shorter.json.metadata.deletionGracePeriodSeconds, 5);
  assert.ok(shorter.json.metadata.deletionTimestamp < deleted.json.metadata.deletionTimestamp);
  await http.delete(`${pods}/running?gracePeriodSeconds=0`);
  assert.equal((await http.get(`${pods}/running`)).status, 404);
});

test("a pod without a node goes at once", async () => {
  await http.post(pods, pod("waiting"));
  await http.delete(`${pods}/waiting`);
  assert.equal((await http.get(`${pods}/waiting`)).status, 404);
});

test("an eviction deletes the pod", async () => {
  await http.post(pods, pod("evicted"));
  const answer = await http.post(`${pods}/evicted/eviction`, {
    apiVersion: "policy/v1",
    kind: "Eviction",
    metadata: { name: "evicted" },
  });
  assert.equal(answer.status, 201);
  assert.equal((await http.get(`${pods}/evicted`)).status, 404);
});

test("a collection is deleted by selector", async () => {
  for (const name of ["c1", "c2", "c3"]) {
    await http.post(maps, map(name, { labels: { drop: name === "c3" ? "no" : "yes" } }));
  }
  const answer = await http.delete(`${maps}?labelSelector=drop%3Dyes`);
  assert.equal(answer.status, 200);
  assert.equal(answer.json.items.length, 2);
  assert.equal((await http.get(`${maps}/c1`)).status, 404);
  assert.equal((await http.get(`${maps}/c3`)).status, 200);
});

test("the namespaces of the system stay", async () => {
  const { status, json } = await http.delete("/api/v1/namespaces/kube-system");
  assert.equal(status, 403);
  assert.match(json.message, /this namespace may not be deleted/);
});

const badDeletions = [
  { name: "a grace period that is empty", query: "?gracePeriodSeconds=", status: 400 },
  { name: "a grace period that is no integer", query: "?gracePeriodSeconds=1e1", status: 400 },
  { name: "an unknown policy", query: "?propagationPolicy=Sideways", status: 422 },
  { name: "an unknown dry run", body: { dryRun: ["Some"] }, status: 422 },
];
for (const { name, query = "", body, status } of badDeletions) {
  test(`a deletion with ${name} is ${status} and deletes nothing`, async () => {
    await http.post(maps, map("stays"));
    assert.equal((await http.delete(`${maps}/stays${query}`, body)).status, status);
    assert.equal((await http.get(`${maps}/stays`)).status, 200);
  });
}
