import assert from "node:assert/strict";
import { connect as http2Connect } from "node:http2";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

let lab: Lab;
let http: HttpClient;
const maps = "/api/v1/namespaces/default/configmaps";
const tableAccept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
  for (const index of [1, 2, 3, 4, 5, 6, 7]) {
    const labels = { parity: index % 2 === 0 ? "even" : "odd" };
    await http.post(maps, { metadata: { name: `m${index}`, labels }, data: { index: `${index}` } });
  }
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

const names = (json: { items: { metadata: { name: string } }[] }) =>
  json.items.map(({ metadata }) => metadata.name);

test("an object has kind, uid, time and version", async () => {
  const { status, json } = await http.get(`${maps}/m1`);
  assert.equal(status, 200);
  assert.equal(json.kind, "ConfigMap");
  assert.equal(json.apiVersion, "v1");
  assert.match(json.metadata.uid, /^[0-9a-f-]{36}$/);
  assert.match(json.metadata.creationTimestamp, /^\d{4}-.*Z$/);
  assert.match(json.metadata.resourceVersion, /^[1-9]\d*$/);
});

test("what is missing is 404 with the plural as its kind", async () => {
  const { status, json } = await http.get("/apis/apps/v1/namespaces/default/deployments/none");
  assert.equal(status, 404);
  assert.equal(json.message, 'deployments.apps "none" not found');
  assert.deepEqual(json.details, { name: "none", group: "apps", kind: "deployments" });
});

test("a path that leads nowhere is 404 with Kubernetes' text", async () => {
  for (const path of [
    "/api/v1/nonsense",
    "/nonsense",
    "/apis/apps/v2/deployments",
    "/api/v1/namespaces/default/nodes",
    "/api/v1/namespaces/default/namespaces/kube-system",
  ]) {
    const { status, json } = await http.get(path);
    assert.equal(status, 404);
    assert.equal(json.message, "the server could not find the requested resource");
  }
});

test("pages of one list show the state at its first page, whatever happens meanwhile", async () => {
  const first = await http.get(`${maps}?limit=3`);
  assert.deepEqual(names(first.json), ["m1", "m2", "m3"]);
  assert.equal(first.json.metadata.remainingItemCount, 4);
  await http.post(maps, { metadata: { name: "m35" } });
  await http.patch(`${maps}/m4`, { data: { index: "changed" } });
  await http.delete(`${maps}/m5`);

  const token = encodeURIComponent(first.json.metadata.continue);
  const second = await http.get(`${maps}?limit=3&continue=${token}`);
  assert.deepEqual(names(second.json), ["m4", "m5", "m6"]);
  assert.equal(second.json.items[0].data.index, "4");
  assert.equal(second.json.metadata.resourceVersion, first.json.metadata.resourceVersion);
  const last = await http.get(
    `${maps}?limit=3&continue=${encodeURIComponent(second.json.metadata.continue)}`,
  );
  assert.deepEqual(names(last.json), ["m7"]);
  assert.equal(last.json.metadata.continue, undefined);

  await http.delete(`${maps}/m35`);
  await http.post(maps, { metadata: { name: "m5", labels: { parity: "odd" } } });
});

test("an expired continue token is 410 with a token that goes on at the newest state", async () => {
  const first = await http.get(`${maps}?limit=2`);
  await http.post(maps, { metadata: { name: "m25" } });
  await lab.storage.compact(lab.storage.revision);
  const token = encodeURIComponent(first.json.metadata.continue);
  const expired = await http.get(`${maps}?limit=2&continue=${token}`);
  assert.equal(expired.status, 410);
  assert.equal(expired.json.reason, "Expired");
  const next = encodeURIComponent(expired.json.metadata.continue);
  const rest = await http.get(`${maps}?continue=${next}`);
  assert.deepEqual(names(rest.json), ["m25", "m3", "m4", "m5", "m6", "m7"]);
  await http.delete(`${maps}/m25`);
});

