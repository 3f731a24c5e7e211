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
const deployments = "/apis/apps/v1/namespaces/default/deployments";

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

test("a create answers 201 with what the server set, and is refused a second time", async () => {
  const created = await http.post(deployments, {
    metadata: {
      name: "web",
      generation: 7,
      uid: "mine",
      creationTimestamp: "2001-01-01T00:00:00Z",
    },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "c", image: "nginx" }] },
      },
    },
    status: { replicas: 5 },
  });
  assert.equal(created.status, 201);
  const { metadata, spec, status } = created.json;
  assert.equal(metadata.generation, 1);
  assert.notEqual(metadata.uid, "mine");
  assert.notEqual(metadata.creationTimestamp, "2001-01-01T00:00:00Z");
  assert.equal(spec.replicas, 1);
  assert.equal(status.replicas, undefined);
  const again = await http.post(deployments, { ...created.json, metadata: { name: "web" } });
  assert.equal(again.status, 409);
  assert.equal(again.json.reason, "AlreadyExists");
  assert.equal(again.json.message, 'deployments.apps "web" already exists');
});

test("the generation counts changes of the spec, and the status has its own path", async () => {
  const path = `${deployments}/web`;
  const labelled = await http.patch(path, {
    metadata: { labels: { a: "b" } },
    status: { replicas: 9 },
  });
  assert.equal(labelled.json.metadata.generation, 1);
  assert.equal(labelled.json.status.replicas, undefined);
  const scaled = await http.patch(path, { spec: { replicas: 2 } });
  assert.equal(scaled.json.metadata.generation, 2);
  const status = await http.patch(`${path}/status`, {
    spec: { replicas: 7 },
    status: { replicas: 3 },
  });
  assert.equal(status.json.spec.replicas, 2);
  assert.equal(status.json.status.replicas, 3);
});

test("scale is read and written through its own object", async () => {
  const path = `${deployments}/web/scale`;
  const scale = await http.get(path);
  assert.equal(scale.json.kind, "Scale");
  assert.equal(scale.json.apiVersion, "autoscaling/v1");
  assert.equal(scale.json.status.selector, "app=web");
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  const { columnDefinitions, rows } = (await http.get(path, { accept })).json;
  assert.deepEqual(
    columnDefinitions.map(({ name }: { readonly name: string }) => name),
    ["Name", "Desired", "Available", "Age"],
  );
  assert.deepEqual(rows[0].cells.slice(0, 3), ["web", 2, 3]);
  assert.equal(rows[0].object.metadata.name, "web");
  const shown = await http.ask("PUT", path, { body: scale.json, headers: { accept } });
  assert.equal(shown.json.kind, "Table", "a change is answered in the form that is asked for, too");
  const patched = await http.patch(path, { spec: { replicas: 4 } });
  assert.equal(patched.json.spec.replicas, 4);
  const put = await http.put(path, { ...patched.json, spec: { replicas: 5 } });
  assert.equal(put.status, 200);
  assert.equal((await http.put(path, { ...patched.json, spec: { replicas: 6 } })).status, 409);
  assert.equal((await http.get(`${deployments}/web`)).json.spec.replicas, 5);
  assert.equal((await http.patch(path, { spec: { replicas: -1 } })).status, 422);
});

