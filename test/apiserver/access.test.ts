import assert from "node:assert/strict";
import { connect as http2Connect } from "node:http2";
import { after, before, test } from "node:test";
import { createAuthority } from "../../src/pki/authority.ts";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

let lab: Lab;
let admin: HttpClient;

before(async () => {
  lab = await startLab();
  admin = httpClient(lab);
  await admin.post("/api/v1/namespaces/default/pods", {
    metadata: { name: "mine" },
    spec: { nodeName: "node-1", containers: [{ name: "c", image: "pause" }] },
  });
  await admin.post("/api/v1/namespaces/default/pods", {
    metadata: { name: "theirs" },
    spec: { nodeName: "node-2", containers: [{ name: "c", image: "pause" }] },
  });
});
after(async () => {
  admin[Symbol.dispose]();
  await lab[Symbol.asyncDispose]();
});

test("without a certificate there is health and version, and 401 for everything else", async () => {
  using nobody = httpClient(lab, null);
  for (const path of ["/healthz", "/livez", "/readyz", "/version"]) {
    assert.equal((await nobody.get(path)).status, 200, path);
  }
  for (const path of ["/api", "/apis", "/openapi/v3", "/api/v1/pods", "/", "/nonsense"]) {
    const { status, json } = await nobody.get(path);
    assert.equal(status, 401, path);
    assert.deepEqual(json, {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "Unauthorized",
      reason: "Unauthorized",
      code: 401,
    });
  }
});

test("a certificate of another authority is 401, also for the version", async () => {
  const other = await createAuthority("someone-else", Date.now());
  const forged = await other.issueClient({ user: "admin", groups: ["system:masters"] });
  using client = httpClient(lab, forged);
  assert.equal((await client.get("/api/v1/pods")).status, 401);
});

