import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { test } from "node:test";
import { hostSockets } from "../../src/kernel/host-sockets.ts";
import type { Container, Probe } from "../../src/node/pod-types.ts";
import { askProbe } from "../../src/node/probes/probe-request.ts";
import type { RunningContainer } from "../../src/node/runtime/runtime.ts";

// Probes of real servers on the loopback. What is run inside containers is shown with the agent.

const notUsed: RunningContainer = {
  id: "",
  pid: 0,
  startedAtMs: 0,
  exited: new Promise(() => {}),
  signal: () => {},
  exec: () => assert.fail("no exec here"),
  onOutput: () => () => {},
  sockets: hostSockets,
  resize: () => {},
};

async function ask(probe: Probe, container: Partial<Container> = {}, timeoutMs = 300) {
  const target = {
    container: { name: "main", ...container },
    running: notUsed,
    podIp: "127.0.0.1",
    sockets: hostSockets,
  };
  const { isSuccess, isDoubtful, output } = await askProbe(probe, target, timeoutMs);
  const verdict = isSuccess ? (isDoubtful === true ? "success, but" : "success") : "failure";
  return `${verdict} ${output.replace(/:\d{4,5}\b/g, ":PORT")}`.trim();
}

async function listening<T extends Server>(server: T): Promise<AsyncDisposable & { port: number }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  await promise;
  const address: AddressInfo | string | null = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

const answers: readonly {
  readonly name: string;
  readonly status?: number;
  readonly location?: string;
  readonly isSilent?: boolean;
  readonly want: string;
}[] = [
  { name: "200 is a success", status: 200, want: "success" },
  { name: "299 is a success", status: 299, want: "success" },
  {
    name: "399 is a success, with a word about it",
    status: 399,
    want: "success, but Probe terminated redirects, Response body: body",
  },
  {
    name: "304 redirects nowhere, whatever location it gives",
    status: 304,
    location: "/fail",
    want: "success, but Probe terminated redirects, Response body:",
  },
  {
    name: "a redirect without a location is where it ends",
    status: 308,
    want: "success, but Probe terminated redirects, Response body: body",
  },
  { name: "404 is a failure", status: 404, want: "failure HTTP probe failed with statuscode: 404" },
  {
    name: "a redirect on the same host is followed",
    status: 302,
    location: "/fail",
    want: "failure HTTP probe failed with statuscode: 500",
  },
  {
    name: "a redirect to another host counts as alive",
    status: 302,
    location: "http://192.0.2.1/",
    want: "success, but Probe terminated redirects, Response body: body",
  },
  {
    name: "a loop of redirects is a failure",
    status: 302,
    location: "/",
    want: 'failure Get "http://127.0.0.1:PORT/": stopped after 10 redirects',
  },
  {
    name: "no answer in time is a failure",
    isSilent: true,
    want: 'failure Get "http://127.0.0.1:PORT/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  },
];

for (const { name, status = 200, location, isSilent = false, want } of answers) {
  test(`httpGet: ${name}`, async () => {
    const server = createServer((request, response) => {
      if (isSilent) return;
      if (request.url === "/fail") response.writeHead(500).end();
      else response.writeHead(status, location === undefined ? {} : { location }).end("body");
    });
    await using at = await listening(server);
    assert.equal(await ask({ httpGet: { port: at.port } }), want);
    server.closeAllConnections();
  });
}

test("httpGet: says who asks, and headers may be set, the host too", async () => {
  let seen: Record<string, unknown> = {};
  const server = createServer((request, response) => {
    seen = { ...request.headers, url: request.url };
    response.end();
  });
  await using at = await listening(server);
  const httpHeaders = [
    { name: "Host", value: "example.org" },
    { name: "X-A", value: "1" },
  ];
  const container = { ports: [{ name: "web", containerPort: at.port }] };
  await ask({ httpGet: { port: "web", path: "healthz?full", httpHeaders } }, container);
  assert.equal(seen["user-agent"], "kube-probe/1.33");
  assert.deepEqual(
    [seen["host"], seen["x-a"], seen["accept"], seen["url"]],
    ["example.org", "1", "*/*", "/healthz?full"],
  );
});

const headerCases: readonly {
  readonly name: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly want: readonly string[];
}[] = [
  {
    name: "three of the kubelet's own, beside the host",
    headers: [],
    want: ["Accept: */*", "Connection: close", "User-Agent: kube-probe/1.33"],
  },
  {
    name: "one that is asked for takes the place of the kubelet's",
    headers: [
      { name: "user-agent", value: "mine/1" },
      { name: "ACCEPT", value: "text/html" },
    ],
    want: ["Accept: text/html", "Connection: close", "User-Agent: mine/1"],
  },
  {
    name: "an empty value takes the kubelet's away",
    headers: [
      { name: "User-Agent", value: "" },
      { name: "Accept", value: "" },
    ],
    want: ["Connection: close"],
  },
  {
    name: "another one may be empty",
    headers: [{ name: "Accept-Encoding", value: "" }],
    want: ["Accept-Encoding: ", "Accept: */*", "Connection: close", "User-Agent: kube-probe/1.33"],
  },
  {
    name: "one that is asked for twice is sent twice",
    headers: [
      { name: "X-A", value: "1" },
      { name: "X-A", value: "2" },
    ],
    want: ["Accept: */*", "Connection: close", "User-Agent: kube-probe/1.33", "X-A: 1", "X-A: 2"],
  },
];

for (const { name, headers, want } of headerCases) {
  test(`httpGet headers: ${name}`, async () => {
    let seen: readonly string[] = [];
    const server = createServer((request, response) => {
      seen = request.rawHeaders;
      response.end();
    });
    await using at = await listening(server);
    await ask({ httpGet: { port: at.port, httpHeaders: headers } });
    const pairs = seen.flatMap((key, i) => (i % 2 === 0 ? [[key, seen[i + 1] ?? ""]] : []));
    const lines = pairs
      .filter(([key]) => key !== "Host")
      .map(([key = "", value = ""]) => `${key}: ${value}`);
    assert.deepEqual(lines.toSorted(), want);
  });
}

test("httpGet: a host that was asked for is kept by relative redirects, not by others", async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.url} ${request.headers.host?.replace(/:\d+$/, ":PORT")}`);
    const { port } = request.socket.address() as AddressInfo;
    const next = { "/": "/near", "/near": `http://127.0.0.1:${port}/far` }[request.url ?? ""];
    response.writeHead(
      next === undefined ? 200 : 302,
      next === undefined ? {} : { location: next },
    );
    response.end();
  });
  await using at = await listening(server);
  const httpHeaders = [{ name: "Host", value: "example.org" }];
  assert.equal(await ask({ httpGet: { port: at.port, httpHeaders } }), "success");
  assert.deepEqual(seen, ["/ example.org", "/near example.org", "/far 127.0.0.1:PORT"]);
});

