import assert from "node:assert/strict";
import { test } from "node:test";
import { pods, services } from "../api/resource.ts";
import { isConflict, isNotFound } from "../api/status-error.ts";
import { ManualClock, settle } from "../lib/manual-clock.ts";
import { createApi } from "./create-api.ts";
import type { ApiRequest, ApiResponse, Transport } from "./transport.ts";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers in order and keeps what was asked. */
class ScriptedTransport implements Transport {
  readonly requests: ApiRequest[] = [];
  readonly #answers: Answer[];

  constructor(...answers: readonly Answer[]) {
    this.#answers = [...answers];
  }

  async request(request: ApiRequest): Promise<ApiResponse> {
    this.requests.push(request);
    const {
      status,
      body,
      headers = {},
    } = this.#answers.shift() ?? { status: 500, body: "none left" };
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return {
      status,
      headers,
      body: (async function* () {
        const bytes = new TextEncoder().encode(text);
        yield bytes.subarray(0, 7);
        yield bytes.subarray(7);
      })(),
    };
  }

  async [Symbol.asyncDispose]() {}
}

const failure = (code: number, reason: string) => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: `refused: ${reason}`,
  reason,
  code,
});

test("a list is read page by page, and its items say what they are", async () => {
  const transport = new ScriptedTransport(
    {
      status: 200,
      body: {
        metadata: { resourceVersion: "7", continue: "next" },
        items: [{ metadata: { name: "a" } }],
      },
    },
    {
      status: 200,
      body: { metadata: { resourceVersion: "7" }, items: [{ metadata: { name: "b" } }] },
    },
  );
  const scope = { namespace: "demo", labelSelector: "app=web" };
  const list = await createApi(transport).list(pods, scope);
  assert.deepEqual(list, {
    resourceVersion: "7",
    items: ["a", "b"].map((name) => ({ apiVersion: "v1", kind: "Pod", metadata: { name } })),
  });
  assert.deepEqual(
    transport.requests.map(({ path }) => path),
    [
      "/api/v1/namespaces/demo/pods?labelSelector=app%3Dweb&limit=500",
      "/api/v1/namespaces/demo/pods?labelSelector=app%3Dweb&limit=500&continue=next",
    ],
  );
});

test("an empty list may have null for its items", async () => {
  const transport = new ScriptedTransport({
    status: 200,
    body: { metadata: { resourceVersion: "1" }, items: null },
  });
  assert.deepEqual((await createApi(transport).list(pods)).items, []);
});

interface RefusalCase {
  readonly name: string;
  readonly answer: Answer;
  readonly want: { readonly code: string; readonly message: RegExp };
}

const refusals: readonly RefusalCase[] = [
  {
    name: "a Status keeps its reason and its words",
    answer: { status: 409, body: failure(409, "Conflict") },
    want: { code: "Conflict", message: /^refused: Conflict$/ },
  },
  {
    name: "a page of a proxy in between is told by its HTTP code",
    answer: { status: 503, body: "<html>upstream is down</html>" },
    want: { code: "ServiceUnavailable", message: /upstream is down/ },
  },
  {
    name: "an answer that is no JSON is malformed",
    answer: { status: 200, body: "half a js" },
    want: { code: "ANSWER_MALFORMED", message: /not JSON/ },
  },
];

for (const { name, answer, want } of refusals) {
  test(`refusals: ${name}`, async () => {
    const api = createApi(new ScriptedTransport(answer));
    await assert.rejects(api.get(services, { namespace: "demo", name: "web" }), want);
  });
}

test("predicates tell rebuilt refusals apart", async () => {
  const api = createApi(
    new ScriptedTransport(
      { status: 404, body: failure(404, "NotFound") },
      { status: 409, body: failure(409, "Conflict") },
    ),
  );
  const name = { namespace: "demo", name: "web" };
  await assert.rejects(api.get(services, name), isNotFound);
  await assert.rejects(api.get(services, name), isConflict);
});