test("a generated name has five letters more, and is drawn again when it is taken", async () => {
  const first = await http.post(maps, { metadata: { generateName: "gen-" } });
  assert.equal(first.status, 201);
  assert.match(first.json.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
});

test("a write on an old version is a conflict, and changes nothing", async () => {
  const { json: old } = await http.post(maps, { ...map("conflict"), data: { a: "1" } });
  await http.put(`${maps}/conflict`, { ...old, data: { a: "2" } });
  const late = await http.put(`${maps}/conflict`, { ...old, data: { a: "3" } });
  assert.equal(late.status, 409);
  assert.equal(late.json.reason, "Conflict");
  assert.match(
    late.json.message,
    /^Operation cannot be fulfilled on configmaps "conflict": the object/,
  );
  assert.equal((await http.get(`${maps}/conflict`)).json.data.a, "2");
});

test("a PUT without a version replaces whatever is there, but for kinds that forbid it", async () => {
  await http.post(maps, map("unconditional"));
  assert.equal(
    (await http.put(`${maps}/unconditional`, { ...map("unconditional"), data: { a: "1" } })).status,
    200,
  );
  const accounts = `${core}/serviceaccounts`;
  await http.post(accounts, map("conditional"));
  const got = await http.put(`${accounts}/conditional`, map("conditional"));
  assert.equal(got.status, 422);
  assert.equal(got.json.details.causes[0].field, "metadata.resourceVersion");
});

test("a write that changes nothing gets no new version", async () => {
  const { json } = await http.post(maps, { ...map("same"), data: { a: "1", b: "2" } });
  const version = json.metadata.resourceVersion;
  const put = await http.put(`${maps}/same`, {
    data: { b: "2", a: "1" },
    metadata: { name: "same" },
  });
  assert.equal(put.json.metadata.resourceVersion, version);
  const patched = await http.patch(`${maps}/same`, { data: { a: "1" } });
  assert.equal(patched.json.metadata.resourceVersion, version);
});

test("patches of one object by many at a time all arrive", async () => {
  await http.post(maps, map("crowd"));
  const count = 150;
  const results = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      http.patch(`${maps}/crowd`, { data: { [`k${i}`]: "1" } }),
    ),
  );
  assert.deepEqual(new Set(results.map(({ status }) => status)), new Set([200]));
  assert.equal(Object.keys((await http.get(`${maps}/crowd`)).json.data).length, count);
});

test("of many who replace what they have read one wins, and who says no version always does", async () => {
  const { json: read } = await http.post(maps, map("contest"));
  const replace = (i: number, metadata: object) =>
    http.put(`${maps}/contest`, { metadata, data: { i: `${i}` } });
  const pinned = await Promise.all(Array.from({ length: 40 }, (_, i) => replace(i, read.metadata)));
  const codes = pinned.map(({ status }) => status).sort();
  assert.deepEqual(codes, [200, ...Array.from({ length: 39 }, () => 409)]);
  const free = await Promise.all(
    Array.from({ length: 100 }, (_, i) => replace(i, { name: "contest" })),
  );
  assert.deepEqual(new Set(free.map(({ status }) => status)), new Set([200]));
});

test("a PUT may create Services, Endpoints and Leases, and no ConfigMap", async () => {
  const endpoints = await http.put(`${core}/endpoints/new`, map("new"));
  assert.equal(endpoints.status, 201);
  assert.equal((await http.put(`${maps}/new`, map("new"))).status, 404);
  await http.delete(`${core}/endpoints/new`);
  const late = await http.put(`${core}/endpoints/new`, endpoints.json);
  assert.equal(late.status, 409, "who has read it before it went does not bring it back");
});

test("whoever uses Endpoints hears that they are deprecated, and then of what they wrote", async () => {
  const deprecated =
    '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';
  const subsets = [{ addresses: [{ ip: "2001:DB8::9" }] }];
  const spelling =
    'subsets[0].addresses[0].ip: IPv6 address \\"2001:DB8::9\\" should be in RFC 5952 canonical format (\\"2001:db8::9\\")';
  const made = await http.post(`${core}/endpoints`, { ...map("spelt"), subsets });
  assert.equal(made.headers["warning"], `${deprecated}, 299 - "${spelling}"`);
  for (const path of ["endpoints", "endpoints/spelt"]) {
    assert.equal((await http.get(`${core}/${path}`)).headers["warning"], deprecated, path);
  }
  assert.equal((await http.get(`${core}/services`)).headers["warning"], undefined);
  await http.delete(`${core}/endpoints/spelt`);
});

test("the body must be about the object that the path names", async () => {
  await http.post(maps, map("named"));
  const other = await http.put(`${maps}/named`, map("another"));
  assert.equal(other.status, 400);
  const elsewhere = await http.post(maps, map("x", { namespace: "kube-system" }));
  assert.equal(elsewhere.status, 400);
  assert.match(elsewhere.json.message, /does not match the namespace sent on the request/);
});