test("who has no role is refused in Kubernetes' words", async () => {
  using jane = httpClient(lab, await lab.issue("jane", ["developers"]));
  const list = await jane.get("/api/v1/namespaces/default/pods");
  assert.equal(list.status, 403);
  assert.equal(
    list.json.message,
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  assert.deepEqual(list.json.details, { kind: "pods" });
  const cluster = await jane.get("/apis/apps/v1/deployments");
  assert.equal(
    cluster.json.message,
    'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope',
  );
  const one = await jane.get("/api/v1/namespaces/default/pods/mine/log");
  assert.equal(
    one.json.message,
    'pods "mine" is forbidden: User "jane" cannot get resource "pods/log" in API group "" in the namespace "default"',
  );
  const path = await jane.get("/metrics");
  assert.equal(path.json.message, 'forbidden: User "jane" cannot get path "/metrics"');
  assert.equal((await jane.get("/api")).status, 200, "discovery shows no object");
});

interface Row {
  readonly name: string;
  readonly user: string;
  readonly groups?: readonly string[];
  readonly can: readonly string[];
  readonly cannot: readonly string[];
}

// "METHOD path"; a request that is allowed may still fail in its own way.
const rows: readonly Row[] = [
  {
    name: "a proxy reads Services and slices, and nothing secret",
    user: "system:kube-proxy",
    can: ["GET /api/v1/services", "GET /apis/discovery.k8s.io/v1/endpointslices"],
    cannot: [
      "GET /api/v1/secrets",
      "GET /api/v1/pods",
      "DELETE /api/v1/namespaces/default/services/x",
    ],
  },
  {
    name: "the DNS reads what names are made of",
    user: "portolan:dns",
    can: ["GET /api/v1/services", "GET /api/v1/namespaces", "GET /api/v1/pods"],
    cannot: ["GET /api/v1/secrets", "POST /api/v1/namespaces/default/services"],
  },
  {
    name: "the scheduler binds pods and makes none",
    user: "system:kube-scheduler",
    can: ["GET /api/v1/pods", "POST /api/v1/namespaces/default/pods/x/binding"],
    cannot: ["POST /api/v1/namespaces/default/pods", "GET /api/v1/secrets"],
  },
  {
    name: "controllers write workloads and do not enter pods",
    user: "system:kube-controller-manager",
    can: ["GET /api/v1/pods", "DELETE /api/v1/namespaces/default/configmaps/x"],
    cannot: ["POST /api/v1/namespaces/default/pods/mine/exec", "POST /api/v1/nodes"],
  },
  {
    name: "a node changes what is its own",
    user: "system:node:node-1",
    groups: ["system:nodes"],
    can: [
      "GET /api/v1/pods",
      "PATCH /api/v1/namespaces/default/pods/mine/status",
      "PATCH /api/v1/nodes/node-1/status",
      "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-1",
    ],
    cannot: [
      "PATCH /api/v1/namespaces/default/pods/theirs/status",
      "PATCH /api/v1/nodes/node-2/status",
      "DELETE /api/v1/namespaces/default/pods/theirs",
      "GET /api/v1/secrets",
      "POST /api/v1/namespaces/default/pods",
      "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/node-2",
    ],
  },
];
for (const { name, user, groups = [], can, cannot } of rows) {
  test(name, async () => {
    using client = httpClient(lab, await lab.issue(user, groups));
    const ask = (line: string) => {
      const [method = "", path = ""] = line.split(" ");
      const type = method === "PATCH" ? { "content-type": "application/merge-patch+json" } : {};
      return client.ask(method, path, method === "GET" ? {} : { body: {}, headers: type });
    };
    for (const line of can) assert.notEqual((await ask(line)).status, 403, line);
    for (const line of cannot) assert.equal((await ask(line)).status, 403, line);
  });
}

test("a node registers itself and no other", async () => {
  using node = httpClient(lab, await lab.issue("system:node:node-1", ["system:nodes"]));
  const other = await node.post("/api/v1/nodes", { metadata: { name: "node-9" } });
  assert.equal(other.status, 403);
  assert.equal((await node.post("/api/v1/nodes", { metadata: { name: "node-1" } })).status, 201);
});

test("a node reads the Secrets and ConfigMaps that its pods use, and no others", async () => {
  const spec = (nodeName: string, secret: string) => ({
    nodeName,
    containers: [
      {
        name: "c",
        image: "pause",
        env: [{ name: "A", valueFrom: { secretKeyRef: { name: secret, key: "k" } } }],
        envFrom: [{ configMapRef: { name: `${secret}-map` } }],
      },
    ],
    volumes: [
      { name: "v", projected: { sources: [{ secret: { name: `${secret}-files` } }] } },
      { name: "w", configMap: { name: `${secret}-texts` } },
    ],
  });
  const core = "/api/v1/namespaces/default";
  for (const node of ["node-1", "node-2"]) {
    const made = await admin.post(`${core}/pods`, {
      metadata: { name: `uses-${node}` },
      spec: spec(node, `of-${node}`),
    });
    assert.equal(made.status, 201, made.bytes.toString());
  }
  using node = httpClient(lab, await lab.issue("system:node:node-1", ["system:nodes"]));
  const ask = async (path: string) => (await node.get(`${core}/${path}`)).status;
  // What is allowed is not there: 404.
  assert.equal(await ask("secrets/of-node-1"), 404);
  assert.equal(await ask("secrets/of-node-1-files"), 404);
  assert.equal(await ask("configmaps/of-node-1-map"), 404);
  assert.equal(await ask("configmaps/of-node-1-texts"), 404);
  assert.equal(await ask("configmaps/of-node-1"), 403);
  assert.equal(await ask("secrets/of-node-2"), 403);
  assert.equal(await ask("configmaps/of-node-2-map"), 403);
  assert.equal((await node.get("/api/v1/namespaces/kube-system/secrets/of-node-1")).status, 403);
});

test("whoever may do everything may act as another, and is bound by what that one may", async () => {
  const as = { "impersonate-user": "system:kube-proxy" };
  assert.equal((await admin.get("/api/v1/services", as)).status, 200);
  assert.equal((await admin.get("/api/v1/secrets", as)).status, 403);
  using proxy = httpClient(lab, await lab.issue("system:kube-proxy", []));
  const refused = await proxy.get("/api/v1/services", { "impersonate-user": "admin" });
  assert.equal(refused.status, 403);
});

test("an exec is in the name of whom it is asked for, too", async () => {
  const exec = "/api/v1/namespaces/default/pods/none/exec?command=id";
  const upgrade = { connection: "Upgrade", upgrade: "websocket" };
  assert.equal((await admin.get(exec, upgrade)).status, 404);
  const { status, json } = await admin.get(exec, { ...upgrade, "impersonate-user": "jane" });
  assert.equal(status, 403);
  assert.match(
    json.message,
    /^pods "none" is forbidden: User "jane" cannot get resource "pods\/exec"/,
  );
  using nobody = httpClient(lab, null);
  assert.equal((await nobody.get(exec, upgrade)).status, 401);
});

const halves = ["impersonate-group", "impersonate-uid", "impersonate-extra-scopes"];
for (const header of halves) {
  test(`${header} without a user is refused, and not answered to the caller`, async () => {
    const { status, json } = await admin.get("/api/v1/secrets", { [header]: "x" });
    assert.equal(status, 400);
    assert.equal(json.message, `requested ${header} without impersonating a user`);
  });
}

test("without a certificate nobody hears whom they may not act as", async () => {
  using nobody = httpClient(lab, null);
  const as = { "impersonate-user": "admin", "impersonate-group": "system:masters" };
  assert.equal((await nobody.get("/api/v1/secrets", as)).status, 401);
});

test("callers in this process have no more rights than their identity", async () => {
  const ask = (path: string) =>
    lab.server.handle({ method: "GET", path, headers: {} }, { user: "portolan:dns", groups: [] });
  assert.equal((await ask("/api/v1/services")).status, 200);
  assert.equal((await ask("/api/v1/secrets")).status, 403);
});

test("HTTP/2 and HTTP/1.1 are served on one port, with the same identity", async () => {
  const session = http2Connect(lab.url, { ca: lab.authority.cert, ...lab.admin });
  try {
    const stream = session.request({ ":path": "/api/v1/namespaces/default" });
    let text = "";
    stream.setEncoding("utf8");
    for await (const chunk of stream) text += chunk;
    assert.equal(session.alpnProtocol, "h2");
    assert.equal(JSON.parse(text).metadata.name, "default");
  } finally {
    session.close();
  }
});