test("a server that is too busy is asked again when it says so, and only so often", async () => {
  const busy = {
    status: 429,
    headers: { "retry-after": "2" },
    body: failure(429, "TooManyRequests"),
  };
  const pod = { status: 200, body: { metadata: { name: "a" } } };
  const clock = new ManualClock();
  const transport = new ScriptedTransport(busy, pod);
  const reading = createApi(transport, { clock }).get(pods, { namespace: "demo", name: "a" });
  await settle();
  assert.equal(transport.requests.length, 1);
  await clock.advance(2_000);
  assert.equal((await reading).metadata.name, "a");

  const always = new ScriptedTransport(...new Array<Answer>(20).fill(busy));
  const failing = assert.rejects(
    createApi(always, { clock }).get(pods, { namespace: "demo", name: "a" }),
    { code: "TooManyRequests" },
  );
  await clock.advance(60_000);
  await failing;
  assert.equal(always.requests.length, 6);
});

test("writes carry their kind, their media type and their sub-resource", async () => {
  const ok = { status: 200, body: { metadata: { name: "a" } } };
  const transport = new ScriptedTransport(ok, ok, ok);
  const api = createApi(transport);
  const pod = { metadata: { name: "a", namespace: "demo" } };
  await api.update(pods, pod, "status");
  await api.patch(pods, { namespace: "demo", name: "a" }, { type: "strategic", body: { a: 1 } });
  await api.delete(pods, { namespace: "demo", name: "a" }, { gracePeriodSeconds: 0 });
  const told = transport.requests.map(({ method, path, headers, body }) => [
    method,
    path,
    headers["content-type"],
    JSON.parse(new TextDecoder().decode(body)),
  ]);
  const path = "/api/v1/namespaces/demo/pods/a";
  assert.deepEqual(told, [
    ["PUT", `${path}/status`, "application/json", { apiVersion: "v1", kind: "Pod", ...pod }],
    ["PATCH", path, "application/strategic-merge-patch+json", { a: 1 }],
    [
      "DELETE",
      path,
      "application/json",
      { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 },
    ],
  ]);
});

test("discovery names the kinds of each group, without sub-resources, and the groups that are silent", async () => {
  const list = (resources: readonly unknown[]) => ({ status: 200, body: { resources } });
  const transport = new ScriptedTransport(
    {
      status: 200,
      body: {
        groups: [
          { preferredVersion: { groupVersion: "apps/v1" } },
          { preferredVersion: { groupVersion: "metrics.k8s.io/v1" } },
        ],
      },
    },
    list([
      { name: "pods", kind: "Pod", namespaced: true, verbs: ["list", "delete"] },
      { name: "pods/log", kind: "Pod", namespaced: true, verbs: ["get"] },
    ]),
    list([{ name: "deployments", kind: "Deployment", namespaced: true, verbs: ["list"] }]),
    { status: 503, body: "down" },
  );
  assert.deepEqual(await createApi(transport).discover(), {
    resources: [
      {
        group: "",
        version: "v1",
        kind: "Pod",
        plural: "pods",
        namespaced: true,
        verbs: ["list", "delete"],
      },
      {
        group: "apps",
        version: "v1",
        kind: "Deployment",
        plural: "deployments",
        namespaced: true,
        verbs: ["list"],
      },
    ],
    failedGroupVersions: ["metrics.k8s.io/v1"],
  });
});

test("a server that does not answer is waited for so long and no longer", async () => {
  const transport: Transport = {
    request: (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
      }),
    [Symbol.asyncDispose]: async () => {},
  };
  const api = createApi(transport, { timeoutMs: 20 });
  await assert.rejects(api.list(pods), { code: "CALL_TIMED_OUT" });
});

for (const { isStrict, path } of [
  { isStrict: false, path: "/api/v1/namespaces/demo/services" },
  { isStrict: true, path: "/api/v1/namespaces/demo/services?fieldValidation=Strict" },
]) {
  test(`who is ${isStrict ? "" : "not "}strict creates at ${path}`, async () => {
    const service = { metadata: { namespace: "demo", name: "web" } };
    const transport = new ScriptedTransport({ status: 201, body: service });
    await createApi(transport, { isStrict }).create(services, service);
    assert.deepEqual(
      transport.requests.map((request) => request.path),
      [path],
    );
  });
}
