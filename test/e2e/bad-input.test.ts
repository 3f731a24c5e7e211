import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { after, before, describe, test } from "node:test";
import type { Status } from "../../src/api/status-error.ts";
import { startTestCluster, type TestCluster } from "./harness.ts";

// What is wrong gets Kubernetes' own Status and changes nothing: over the wire, as any client sees it.

interface Case {
  readonly name: string;
  readonly method?: "POST" | "PUT" | "PATCH";
  readonly path?: string;
  readonly contentType?: string;
  readonly body: string;
  readonly code: number;
  readonly reason: string;
  /** Causes that must be there: reason and field. */
  readonly causes?: readonly (readonly [string, string])[];
  readonly message?: RegExp;
}

const services = "/api/v1/namespaces/default/services";
const service = (spec: object, metadata: object = { name: "bad" }) =>
  JSON.stringify({ apiVersion: "v1", kind: "Service", metadata, spec });
const port = (extra: object = {}) => ({ port: 80, ...extra });

const cases: readonly Case[] = [
  {
    name: "an unknown field, with strict validation",
    path: `${services}?fieldValidation=Strict`,
    body: service({ ports: [port({ prot: "TCP" })] }),
    code: 400,
    reason: "BadRequest",
    message: /strict decoding error: unknown field "spec\.ports\[0\]\.prot"/,
  },
  {
    name: "a wrong type",
    body: service({ ports: [{ port: "eighty" }] }),
    code: 400,
    reason: "BadRequest",
    message: /spec\.ports.*port/,
  },
  {
    name: "a cluster IP outside the range",
    body: service({ clusterIP: "172.30.0.1", ports: [port()] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueInvalid", "spec.clusterIPs"]],
    message: /not in the valid range/,
  },
  {
    name: "a taken cluster IP",
    body: service({ clusterIP: "10.96.0.1", ports: [port()] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueInvalid", "spec.clusterIPs"]],
    message: /provided IP is already allocated/,
  },
  {
    name: "a taken node port",
    body: service({ type: "NodePort", ports: [port({ nodePort: 30500 })] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueInvalid", "spec.ports[0].nodePort"]],
    message: /provided port is already allocated/,
  },
  {
    name: "a node port outside the range",
    body: service({ type: "NodePort", ports: [port({ nodePort: 80 })] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueInvalid", "spec.ports[0].nodePort"]],
  },
  {
    name: "a port outside 1 to 65535",
    body: service({ ports: [{ port: 70000 }] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueInvalid", "spec.ports[0].port"]],
  },
  {
    name: "a duplicate port",
    body: service({ ports: [port({ name: "a" }), port({ name: "b" })] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueDuplicate", "spec.ports[1]"]],
  },
  {
    name: "an unknown protocol",
    body: service({ ports: [port({ protocol: "ICMP" })] }),
    code: 422,
    reason: "Invalid",
    causes: [["FieldValueNotSupported", "spec.ports[0].protocol"]],
  },
  {
    name: "two mistakes at once are both told",
    body: service({ ports: [port({ protocol: "ICMP" }), { port: 0, name: "b" }] }),
    code: 422,
    reason: "Invalid",
    causes: [
      ["FieldValueRequired", "spec.ports[0].name"],
      ["FieldValueNotSupported", "spec.ports[0].protocol"],
      ["FieldValueInvalid", "spec.ports[1].port"],
    ],
  },
  {
    name: "a body above 3 MiB",
    body: service({ ports: [port()] }, { name: "bad", annotations: { a: "x".repeat(3 << 20) } }),
    code: 413,
    reason: "RequestEntityTooLarge",
  },
  {
    name: "an object above 1.5 MB",
    path: "/api/v1/namespaces/default/pods",
    body: JSON.stringify({
      kind: "Pod",
      apiVersion: "v1",
      metadata: { name: "bad" },
      spec: { containers: [{ name: "a", image: "pause", args: ["x".repeat(1_600_000)] }] },
    }),
    code: 413,
    reason: "RequestEntityTooLarge",
  },
  {
    name: "a ConfigMap above 1 MiB",
    path: "/api/v1/namespaces/default/configmaps",
    body: JSON.stringify({
      kind: "ConfigMap",
      apiVersion: "v1",
      metadata: { name: "bad" },
      data: Object.fromEntries(["a", "b"].map((key) => [key, "x".repeat(900_000)])),
    }),
    code: 422,
    reason: "Invalid",
    message: /Too long/,
  },
  { name: "half a JSON", body: '{"kind":"Service"', code: 400, reason: "BadRequest" },
  {
    name: "an unknown media type",
    contentType: "application/x-tar",
    body: "x",
    code: 415,
    reason: "UnsupportedMediaType",
  },
  {
    name: "server-side apply, until it is there",
    method: "PATCH",
    path: `${services}/taken?fieldManager=me`,
    contentType: "application/apply-patch+yaml",
    body: service({ ports: [port()] }, { name: "taken" }),
    code: 415,
    reason: "UnsupportedMediaType",
  },
  {
    name: "a stale resource version",
    method: "PUT",
    path: `${services}/taken`,
    body: service({ ports: [port()] }, { name: "taken", resourceVersion: "1" }),
    code: 409,
    reason: "Conflict",
    message: /the object has been modified; please apply your changes to the latest version/,
  },
  {
    name: "another kind than the path's",
    body: JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "bad" } }),
    code: 400,
    reason: "BadRequest",
  },
  {
    name: "a namespace that is not there",
    path: "/api/v1/namespaces/absent/services",
    body: service({ ports: [port()] }),
    code: 404,
    reason: "NotFound",
    message: /namespaces "absent" not found/,
  },
];

describe("bad input", { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let agent: Agent;
  before(async () => {
    cluster = await startTestCluster({ nodes: 0 });
    agent = new Agent(credentials(cluster.kubeconfig));
    const taken = service(
      { type: "NodePort", ports: [port({ nodePort: 30500 })] },
      { name: "taken" },
    );
    assert.equal((await send("POST", services, taken)).code, 201);
  });
  after(async () => {
    agent.destroy();
    await cluster[Symbol.asyncDispose]();
  });

  function send(method: string, path: string, body?: string, contentType = "application/json") {
    return new Promise<{ code: number; text: string }>((resolve, reject) => {
      const outgoing = request(
        {
          host: "127.0.0.1",
          port: cluster.apiPort,
          method,
          path,
          agent,
          headers: body === undefined ? {} : { "content-type": contentType },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("end", () =>
            resolve({ code: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  }

  /** Everything that is stored in the namespace, to show that nothing changed. */
  const snapshot = async () =>
    (
      await Promise.all([
        send("GET", services),
        send("GET", "/api/v1/namespaces/default/configmaps"),
      ])
    )
      .map(({ text }) => JSON.parse(text).items)
      .map((items: unknown) => JSON.stringify(items))
      .join();

  for (const { name, method = "POST", path = services, body, ...want } of cases) {
    test(`${name}: ${want.code} ${want.reason}, and nothing changes`, async () => {
      const before = await snapshot();
      const { code, text } = await send(method, path, body, want.contentType);
      const status: Status = JSON.parse(text);
      assert.equal(code, want.code, text);
      assert.equal(status.kind, "Status");
      assert.equal(status.status, "Failure");
      assert.equal(status.code, want.code);
      assert.equal(status.reason, want.reason);
      if (want.message !== undefined) assert.match(status.message ?? "", want.message);
      const causes = status.details?.causes?.map((cause) => `${cause.reason} ${cause.field}`) ?? [];
      for (const cause of want.causes ?? []) assert.ok(causes.includes(cause.join(" ")), text);
      assert.equal(await snapshot(), before);
    });
  }
});

function credentials(kubeconfig: string) {
  const config = JSON.parse(readFileSync(kubeconfig, "utf8"));
  const decode = (text: string) => Buffer.from(text, "base64");
  const { user } = config.users[0];
  return {
    ca: decode(config.clusters[0].cluster["certificate-authority-data"]),
    cert: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
    keepAlive: true,
  };
}