test("resource versions of a list mean what Kubernetes says", async () => {
  const before = await http.get(maps);
  const version = before.json.metadata.resourceVersion;
  await http.patch(`${maps}/m1`, { data: { index: "new" } });
  const exact = await http.get(`${maps}?resourceVersion=${version}&resourceVersionMatch=Exact`);
  assert.equal(exact.json.items[0].data.index, "1");
  assert.equal(exact.json.metadata.resourceVersion, version);
  const limited = await http.get(`${maps}?resourceVersion=${version}&limit=2`);
  assert.equal(limited.json.items[0].data.index, "1", "a version with a limit is exact");
  const notOlder = await http.get(
    `${maps}?resourceVersion=${version}&resourceVersionMatch=NotOlderThan&limit=2`,
  );
  assert.equal(notOlder.json.items[0].data.index, "new");
  const any = await http.get(`${maps}?resourceVersion=0&limit=2`);
  assert.ok(any.json.items.length > 2, "any version ignores the limit");
});

const refusedLists = [
  { name: "match without version", query: "resourceVersionMatch=Exact", status: 422 },
  {
    name: "exact at zero",
    query: "resourceVersion=0&resourceVersionMatch=Exact",
    status: 422,
  },
  { name: "an unknown match", query: "resourceVersion=5&resourceVersionMatch=Near", status: 422 },
  { name: "initial events", query: "sendInitialEvents=true", status: 422 },
  { name: "a version that is no number", query: "resourceVersion=abc", status: 422 },
  { name: "a continue token that is none of ours", query: "continue=abc", status: 400 },
  { name: "a label selector that is none", query: "labelSelector=a%3D%3D%3Db", status: 400 },
  { name: "a field that the kind does not have", query: "fieldSelector=data.x%3D1", status: 400 },
];
for (const { name, query, status } of refusedLists) {
  test(`a list with ${name} is refused with ${status}`, async () => {
    const got = await http.get(`${maps}?${query}`);
    assert.equal(got.status, status);
    assert.equal(got.json.kind, "Status");
  });
}

test("a version of the future is 504 after three seconds, with the cause that clients look for", async () => {
  const startedMs = performance.now();
  const { status, json, headers } = await http.get(`${maps}?resourceVersion=99999999`);
  assert.equal(status, 504);
  assert.ok(performance.now() - startedMs >= 2900);
  assert.equal(json.reason, "Timeout");
  assert.equal(json.details.causes[0].reason, "ResourceVersionTooLarge");
  assert.equal(headers["retry-after"], "1");
});

test("selectors choose by label and by field", async () => {
  const even = await http.get(`${maps}?labelSelector=parity%3Deven`);
  assert.deepEqual(names(even.json), ["m2", "m4", "m6"]);
  const notEven = await http.get(`${maps}?labelSelector=parity,parity%20notin%20(even)&limit=2`);
  assert.deepEqual(names(notEven.json), ["m1", "m3"]);
  assert.equal(notEven.json.metadata.remainingItemCount, undefined);
  const one = await http.get(`/api/v1/configmaps?fieldSelector=metadata.name%3Dm3`);
  assert.deepEqual(names(one.json), ["m3"]);
});

test("tables and metadata come in the form that was asked for", async () => {
  const table = await http.get(maps, { accept: tableAccept });
  assert.equal(table.json.kind, "Table");
  assert.equal(table.json.apiVersion, "meta.k8s.io/v1");
  assert.deepEqual(
    table.json.columnDefinitions.map((column: { name: string }) => column.name),
    ["Name", "Data", "Age"],
  );
  assert.equal(table.json.rows[0].cells[0], "m1");
  assert.equal(table.json.rows[0].object.kind, "PartialObjectMetadata");

  const beta = await http.get(`${maps}/m1?includeObject=Object`, {
    accept: "application/json;as=Table;v=v1beta1;g=meta.k8s.io",
  });
  assert.equal(beta.json.apiVersion, "meta.k8s.io/v1beta1");
  assert.equal(beta.json.rows[0].object.kind, "ConfigMap");

  const metadata = await http.get(maps, {
    accept: "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
  });
  assert.equal(metadata.json.kind, "PartialObjectMetadataList");
  assert.equal(metadata.json.items[0].data, undefined);
});

test("who takes no JSON gets 406", async () => {
  const { status, json } = await http.get(maps, { accept: "application/vnd.kubernetes.protobuf" });
  assert.equal(status, 406);
  assert.equal(json.reason, "NotAcceptable");
});