test("a dry run answers as if, and nothing happens", async () => {
  const dry = await http.post(`${maps}?dryRun=All`, map("dry"));
  assert.equal(dry.status, 201);
  assert.ok(dry.json.metadata.uid);
  assert.equal((await http.get(`${maps}/dry`)).status, 404);
  await http.post(maps, map("dry"));
  assert.equal((await http.post(`${maps}?dryRun=All`, map("dry"))).status, 409);
  const patched = await http.ask("PATCH", `${maps}/dry?dryRun=All`, {
    body: { data: { a: "1" } },
    headers: { "content-type": "application/merge-patch+json" },
  });
  assert.equal(patched.json.data.a, "1");
  assert.equal((await http.get(`${maps}/dry`)).json.data, undefined);
  assert.equal((await http.delete(`${maps}/dry?dryRun=All`)).status, 200);
  assert.equal((await http.get(`${maps}/dry`)).status, 200);
  assert.equal((await http.post(`${maps}?dryRun=Some`, map("dry2"))).status, 422);
});

test("a dry run takes no address", async () => {
  const service = { ...map("dry"), spec: { clusterIP: "172.30.7.7", ports: [{ port: 80 }] } };
  assert.equal((await http.post(`${core}/services?dryRun=All`, service)).status, 201);
  assert.equal((await http.post(`${core}/services`, service)).status, 201);
  const taken = { ...service, metadata: { name: "other" } };
  const refused = await http.post(`${core}/services`, taken);
  assert.equal(refused.status, 422);
  assert.match(refused.json.message, /provided IP is already allocated/);
});

test("concurrent creates never share an address", async () => {
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      http.post(`${core}/services`, {
        ...map(`many-${i}`),
        spec: { type: "NodePort", ports: [{ port: 80 }] },
      }),
    ),
  );
  assert.equal(new Set(results.map(({ json }) => json.spec.clusterIP)).size, 100);
  assert.equal(new Set(results.map(({ json }) => json.spec.ports[0].nodePort)).size, 100);
});

test("a pod is bound to a node once", async () => {
  await http.post(pods, pod("bound"));
  const binding = { metadata: { name: "bound" }, target: { kind: "Node", name: "node-1" } };
  const first = await http.post(`${pods}/bound/binding`, binding);
  assert.equal(first.status, 201);
  assert.equal(first.json.status, "Success");
  const { spec, status } = (await http.get(`${pods}/bound`)).json;
  assert.equal(spec.nodeName, "node-1");
  assert.equal(
    status.conditions.find(({ type }: { type: string }) => type === "PodScheduled").status,
    "True",
  );
  const second = await http.post(`${pods}/bound/binding`, binding);
  assert.equal(second.status, 409);
  assert.match(second.json.message, /pod bound is already assigned to node "node-1"$/);
});

test("nothing is created in a namespace that is missing, or going", async () => {
  const missing = await http.post("/api/v1/namespaces/none/configmaps", map("x"));
  assert.equal(missing.status, 404);
  assert.equal(missing.json.message, 'namespaces "none" not found');

  const created = await http.post("/api/v1/namespaces", map("going"));
  assert.deepEqual(created.json.spec.finalizers, ["kubernetes"]);
  assert.equal(created.json.status.phase, "Active");
  const deleted = await http.delete("/api/v1/namespaces/going");
  assert.equal(deleted.json.status.phase, "Terminating");
  const refused = await http.post("/api/v1/namespaces/going/configmaps", map("x"));
  assert.equal(refused.status, 403);
  assert.equal(refused.json.details.causes[0].reason, "NamespaceTerminating");
  const again = await http.delete("/api/v1/namespaces/going");
  assert.equal(again.status, 409);

  const finalized = await http.put("/api/v1/namespaces/going/finalize", {
    ...deleted.json,
    spec: { finalizers: [] },
  });
  assert.equal(finalized.status, 200);
  assert.equal((await http.get("/api/v1/namespaces/going")).status, 404);
});

test("a new object may say that it has no version yet", async () => {
  assert.equal((await http.post(maps, map("zero", { resourceVersion: "0" }))).status, 201);
});

test("the metadata of a binding is checked like any other, and becomes the pod's", async () => {
  const metadata = { annotations: { "not a name!": "x" } };
  await http.post(pods, pod("unlabelled"));
  const bound = await http.post(`${pods}/unlabelled/binding`, {
    metadata: { name: "unlabelled", ...metadata },
    target: { kind: "Node", name: "node-1" },
  });
  assert.equal(bound.status, 422);
  assert.equal(bound.json.details.causes[0].field, "metadata.annotations");
  assert.equal((await http.get(`${pods}/unlabelled`)).json.spec.nodeName, undefined);
  const right = { metadata: { annotations: { a: "1" } }, target: { name: "node-1" } };
  assert.equal((await http.post(`${pods}/unlabelled/binding`, right)).status, 201);
  const { json } = await http.get(`${pods}/unlabelled`);
  assert.equal(json.spec.nodeName, "node-1");
  assert.deepEqual(json.metadata.annotations, { a: "1" });
});

