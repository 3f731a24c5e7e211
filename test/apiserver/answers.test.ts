import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type Ask, type Got, type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

// What Kubernetes answers to requests that are odd, in its own words: clients and people read them.

let lab: Lab;
let http: HttpClient;

const maps = "/api/v1/namespaces/default/configmaps";
const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
const reviews = "/apis/authorization.k8s.io/v1";
const merge = { "content-type": "application/merge-patch+json" };
const as = (form: string) => ({ accept: `application/json;as=${form};v=v1;g=meta.k8s.io` });
const map = (name: string) => ({ metadata: { name } });
const token = (parts: object) =>
  encodeURIComponent(Buffer.from(JSON.stringify(parts)).toString("base64url"));

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
  await http.post(maps, map("m1"));
  await http.post(leases, { ...map("l1"), spec: {} });
});
after(async () => {
  http[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

interface Refusal extends Ask {
  readonly name: string;
  /** "METHOD path". */
  readonly ask: string;
  readonly status: number;
  /** The message, or its end after the words that say which options are wrong. */
  readonly message: string;
}

const refusals: readonly Refusal[] = [
  {
    name: "a field manager of more than 128 bytes",
    ask: `POST ${maps}?fieldManager=${"%C3%A9".repeat(65)}`,
    body: map("x"),
    status: 422,
    message: "fieldManager: Too long: may not be more than 128 bytes",
  },
  {
    name: "a field manager with a bell in it",
    ask: `PUT ${maps}/m1?fieldManager=%C3%A9%07`,
    body: map("m1"),
    status: 422,
    message: 'fieldManager: Invalid value: "é\\u0007": invalid character U+0007 (at position 2)',
  },
  {
    name: "force where nothing is applied",
    ask: `PATCH ${maps}/m1?force=true`,
    body: {},
    headers: merge,
    status: 422,
    message: "force: Forbidden: may not be specified for non-apply patch",
  },
  {
    name: "an unknown field validation",
    ask: `POST ${maps}?fieldValidation=Loose`,
    body: map("x"),
    status: 422,
    message:
      'fieldValidation: Unsupported value: "Loose": supported values: "", "Ignore", "Strict", "Warn"',
  },
  {
    name: "a Lease without a version",
    ask: `PUT ${leases}/l1`,
    body: { ...map("l1"), spec: {} },
    status: 422,
    message: "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update",
  },
  {
    name: "an unknown propagation policy",
    ask: `DELETE ${maps}/m1?propagationPolicy=Sideways`,
    status: 422,
    message:
      'propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
  },
  {
    name: "a time limit of a list that is no number",
    ask: `GET ${maps}?timeoutSeconds=soon`,
    status: 400,
    message: 'strconv.ParseInt: parsing "soon": invalid syntax',
  },
  {
    name: "a time limit of a watch that is no number",
    ask: `GET ${maps}?watch=1&timeoutSeconds=1e1`,
    status: 400,
    message: 'strconv.ParseInt: parsing "1e1": invalid syntax',
  },
  {
    name: "initial events with an exact version: both are wrong",
    ask: `GET ${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=Exact`,
    status: 422,
    message:
      '[resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan, resourceVersionMatch: Unsupported value: "Exact": supported values: "NotOlderThan"]',
  },
  {
    name: "a watch that goes on from a token, with a match",
    ask: `GET ${maps}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&continue=x`,
    status: 422,
    message:
      "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided",
  },
  {
    name: "a token of another form",
    ask: `GET ${maps}?continue=${token({ v: "v9", rv: 5, start: "a\0" })}`,
    status: 400,
    message:
      'invalid continue token: continue key is not valid: server does not recognize this encoded version "v9"',
  },
  {
    name: "a token without a version",
    ask: `GET ${maps}?continue=${token({ v: "meta.k8s.io/v1", rv: 0, start: "a\0" })}`,
    status: 400,
    message:
      "invalid continue token: continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)",
  },
  {
    name: "a token without a place",
    ask: `GET ${maps}?continue=${token({ v: "meta.k8s.io/v1", rv: 5, start: "" })}`,
    status: 400,
    message:
      "invalid continue token: continue key is not valid: encoded start key empty (version meta.k8s.io/v1)",
  },
  {
    name: "the metadata of an object where there is a list",
    ask: `GET ${maps}`,
    headers: as("PartialObjectMetadata"),
    status: 406,
    message: "you requested PartialObjectMetadata, but the requested object is a list",
  },
  {
    name: "the metadata of a list where there is an object",
    ask: `GET ${maps}/m1`,
    headers: as("PartialObjectMetadataList"),
    status: 406,
    message: "you requested PartialObjectMetadataList, but the requested object is not a list",
  },
  {
    name: "a table with unknown rows",
    ask: `GET ${maps}?includeObject=Half`,
    headers: as("Table"),
    status: 400,
    message:
      "Unable to convert to Table as requested: includeObject: Invalid value: \"Half\": must be 'Metadata', 'Object', 'None', or empty",
  },
  {
    name: "a question about nothing",
    ask: `POST ${reviews}/selfsubjectaccessreviews`,
    body: { spec: {} },
    status: 422,
    message:
      "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified",
  },
  {
    name: "a question about nobody",
    ask: `POST ${reviews}/subjectaccessreviews`,
    body: { spec: { nonResourceAttributes: { verb: "get", path: "/version" } } },
    status: 422,
    message: 'spec.user: Invalid value: "": at least one of user or group must be specified',
  },
  {
    name: "a question about another namespace than that of the path",
    ask: `POST ${reviews}/namespaces/default/localsubjectaccessreviews`,
    body: { spec: { user: "jane", resourceAttributes: { verb: "get", namespace: "other" } } },
    status: 400,
    message: "spec.resourceAttributes.namespace must match namespace: default",
  },
  {
    name: "a question about no token",
    ask: "POST /apis/authentication.k8s.io/v1/tokenreviews",
    body: { spec: {} },
    status: 400,
    message: "token is required for TokenReview in authentication",
  },
  {
    name: "what lies behind a health check",
    ask: "GET /livez/ping/pong",
    status: 404,
    message: "the server could not find the requested resource",
  },
];

for (const { name, ask, status, message, ...rest } of refusals) {
  test(`${name} is ${status}`, async () => {
    const got = await asked(ask, rest);
    assert.equal(got.status, status, got.bytes.toString());
    const head = /^[A-Za-z]+(\.[a-z0-9.]+)? "[^"]*" is invalid: /;
    assert.equal(got.json.message.replace(head, ""), message);
  });
}

function asked(words: string, ask: Ask): Promise<Got> {
  const [method = "", path = ""] = words.split(" ");
  return http.ask(method, path, ask);
}

test("an answer is one line with its end, and indented for who reads it", async () => {
  const plain = (await http.get(`${maps}/m1`)).bytes.toString();
  assert.match(plain, /^\{"kind":"ConfigMap".*\}\n$/);
  const indented = JSON.stringify(JSON.parse(plain), undefined, 2);
  const wishes = [
    { path: `${maps}/m1?pretty=true`, headers: {} },
    { path: `${maps}/m1`, headers: { "user-agent": "curl/8.5.0" } },
    { path: `${maps}/m1`, headers: { accept: "application/json;pretty=1" } },
  ];
  for (const { path, headers } of wishes) {
    assert.equal((await http.get(path, headers)).bytes.toString(), indented);
  }
  const not = await http.get(`${maps}/m1?pretty=0`, { "user-agent": "curl/8.5.0" });
  assert.equal(not.bytes.toString(), plain);
  const refused = await http.get(`${maps}/none?pretty=1`);
  assert.match(refused.bytes.toString(), /^\{\n {2}"kind": "Status",/);
});

test("the root says which paths there are", async () => {
  const { status, json } = await http.get("/");
  assert.equal(status, 200);
  for (const path of ["/api/v1", "/apis/apps", "/apis/apps/v1", "/healthz/ping", "/openapi/v3"]) {
    assert.ok(json.paths.includes(path), path);
  }
});

test("a health check tells what was left out, and what could not be", async () => {
  const { bytes } = await http.get("/readyz?verbose&exclude=ping&exclude=none");
  assert.equal(
    bytes.toString(),
    '[+]ping excluded: ok\n[+]storage ok\nwarn: some health checks cannot be excluded: no matches for "none"\nreadyz check passed\n',
  );
  const head = await http.ask("HEAD", "/healthz");
  assert.equal(head.status, 200);
  assert.equal((await http.ask("HEAD", maps)).status, 405);
});

test("a deletion that takes time is 202 for who asked in the old way", async () => {
  await http.post(maps, { metadata: { name: "held", finalizers: ["example.org/hold"] } });
  const old = await http.delete(`${maps}/held`, { orphanDependents: false });
  assert.equal(old.status, 202);
  const now = await http.delete(`${maps}/held`, { propagationPolicy: "Background" });
  assert.equal(now.status, 200);
});

test("who acts as somebody else has that one's groups, uid and extra", async () => {
  const whoami = async (headers: Readonly<Record<string, string>>) => {
    const path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    return (await http.post(path, {}, headers)).json.status.userInfo;
  };
  const account = "system:serviceaccount:default:builder";
  assert.deepEqual(await whoami({ "impersonate-user": account }), {
    username: account,
    groups: ["system:serviceaccounts", "system:serviceaccounts:default", "system:authenticated"],
  });
  const somebody = {
    "impersonate-user": "jane",
    "impersonate-group": "developers",
    "impersonate-uid": "1234",
    "impersonate-extra-example.org%2fteam": "blue",
  };
  assert.deepEqual(await whoami(somebody), {
    username: "jane",
    uid: "1234",
    groups: ["developers", "system:authenticated"],
    extra: { "example.org/team": ["blue"] },
  });
});

test("an administrator may ask what others may do, and whose token it is", async () => {
  const resourceAttributes = { verb: "list", resource: "services", namespace: "default" };
  const ask = async (user: string, groups: readonly string[] = []) => {
    const body = { spec: { user, groups, resourceAttributes } };
    const everywhere = await http.post(`${reviews}/subjectaccessreviews`, body);
    const path = `${reviews}/namespaces/default/localsubjectaccessreviews`;
    const here = await http.post(path, body);
    assert.equal(here.json.kind, "LocalSubjectAccessReview");
    assert.deepEqual(here.json.status, everywhere.json.status);
    return everywhere.json.status.allowed;
  };
  assert.equal(await ask("jane"), false);
  assert.equal(await ask("system:kube-proxy"), true);
  assert.equal(await ask("jane", ["system:masters"]), true);
  const token = await http.post("/apis/authentication.k8s.io/v1/tokenreviews", {
    spec: { token: "abc" },
  });
  assert.deepEqual(token.json.status, { user: {}, error: "invalid bearer token" });
  using jane = httpClient(lab, await lab.issue("jane", []));
  const body = { spec: { user: "bob", resourceAttributes } };
  assert.equal((await jane.post(`${reviews}/subjectaccessreviews`, body)).status, 403);
});

test("metrics count answers by verb and resource, and nobody makes them grow", async () => {
  const read = async () => (await http.get("/metrics")).bytes.toString().split("\n");
  const sampleOf = (lines: readonly string[], name: string) =>
    Number(lines.find((line) => line.startsWith(`${name} `))?.split(" ")[1] ?? 0);
  const labels = (verb: string, scope: string) =>
    `verb="${verb}",group="",version="v1",resource="secrets",subresource="",scope="${scope}"`;
  const secrets = "/api/v1/namespaces/default/secrets";
  await http.get(secrets);
  await http.get(`${secrets}/none`);
  await http.get("/api/v1/nonsense/none");
  {
    await using watching = await http.watch(`${secrets}?watch=1&timeoutSeconds=60`);
    await http.post(secrets, map("counted"));
    await watching.next();
    const lines = await read();
    assert.equal(
      sampleOf(lines, `apiserver_longrunning_requests{${labels("WATCH", "namespace")}}`),
      1,
    );
    assert.equal(sampleOf(lines, 'apiserver_storage_objects{resource="secrets"}'), 1);
  }
  const lines = await read();
  const total = (verb: string, scope: string, code: number) =>
    sampleOf(lines, `apiserver_request_total{${labels(verb, scope)},code="${code}"}`);
  assert.equal(total("LIST", "namespace", 200), 1);
  assert.equal(total("GET", "resource", 404), 1);
  assert.equal(total("POST", "namespace", 201), 1);
  assert.equal(total("WATCH", "namespace", 200), 1);
  const last = `apiserver_request_duration_seconds_bucket{${labels("LIST", "namespace")},le="+Inf"}`;
  assert.equal(sampleOf(lines, last), 1);
  assert.ok(!lines.some((line) => line.includes("nonsense")));
  for (const line of lines) {
    assert.match(
      line,
      /^(# (HELP|TYPE) .+|[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.e-]+|)$/,
    );
  }
});
