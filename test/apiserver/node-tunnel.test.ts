import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as connectTcp, createServer as createTcpServer, type Server } from "node:net";
import { after, before, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { type HttpClient, httpClient } from "./http-client.ts";
import { type Lab, startLab } from "./lab.ts";

// The other end is a TLS server that says what it heard: the real agent is tested with kubectl end to end.

let lab: Lab;
let http: HttpClient;
let agent: Server;
const heard: string[] = [];
const pods = "/api/v1/namespaces/default/pods";

before(async () => {
  lab = await startLab();
  http = httpClient(lab);
  const serving = await lab.authority.issueServer({
    commonName: "system:node:node-1",
    dnsNames: [],
    ipAddresses: ["127.0.0.1"],
  });
  agent = createServer(
    { ...serving, ca: lab.authority.cert, requestCert: true, rejectUnauthorized: true },
    answer,
  );
  agent.listen(0, "127.0.0.1");
  await once(agent, "listening");
  const address = agent.address();
  assert(typeof address === "object" && address !== null);
  await addNode("node-1", address.port);
  const containers = [
    { name: "a", image: "pause" },
    { name: "b", image: "pause" },
  ];
  await http.post(pods, { metadata: { name: "two" }, spec: { nodeName: "node-1", containers } });
  await http.post(pods, {
    metadata: { name: "one" },
    spec: { nodeName: "node-1", containers: containers.slice(0, 1) },
  });
  await http.post(pods, { metadata: { name: "waiting" }, spec: { containers } });
});
after(async () => {
  http[Symbol.dispose]();
  agent.close();
  await lab[Symbol.asyncDispose]();
});

async function addNode(name: string, port: number): Promise<void> {
  await http.post("/api/v1/nodes", { metadata: { name } });
  await http.patch(`/api/v1/nodes/${name}/status`, {
    status: {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  });
}

/** Answers logs with a text, and an upgrade with 101 and an echo. */
function answer(socket: TLSSocket): void {
  socket.on("error", () => {});
  let head = "";
  const onData = (chunk: Buffer) => {
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    socket.off("data", onData);
    heard.push(head.slice(0, end));
    if (head.startsWith("GET /containerLogs/")) {
      socket.end("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhello\n");
      return;
    }
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nupgrade: SPDY/3.1\r\nconnection: Upgrade\r\n\r\n",
    );
    socket.write(Buffer.from(head.slice(end + 4), "latin1"));
    socket.pipe(socket);
  };
  socket.on("data", onData);
}

/** Sends an upgrade as kubectl does, and gives what comes back. */
async function upgrade(method: string, path: string, first = ""): Promise<TLSSocket> {
  return (await openUpgrade(method, path, first)).socket;
}

/** The same, with the connection below it. */
async function openUpgrade(method: string, path: string, first: string) {
  const raw = connectTcp({ host: "127.0.0.1", port: lab.port });
  const socket = connect({
    socket: raw,
    host: "127.0.0.1",
    ca: lab.authority.cert,
    ...lab.admin,
    ALPNProtocols: ["http/1.1"],
  });
  await once(socket, "secureConnect");
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: api",
    "Connection: Upgrade",
    "Upgrade: SPDY/3.1",
    "X-Stream-Protocol-Version: v4.channel.k8s.io",
    "Authorization: Bearer secret",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${first}`, "latin1");
  return { socket, raw };
}

async function readUntil(socket: TLSSocket, end: string): Promise<string> {
  let text = "";
  for await (const chunk of socket) {
    text += chunk.toString("latin1");
    if (text.includes(end)) break;
  }
  return text;
}

test("logs come from the agent of the pod's node, with the options that it knows", async () => {
  const got = await http.get(`${pods}/one/log?tailLines=5&follow=true&nonsense=1`);
  assert.equal(got.status, 200, got.bytes.toString());
  assert.equal(got.bytes.toString(), "hello\n");
  assert.match(
    heard.at(-1) ?? "",
    /^GET \/containerLogs\/default\/one\/a\?tailLines=5&follow=true HTTP/,
  );
});

const refusedLogs = [
  {
    name: "two containers and none named",
    path: `${pods}/two/log`,
    status: 400,
    text: /a container name must be specified for pod two, choose one of: \[a b\]/,
  },
  {
    name: "a container that is not there",
    path: `${pods}/one/log?container=z`,
    status: 400,
    text: /container z is not valid for pod one/,
  },
  { name: "a pod that is not there", path: `${pods}/none/log`, status: 404, text: /not found/ },
];
for (const { name, path, status, text } of refusedLogs) {
  test(`logs of ${name} are refused`, async () => {
    const got = await http.get(path);
    assert.equal(got.status, status);
    assert.match(got.json.message, text);
  });
}

test("a pod without a node has said nothing", async () => {
  const got = await http.get(`${pods}/waiting/log?container=a`);
  assert.equal(got.status, 200);
  assert.equal(got.bytes.length, 0);
});

for (const method of ["GET", "POST"]) {
  test(`an exec by ${method} is passed on byte for byte, both ways`, async () => {
    const bytes = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join("");
    const path = `${pods}/two/exec?container=b&command=sh&command=-c&stdin=true&tty=false`;
    const socket = await upgrade(method, path, `early${bytes}`);
    const text = await readUntil(socket, `early${bytes}`);
    assert.match(text, /^HTTP\/1\.1 101 /);
    const request = heard.at(-1) ?? "";
    assert.ok(
      request.startsWith(
        `${method} /exec/default/two/b?command=sh&command=-c&stdin=true&tty=false HTTP/1.1`,
      ),
      request,
    );
    assert.match(request, /x-stream-protocol-version: v4\.channel\.k8s\.io/i);
    assert.doesNotMatch(request, /authorization/i);
    socket.destroy();
  });
}

test("an attach is passed on with its streams", async () => {
  const path = `${pods}/one/attach?stdin=true&stdout=true&tty=true&command=ignored`;
  const socket = await upgrade("POST", path, "typed");
  assert.match(await readUntil(socket, "typed"), /^HTTP\/1\.1 101 /);
  const [line] = (heard.at(-1) ?? "").split("\r\n");
  assert.match(line ?? "", /^POST \/attach\/default\/one\/\w+\?stdin=true&stdout=true&tty=true/);
  socket.destroy();
});

test("a port-forward is passed on to the pod, whatever containers it has", async () => {
  const socket = await upgrade("POST", `${pods}/two/portforward?ports=80`, "frames");
  assert.match(await readUntil(socket, "frames"), /^HTTP\/1\.1 101 /);
  const [line] = (heard.at(-1) ?? "").split("\r\n");
  assert.equal(line, "POST /portForward/default/two HTTP/1.1");
  socket.destroy();
});

test("an exec that may not be is answered before anything is passed on", async () => {
  const before = heard.length;
  const socket = await upgrade("POST", `${pods}/none/exec?container=a&command=sh`);
  const text = await readUntil(socket, '"code":404');
  assert.match(text, /^HTTP\/1\.1 404 /);
  const waiting = await upgrade("POST", `${pods}/waiting/exec?container=a&command=sh`);
  assert.match(await readUntil(waiting, '"code":400'), /does not have a host assigned/);
  assert.equal(heard.length, before);
});

test("a client that goes while the agent is called leaves no connection behind", async (t) => {
  const mute = createTcpServer((socket) => socket.on("error", () => {}).resume());
  t.after(() => mute.close());
  await once(mute.listen(0, "127.0.0.1"), "listening");
  const address = mute.address();
  assert(typeof address === "object" && address !== null);
  await addNode("mute", address.port);
  const spec = { nodeName: "mute", containers: [{ name: "a", image: "pause" }] };
  await http.post(pods, { metadata: { name: "unheard" }, spec });
  const called = once(mute, "connection");
  const { socket, raw } = await openUpgrade("POST", `${pods}/unheard/exec?command=sh`, "");
  socket.on("error", () => {});
  const [connection] = await called;
  raw.resetAndDestroy();
  await once(connection, "close", { signal: AbortSignal.timeout(60_000) });
});

test("the server survives clients that vanish in the middle of an exec", async () => {
  for (let i = 0; i < 5; i++) {
    const { socket, raw } = await openUpgrade("POST", `${pods}/one/exec?command=sh`, "x");
    await once(socket, "data");
    raw.resetAndDestroy();
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await http.get(pods)).status, 200);
});
