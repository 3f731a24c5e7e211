import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { events, namespaces, pods, serviceAccounts } from "../../src/api/resource.ts";
import type { Event, Pod, PodSpec } from "../../src/api/types.ts";
import { type ApiServer, openApiServer } from "../../src/apiserver/server.ts";
import type { Api } from "../../src/client/api.ts";
import { createApi } from "../../src/client/create-api.ts";
import { createInformers } from "../../src/client/informers.ts";
import { inProcessTransport } from "../../src/daemon/in-process-transport.ts";
import { openLinks } from "../../src/kernel/links.ts";
import { createNetworkNamespace } from "../../src/kernel/namespaces.ts";
import type { NetworkNamespace } from "../../src/kernel/network-namespace.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { parseCidr } from "../../src/lib/ip.ts";
import { createLogger, type Logger } from "../../src/lib/log.ts";
import { type NodeAgent, runNodeAgent } from "../../src/node/run.ts";
import { createAuthority } from "../../src/pki/authority.ts";
import { kubeconfig } from "../../src/pki/kubeconfig.ts";
import { openSqliteStorage } from "../../src/storage/sqlite/sqlite-storage.ts";
import { type KubectlOptions, kubectlClients, type Outcome, runKubectl } from "../e2e/harness.ts";

const NODE_IP = "192.168.0.1";

/** Long enough for whatever will come at all, in milliseconds. */
const WAIT_MS = 60_000;

/** One node with its agent, on a real API server, without controllers: tests bind pods themselves. */
export interface AgentLab extends AsyncDisposable {
  readonly api: Api;
  readonly node: NetworkNamespace;
  /** Creates a pod that is bound to the node already. */
  runPod(name: string, spec: PodSpec, metadata?: Pod["metadata"]): Promise<Pod>;
  /** Waits until an event of that pod passes the check. */
  eventOf(pod: string, check: (event: Event) => boolean): Promise<Event>;
  /** Waits until there is no pod of that name, for `timeoutMs` at most. */
  podGone(name: string, timeoutMs: number): Promise<void>;
  /** Polls until the check returns something; its last error after `timeoutMs`. */
  podWhen(name: string, check: (pod: Pod) => boolean, timeoutMs?: number): Promise<Pod>;
  /** Ends the agent as a kill would, without a word to the API, and starts another on its data. */
  restartAgent(): Promise<void>;
  /** kubectl of a version such as `1.29`; the newest there is when absent. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<Outcome>;
  /** `kubectl port-forward` from free ports of the host to these of a pod. */
  portForward(pod: string, ports: readonly number[], version: string): Promise<PortForward>;
}

/** A port-forward that goes on until it is disposed of. */
export interface PortForward extends AsyncDisposable {
  /** Of the host, in the order of the pod's. */
  readonly ports: readonly number[];
  /** Waits until kubectl has printed such a line. */
  said(wanted: RegExp): Promise<void>;
}

