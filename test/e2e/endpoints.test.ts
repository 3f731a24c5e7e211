import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { EndpointSlice, Endpoints, Pod, Service } from "../../src/api/types.ts";
import { eventually, kubectlMissing, startTestCluster, type TestCluster } from "./harness.ts";

// Endpoints and EndpointSlices follow pods; the names of the rows are those of docs/mission.md.

describe("endpoints follow pods", { skip: kubectlMissing, timeout: 240_000 }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ nodes: 2 });
    await apply(deployment("web", 2), service("web"));
    await addresses("web", 2);
  });
  after(() => cluster[Symbol.asyncDispose]());

  /** A deployment of web servers whose readiness is a file: remove it and the pod is not ready. */
  function deployment(name: string, replicas: number) {
    const readinessProbe = { exec: { command: ["test", "-e", "/tmp/ready"] }, periodSeconds: 1 };
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            terminationGracePeriodSeconds: 1,
            containers: [
              {
                name: "web",
                image: "serve_hostname",
                readinessProbe: { ...readinessProbe, failureThreshold: 1 },
                lifecycle: { postStart: { exec: { command: ["touch", "/tmp/ready"] } } },
                ports: [{ name: "names", containerPort: 9376 }],
              },
            ],
          },
        },
      },
    };
  }

  function service(name: string, spec: object = {}) {
    return {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name },
      spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 9376 }], ...spec },
    };
  }

  async function apply(...items: readonly object[]) {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items });
    const outcome = await cluster.tryKubectl(["apply", "-f", "-"], { stdin: list });
    assert.equal(outcome.code, 0, outcome.stderr);
  }

  const podsOf = async (app: string) =>
    (await cluster.json<{ items: Pod[] }>("get", "pod", "-l", `app=${app}`)).items;

  async function lists(name: string) {
    const { subsets = [] } = await cluster.json<Endpoints>("get", "ep", name);
    return {
      ready: subsets.flatMap((s) => s.addresses ?? []),
      notReady: subsets.flatMap((s) => s.notReadyAddresses ?? []),
    };
  }

  const addresses = (name: string, count: number) =>
    eventually(async () => {
      const { ready } = await lists(name);
      assert.equal(ready.length, count);
      return ready;
    });

  test("B1: the Endpoints object of a new Service exists within a second", async () => {
    await apply(service("young", { selector: { app: "web" } }));
    await eventually(() => cluster.kubectl("get", "ep", "young"), 1000);
  });

  test("B3: each ready pod is an address with its node and a reference to it, sorted", async () => {
    const pods = await podsOf("web");
    const ready = await addresses("web", 2);
    assert.deepEqual(
      ready.map((address) => [address.ip, address.nodeName, address.targetRef?.name]),
      pods
        .map((pod) => [pod.status?.podIP, pod.spec?.nodeName, pod.metadata.name])
        .toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
    );
  });

  test("A2: a pod that loses the label leaves the backends, and comes back with it", async () => {
    await cluster.kubectl("run", "stray", "--image=serve_hostname", "--labels=app=web");
    await addresses("web", 3);
    await cluster.kubectl("label", "pod", "stray", "app-");
    await addresses("web", 2);
    await cluster.kubectl("label", "pod", "stray", "app=web");
    await addresses("web", 3);
    await cluster.kubectl("delete", "pod", "stray", "--grace-period=1");
    await addresses("web", 2);
  });

  test("B2, B5, B7: a pod that stops being ready moves between the lists, its rule goes, and calls avoid it", async () => {
    const [first, second] = await podsOf("web");
    assert.ok(first && second);
    await cluster.kubectl("exec", first.metadata.name ?? "", "--", "rm", "/tmp/ready");
    await eventually(async () => {
      const { ready, notReady } = await lists("web");
      assert.deepEqual(
        [ready.map((a) => a.targetRef?.name), notReady.map((a) => a.targetRef?.name)],
        [[second.metadata.name], [first.metadata.name]],
      );
    });
    const { spec } = await cluster.json<Service>("get", "svc", "web");
    await eventually(async () => {
      const loop = `for i in $(seq 20); do curl -sS --max-time 3 http://${spec?.clusterIP}; echo; done | sort -u`;
      const out = await cluster.run("node-1", "sh", "-c", loop);
      assert.equal(out.stdout.trim(), second.metadata.name);
    });
    await cluster.kubectl("exec", first.metadata.name ?? "", "--", "touch", "/tmp/ready");
    await addresses("web", 2);
  });

  test("B6: publishNotReadyAddresses lists pods whatever their readiness", async () => {
    const [first] = await podsOf("web");
    await cluster.kubectl("exec", first?.metadata.name ?? "", "--", "rm", "/tmp/ready");
    await apply(service("eager", { selector: { app: "web" }, publishNotReadyAddresses: true }));
    await addresses("eager", 2);
    await addresses("web", 1);
    const dns = await cluster.run(
      "node-1",
      "dig",
      "+short",
      "@192.168.100.11",
      "eager.default.svc.cluster.local",
    );
    assert.match(dns.stdout, /^10\./);
    await cluster.kubectl("exec", first?.metadata.name ?? "", "--", "touch", "/tmp/ready");
    await addresses("web", 2);
  });

  test("B11: a Service without a selector gets no Endpoints", async () => {
    await cluster.kubectl("create", "service", "clusterip", "bare", "--tcp=80");
    await cluster.kubectl(
      "patch",
      "svc",
      "bare",
      "--type=json",
      '-p=[{"op":"remove","path":"/spec/selector"}]',
    );
    await cluster.kubectl("delete", "ep", "bare", "--ignore-not-found");
    await apply({ ...service("bare-2"), spec: { ports: [{ port: 80 }] } });
    await new Promise((done) => setTimeout(done, 1500));
    assert.equal((await cluster.tryKubectl(["get", "ep", "bare-2"])).code, 1);
    assert.equal((await cluster.tryKubectl(["get", "ep", "bare"])).code, 1);
  });

  test("B12: hand-written Endpoints are mirrored to a slice and reach a server outside the cluster", async () => {
    await cluster.kubectl("create", "-f", "examples/outside-endpoints.yaml");
    const slice = await eventually(async () => {
      const { items } = await cluster.json<{ items: EndpointSlice[] }>(
        "get",
        "endpointslices",
        "-l",
        "kubernetes.io/service-name=legacy",
      );
      assert.equal(items.length, 1);
      return items[0];
    });
    assert.deepEqual(slice?.endpoints?.[0]?.addresses, ["203.0.113.10"]);
    assert.equal(
      slice?.metadata.labels?.["endpointslice.kubernetes.io/managed-by"],
      "endpointslicemirroring-controller.k8s.io",
    );
    const { spec } = await cluster.json<Service>("get", "svc", "legacy");
    const once =
      "import http.server as h; h.HTTPServer(('', 8000), h.SimpleHTTPRequestHandler).handle_request()";
    const server = cluster.run("client", "timeout", "20", "python3", "-c", once);
    await eventually(async () => {
      const out = await cluster.run(
        "node-2",
        "curl",
        "-sS",
        "--max-time",
        "2",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
        `http://${spec?.clusterIP}`,
      );
      assert.equal(out.stdout, "200", out.stderr);
    });
    await server;
  });

  test("B10: 120 hand-made pods give two slices; changing one rewrites one slice", async () => {
    const pods = Array.from({ length: 120 }, (_, index) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: `crowd-${index}`, labels: { app: "crowd" } },
      spec: { nodeName: "node-1", containers: [{ name: "none", image: "example.org/absent" }] },
    }));
    await apply(service("crowd", { publishNotReadyAddresses: true }), ...pods);
    const slices = () =>
      cluster.json<{ items: EndpointSlice[] }>(
        "get",
        "endpointslices",
        "-l",
        "kubernetes.io/service-name=crowd",
      );
    const before = await eventually(async () => {
      const { items } = await slices();
      assert.equal(
        items.reduce((sum, s) => sum + (s.endpoints?.length ?? 0), 0),
        120,
      );
      return items;
    }, 60_000);
    assert.equal(before.length, 2);
    await cluster.kubectl("delete", "pod", "crowd-7", "--force", "--grace-period=0");
    const later = await eventually(async () => {
      const { items } = await slices();
      assert.equal(
        items.reduce((sum, s) => sum + (s.endpoints?.length ?? 0), 0),
        119,
      );
      return items;
    });
    const versions = new Map(before.map((s) => [s.metadata.name, s.metadata.resourceVersion]));
    const changed = later.filter(
      (s) => versions.get(s.metadata.name) !== s.metadata.resourceVersion,
    );
    assert.equal(changed.length, 1);
  });
});