test("a port that nobody has, by number or by name", async () => {
  const server = createTcpServer();
  const { port } = await (async () => {
    await using at = await listening(server);
    return at;
  })();
  assert.equal(
    await ask({ tcpSocket: { port } }),
    "failure dial tcp 127.0.0.1:PORT: connect: connection refused",
  );
  assert.equal(
    await ask({ httpGet: { port } }),
    'failure Get "http://127.0.0.1:PORT/": dial tcp 127.0.0.1:PORT: connect: connection refused',
  );
  assert.equal(await ask({ tcpSocket: { port: "none" } }), "failure couldn't find port: none");
});

test("tcpSocket: a connection is a success", async () => {
  await using at = await listening(createTcpServer((socket) => socket.end()));
  assert.equal(await ask({ tcpSocket: { port: at.port } }), "success");
});

const health = [
  { name: "SERVING is a success", answer: [0, 0, 0, 0, 2, 8, 1], want: "success service healthy" },
  {
    name: "NOT_SERVING is a failure",
    answer: [0, 0, 0, 0, 2, 8, 2],
    want: 'failure service unhealthy (responded with "NOT_SERVING")',
  },
  {
    name: "an error is a failure",
    answer: undefined,
    want: "failure error: health rpc failed: rpc error: code = 5",
  },
  {
    name: "a server of something else says so",
    answer: undefined,
    code: "12",
    want: "failure error: this server does not implement the grpc health protocol (grpc.health.v1.Health)",
  },
];

for (const { name, answer, code = "5", want } of health) {
  test(`grpc: ${name}`, async () => {
    let asked = Buffer.alloc(0);
    const server = createHttp2Server();
    server.on("stream", (stream, headers) => {
      assert.equal(headers[":path"], "/grpc.health.v1.Health/Check");
      stream.on("data", (chunk: Buffer) => (asked = Buffer.concat([asked, chunk])));
      stream.on("end", () => {
        if (answer === undefined) {
          stream.respond({ ":status": 200, "grpc-status": code }, { endStream: true });
          return;
        }
        stream.respond({ ":status": 200 }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
        stream.end(Buffer.from(answer));
      });
    });
    await using at = await listening(server);
    assert.equal(await ask({ grpc: { port: at.port, service: "web" } }), want);
    assert.deepEqual([...asked], [0, 0, 0, 0, 5, 10, 3, 119, 101, 98]);
  });
}

test("grpc: nobody listens", async () => {
  const { port } = await (async () => {
    await using at = await listening(createTcpServer());
    return at;
  })();
  assert.equal(
    await ask({ grpc: { port } }),
    'failure timeout: failed to connect service "127.0.0.1:PORT" within 0.3s: context deadline exceeded',
  );
});

test("grpc: no answer in time", async () => {
  const server = createHttp2Server(() => {});
  await using at = await listening(server);
  assert.equal(
    await ask({ grpc: { port: at.port } }),
    "failure timeout: health rpc did not complete within 0.3s",
  );
});

for (const timeoutMs of [29_999.5, 2 ** 40]) {
  test(`a hook may have what is left of a grace period: ${timeoutMs} ms`, async () => {
    await using at = await listening(createTcpServer());
    assert.equal(await ask({ tcpSocket: { port: at.port } }, {}, timeoutMs), "success");
  });
}