export async function startAgentLab(): Promise<AgentLab> {
  const directory = mkdtempSync(join(tmpdir(), "portolan-agent-"));
  const stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(directory, { recursive: true, force: true }));
  const write = (line: string) => process.stderr.write(line);
  const level = process.env["PORTOLAN_TEST_LOG"] === "debug" ? "debug" : "warn";
  const log = createLogger({ room: "node", level, write, now: Date.now });

  const node = stack.use(createNetworkNamespace("node", join(directory, "netns")));
  using links = openLinks(node);
  links.addBridge({ name: "fabric" });
  links.addAddress("fabric", `${NODE_IP}/24`);
  links.setUp("fabric");

  const { server, certs, config } = await startServer({ directory, node, log, stack });
  const admin = createApi(
    inProcessTransport(server, { user: "admin", groups: ["system:masters"] }),
  );
  await ensureBase(admin);

  let agent = await startAgent();
  async function startAgent(): Promise<{ readonly agent: NodeAgent; stop(): Promise<void> }> {
    const end = new AbortController();
    const transport = inProcessTransport(server, {
      user: "system:node:node-a",
      groups: ["system:nodes"],
    });
    const common = { clock: systemClock, random: Math.random, log, signal: end.signal };
    const informers = createInformers(transport, common);
    const running = runNodeAgent({
      ...common,
      nodeName: "node-a",
      nodeIps: [NODE_IP],
      podCidrs: ["10.0.1.0/24"],
      namespace: node,
      api: createApi(transport),
      informers,
      runtimeDir: join(directory, "runtime"),
      hiddenPaths: [],
      clusterDns: ["172.30.0.10"],
      clusterDomain: "cluster.local",
      certs,
    });
    await running.ready;
    return {
      agent: running,
      async stop() {
        end.abort();
        await running[Symbol.asyncDispose]();
        await informers[Symbol.asyncDispose]();
      },
    };
  }
  stack.defer(() => agent.stop());

  const env = { ...process.env, HOME: join(directory, "home"), KUBECONFIG: config };
  return {
    api: admin,
    node,
    runPod: (name, spec, metadata = {}) =>
      admin.create(pods, {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { namespace: "default", name, ...metadata },
        spec: { ...spec, nodeName: "node-a" },
      }),
    async eventOf(pod, check) {
      const ofPod = async () =>
        (await admin.list(events)).items.filter((event) => event.involvedObject.name === pod);
      const all = await waitFor(ofPod, (found) => found.some(check), WAIT_MS);
      const [found] = all.filter(check);
      assert(found !== undefined);
      return found;
    },
    async podGone(name, timeoutMs) {
      const same = async () =>
        (await admin.list(pods)).items.filter(({ metadata }) => metadata.name === name);
      await waitFor(same, (left) => left.length === 0, timeoutMs);
    },
    podWhen: (name, check, timeoutMs = WAIT_MS) =>
      waitFor(() => admin.get(pods, { namespace: "default", name }), check, timeoutMs),
    async restartAgent() {
      await agent.stop();
      agent = await startAgent();
    },
    kubectl: (args, options) => runKubectl(args, { ...options, env }),
    portForward: (pod, ports, version) => startPortForward({ pod, ports, version, env }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function startServer(options: {
  readonly directory: string;
  readonly node: NetworkNamespace;
  readonly log: Logger;
  readonly stack: AsyncDisposableStack;
}) {
  const { directory, node, log, stack } = options;
  const authority = await createAuthority("portolan-test", Date.now());
  const serving = await authority.issueServer({
    commonName: "kube-apiserver",
    dnsNames: ["localhost"],
    ipAddresses: ["127.0.0.1"],
  });
  const client = await authority.issueClient({ user: "admin", groups: ["system:masters"] });
  const agent = await authority.issueServer({
    commonName: "system:node:node-a",
    dnsNames: ["node-a"],
    ipAddresses: [NODE_IP],
  });
  const storage = stack.use(
    await openSqliteStorage({ directory: join(directory, "storage"), log, clock: systemClock }),
  );
  const listener = await listen();
  stack.defer(() => void listener.close());
  const server: ApiServer = stack.use(
    await openApiServer({
      storage,
      serviceCidrs: [parseCidr("172.30.0.0/16")!],
      nodePortRange: { from: 30000, to: 32767 },
      apiEndpoint: { host: NODE_IP, port: 6443 },
      tls: { ...serving, clientCa: authority.cert },
      nodeClient: { ...client, ca: authority.cert },
      sockets: node.sockets,
      clock: systemClock,
      random: Math.random,
      log,
    }),
  );
  server.serve(listener);
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const config = join(directory, "kubeconfig");
  const url = `https://127.0.0.1:${port}`;
  writeFileSync(config, kubeconfig({ name: "lab", server: url, ca: authority.cert, client }));
  return { server, config, certs: { ...agent, clientCa: authority.cert } };
}

function listen(): Promise<Server> {
  const { promise, resolve, reject } = Promise.withResolvers<Server>();
  const server = createServer().once("error", reject);
  server.listen({ host: "127.0.0.1", port: 0 }, () => resolve(server));
  return promise;
}

/** Nobody makes default service accounts here. */
async function ensureBase(api: Api): Promise<void> {
  const metadata = { namespace: "default", name: "default" };
  await api.get(namespaces, { name: "default" });
  await api.create(serviceAccounts, { apiVersion: "v1", kind: "ServiceAccount", metadata });
}

async function waitFor<T>(
  get: () => Promise<T>,
  check: (value: T) => boolean,
  timeoutMs: number,
): Promise<T> {
  for (const endMs = performance.now() + timeoutMs; ; ) {
    const value = await get();
    if (check(value)) return value;
    if (performance.now() > endMs) {
      throw new Error(`Waited in vain: ${JSON.stringify(value, undefined, 1)}`);
    }
    await systemClock.sleep(20);
  }
}

async function startPortForward(options: {
  readonly pod: string;
  readonly ports: readonly number[];
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<PortForward> {
  const { pod, ports, version, env } = options;
  const client = kubectlClients().find((each) => each.version === version);
  if (client === undefined) throw new Error(`no kubectl ${version} on this machine`);
  const args = ["port-forward", `pod/${pod}`, ...ports.map((port) => `:${port}`)];
  const child = spawn(client.path, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const closed = once(child, "close");
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text += chunk;
    });
  }
  const said = async (wanted: RegExp) => {
    await waitFor(
      async () => text,
      (seen) => wanted.test(seen),
      WAIT_MS,
    );
  };
  const forwarded = (port: number) =>
    new RegExp(`^Forwarding from 127\\.0\\.0\\.1:(\\d+) -> ${port}$`, "m");
  for (const port of ports) await said(forwarded(port));
  return {
    ports: ports.map((port) => Number(forwarded(port).exec(text)?.[1])),
    said,
    async [Symbol.asyncDispose]() {
      child.kill();
      await closed;
    },
  };
}