test("protobuf with JSON behind it is answered in JSON", async () => {
  const accept = "application/vnd.kubernetes.protobuf, */*";
  assert.equal((await http.get(maps, { accept })).status, 200);
});

test("a large list is compressed for who asks, a small one is not", async () => {
  const gzip = { "accept-encoding": "gzip" };
  assert.equal((await http.get(maps, gzip)).headers["content-encoding"], undefined);
  const data = { text: "x".repeat(200_000) };
  await http.post(maps, { metadata: { name: "large" }, data });
  const got = await http.get(maps, gzip);
  assert.equal(got.headers["content-encoding"], "gzip");
  const list = JSON.parse(gunzipSync(got.bytes).toString());
  assert.equal(list.kind, "ConfigMapList");
  await http.delete(`${maps}/large`);
});

test("every answer has an Audit-ID, and keeps the client's", async () => {
  assert.ok((await http.get(maps)).headers["audit-id"]);
  const got = await http.get(maps, { "audit-id": "from-me" });
  assert.equal(got.headers["audit-id"], "from-me");
});

test("discovery is chosen by whole parameters and revalidated by ETag", async () => {
  const accept = (version: string) =>
    `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList,application/json`;
  const beta = await http.get("/apis", { accept: accept("v2beta1") });
  assert.match(beta.headers["content-type"] ?? "", /;v=v2beta1;as=APIGroupDiscoveryList$/);
  assert.equal(beta.json.apiVersion, "apidiscovery.k8s.io/v2beta1");
  const current = await http.get("/apis", { accept: accept("v2") });
  assert.equal(current.json.apiVersion, "apidiscovery.k8s.io/v2");
  const again = await http.get("/apis", {
    accept: accept("v2"),
    "if-none-match": current.headers.etag ?? "",
  });
  assert.equal(again.status, 304);
  assert.equal((await http.get("/apis")).json.kind, "APIGroupList");
  assert.equal((await http.get("/api")).json.kind, "APIVersions");
  assert.equal((await http.get("/api/v1")).json.kind, "APIResourceList");
  assert.equal((await http.get("/apis/apps")).json.kind, "APIGroup");
});

test("OpenAPI documents are named in the index, kept for ever under their hash, and tiny as v2 protobuf", async () => {
  const index = await http.get("/openapi/v3");
  const url = index.json.paths["apis/apps/v1"].serverRelativeURL;
  const document = await http.get(url);
  assert.equal(document.headers["cache-control"], "public, immutable");
  assert.ok(document.json.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]);
  const etag = document.headers.etag ?? "";
  assert.equal((await http.get(url, { "if-none-match": etag })).status, 304);
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
  const v2 = await http.get("/openapi/v2", { accept });
  assert.ok(v2.bytes.length > 0 && v2.bytes.length < 100);
});

test("an idle connection is kept for longer than Go's clients keep theirs, 90 s", async () => {
  const { headers } = await http.get("/version");
  const seconds = /timeout=(\d+)/.exec(String(headers["keep-alive"]))?.[1];
  assert.ok(Number(seconds) > 90, `${seconds} s`);
});

test("health is told in detail to who asks", async () => {
  assert.equal((await http.get("/readyz")).bytes.toString(), "ok");
  const verbose = (await http.get("/livez?verbose")).bytes.toString();
  assert.match(verbose, /^\[\+\]ping ok\n/);
  assert.match(verbose, /livez check passed\n$/);
  assert.equal((await http.get("/healthz/ping")).bytes.toString(), "ok");
});

test("a list of many megabytes arrives whole over HTTP/2", async () => {
  const data = { text: "x".repeat(500_000) };
  const names = Array.from({ length: 20 }, (_, i) => `huge-${i}`);
  await Promise.all(names.map((name) => http.post(maps, { metadata: { name }, data })));
  const session = http2Connect(lab.url, { ca: lab.authority.cert, ...lab.admin });
  try {
    const stream = session.request({ ":path": maps });
    let text = "";
    stream.setEncoding("utf8");
    for await (const chunk of stream) text += chunk;
    const list = JSON.parse(text);
    const huge = list.items.filter((item: { data?: object }) => "text" in (item.data ?? {}));
    assert.equal(huge.length, 20);
  } finally {
    session.close();
  }
  await Promise.all(names.map((name) => http.delete(`${maps}/${name}`)));
});