const badBodies = [
  { name: "half a JSON", body: '{"metadata":', status: 400, reason: "BadRequest" },
  { name: "a list", body: "[]", status: 400, reason: "BadRequest" },
  {
    name: "another kind",
    body: { kind: "Secret", apiVersion: "v1", metadata: { name: "x" } },
    status: 400,
    reason: "BadRequest",
  },
  { name: "a wrong type", body: { metadata: { name: 5 } }, status: 400, reason: "BadRequest" },
  { name: "a bad name", body: map("Not_A_Name"), status: 422, reason: "Invalid" },
  {
    name: "a version",
    body: map("x", { resourceVersion: "5" }),
    status: 500,
    reason: "InternalError",
  },
  {
    name: "an unknown media type",
    body: "x",
    type: "text/plain",
    status: 415,
    reason: "UnsupportedMediaType",
  },
  {
    name: "more than 3 MiB",
    body: { ...map("big"), data: { a: "x".repeat(3 * 1024 * 1024) } },
    status: 413,
    reason: "RequestEntityTooLarge",
  },
];
for (const { name, body, type, status, reason } of badBodies) {
  test(`a body with ${name} is ${status}`, async () => {
    const headers = type === undefined ? {} : { "content-type": type };
    const got = await http.post(maps, body, headers);
    assert.equal(got.status, status, got.bytes.toString());
    assert.equal(got.json.kind, "Status");
    assert.equal(got.json.reason, reason);
  });
}

test("an object above 1.5 MB is refused with its size and the limit", async () => {
  const events = `${core}/events`;
  const { status, json } = await http.post(events, {
    metadata: { name: "big" },
    involvedObject: { namespace: "default" },
    message: "x".repeat(1600 * 1024),
  });
  assert.equal(status, 413);
  assert.equal(json.reason, "RequestEntityTooLarge");
  assert.match(json.message, /etcdserver: request is too large: .*the limit is 1572864/);
});

test("unknown fields are an error, a warning, or nothing, as the client wishes", async () => {
  const body = (name: string) => ({ ...map(name), nonsense: 1 });
  const strict = await http.post(`${maps}?fieldValidation=Strict`, body("strict"));
  assert.equal(strict.status, 400);
  assert.match(strict.json.message, /strict decoding error: unknown field "nonsense"/);
  const warned = await http.post(`${maps}?fieldValidation=Warn`, body("warn"));
  assert.equal(warned.status, 201);
  assert.equal(warned.headers["warning"], '299 - "unknown field \\"nonsense\\""');
  const refused = await http.post(`${maps}?fieldValidation=Warn`, body("Not a name"));
  assert.equal(refused.status, 422);
  assert.equal(refused.headers["warning"], '299 - "unknown field \\"nonsense\\""');
  const ignored = await http.post(`${maps}?fieldValidation=Ignore`, body("ignore"));
  assert.equal(ignored.headers["warning"], undefined);
});

test("server-side apply is 415 until it is there", async () => {
  const got = await http.ask("PATCH", `${maps}/applied?fieldManager=me&force=false`, {
    body: map("applied"),
    headers: { "content-type": "application/apply-patch+yaml" },
  });
  assert.equal(got.status, 415, "also for an object that is not there");
  await http.post(maps, map("applied"));
  const again = await http.ask("PATCH", `${maps}/applied?fieldManager=me&force=false`, {
    body: map("applied"),
    headers: { "content-type": "application/apply-patch+yaml" },
  });
  assert.equal(again.status, 415);
});

test("a method that a path does not have is 405", async () => {
  for (const [method, path] of [
    ["POST", "/api/v1/pods"],
    ["DELETE", "/api/v1/namespaces"],
    ["PUT", maps],
    ["POST", "/version"],
  ] as const) {
    const got = await http.ask(method, path, { body: map("x") });
    assert.equal(got.status, 405, `${method} ${path}`);
    assert.equal(got.json.reason, "MethodNotAllowed");
  }
});
