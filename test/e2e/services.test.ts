import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Pod, Service } from "../../src/api/types.ts";
import { eventually, kubectlMissing, startTestCluster, type TestCluster } from "./harness.ts";

// Service types, DNS and environment variables; the names of the rows are those of docs/mission.md.

describe("services by type, name and variable", { skip: kubectlMissing, timeout: 240_000 }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ nodes: 2 });
    await cluster.kubectl("create", "-f", "examples/two-ports.yaml");
    await cluster.kubectl("create", "-f", "examples/stateful-headless.yaml");
    await cluster.kubectl("create", "-f", "examples/external-name.yaml");
    await cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=30s");
    await cluster.kubectl("rollout", "status", "statefulset/db", "--timeout=30s");
  });
  after(() => cluster[Symbol.asyncDispose]());

  /** Answers of the node's DNS server, as dig prints them short. */
  async function dig(...args: string[]): Promise<string[]> {
    const out = await cluster.run(
      "node-1",
      "dig",
      "+short",
      "+tries=1",
      "@192.168.100.11",
      ...args,
    );
    assert.equal(out.code, 0, out.stderr);
    return out.stdout.trim().split("\n").filter(Boolean);
  }

  async function rcode(...args: string[]): Promise<string> {
    const out = await cluster.run("node-1", "dig", "+tries=1", "@192.168.100.11", ...args);
    return /status: (\w+)/.exec(out.stdout)?.[1] ?? out.stdout;
  }

  const serviceOf = (name: string) => cluster.json<Service>("get", "svc", name);
  const podOf = (name: string) => cluster.json<Pod>("get", "pod", name);

  test("A3: a named target port is each pod's own number", async () => {
    const { spec } = await serviceOf("mixed");
    const seen = new Set<string>();
    await eventually(async () => {
      const out = await cluster.run(
        "node-1",
        "curl",
        "-sS",
        "--max-time",
        "3",
        `http://${spec?.clusterIP}`,
      );
      for (const name of ["mixed-old", "mixed-new"]) if (out.stdout.includes(name)) seen.add(name);
      assert.equal(seen.size, 2, out.stdout + out.stderr);
    });
    const second = await cluster.run(
      "node-1",
      "curl",
      "-sS",
      "--max-time",
      "3",
      `http://${spec?.clusterIP}:9376`,
    );
    assert.match(second.stdout, /mixed-(old|new)/);
  });

  test("C5: types nest", async () => {
    const filled = async (name: string, spec: object) => {
      const manifest = {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name },
        spec: { ports: [{ port: 80 }], ...spec },
      };
      const out = await cluster.tryKubectl(["create", "-f", "-"], {
        stdin: JSON.stringify(manifest),
      });
      assert.equal(out.code, 0, out.stderr);
      const { spec: got } = await serviceOf(name);
      return [got?.clusterIP !== undefined, got?.ports?.[0]?.nodePort !== undefined];
    };
    assert.deepEqual(await filled("nest-c", {}), [true, false]);
    assert.deepEqual(await filled("nest-n", { type: "NodePort" }), [true, true]);
    assert.deepEqual(await filled("nest-l", { type: "LoadBalancer" }), [true, true]);
    assert.deepEqual(
      await filled("nest-l0", { type: "LoadBalancer", allocateLoadBalancerNodePorts: false }),
      [true, false],
    );
  });

  test("C2: a chosen cluster IP is reserved, a taken or foreign one refused", async () => {
    const create = (name: string, ip: string) =>
      cluster.tryKubectl(["create", "service", "clusterip", name, "--tcp=80", `--clusterip=${ip}`]);
    assert.equal((await create("chosen", "10.102.249.128")).code, 0);
    const taken = await create("chosen-2", "10.102.249.128");
    assert.match(
      taken.stderr,
      /spec\.clusterIPs: Invalid value: .*"10\.102\.249\.128".*: failed to allocate IP 10\.102\.249\.128: provided IP is already allocated/,
    );
    const foreign = await create("chosen-3", "172.30.0.5");
    assert.match(foreign.stderr, /provided IP .*is not in the valid range/);
    await cluster.kubectl("delete", "svc", "chosen");
    assert.equal((await create("chosen-4", "10.102.249.128")).code, 0);
  });

  test("C7: a headless Service has no cluster IP, no node port and no rule; DNS gives the pods", async () => {
    const { spec } = await serviceOf("db");
    assert.equal(spec?.clusterIP, "None");
    const pods = [await podOf("db-0"), await podOf("db-1")];
    assert.deepEqual(
      (await dig("db.default.svc.cluster.local")).toSorted(),
      pods.map((pod) => pod.status?.podIP ?? "").toSorted(),
    );
  });

  test("C9: a StatefulSet's pod keeps its name in DNS after it was made anew", async () => {
    const before = await podOf("db-0");
    assert.deepEqual(await dig("db-0.db.default.svc.cluster.local"), [before.status?.podIP]);
    // Without waiting: kubectl lists after it has looked whether the pod is there, and one that is made anew in between
    // counts as the old one, for whose end it waits for ever.
    await cluster.kubectl("delete", "pod", "db-0", "--wait=false");
    await eventually(async () => {
      const pod = await podOf("db-0");
      assert.notEqual(pod.metadata.uid, before.metadata.uid);
      assert.deepEqual(await dig("db-0.db.default.svc.cluster.local"), [pod.status?.podIP]);
    });
  });

  test("C8: an ExternalName is an alias in DNS, without Endpoints", async () => {
    const answers = await dig("search.default.svc.cluster.local", "CNAME");
    assert.deepEqual(answers, ["www.example.org."]);
    assert.equal((await cluster.tryKubectl(["get", "ep", "search"])).code, 1);
  });

  test("D1, D6: A over UDP and TCP, SRV, PTR, NXDOMAIN and NODATA", async () => {
    const { spec } = await serviceOf("mixed");
    const name = "mixed.default.svc.cluster.local";
    assert.deepEqual(await dig(name), [spec?.clusterIP]);
    assert.deepEqual(await dig("+tcp", name), [spec?.clusterIP]);
    assert.deepEqual(await dig("-x", spec?.clusterIP ?? ""), [`${name}.`]);
    assert.match(
      (await dig(`_web._tcp.${name}`, "SRV"))[0] ?? "",
      /^0 \d+ 80 mixed\.default\.svc\.cluster\.local\.$/,
    );
    assert.equal((await dig("_names._tcp.db.default.svc.cluster.local", "SRV")).length, 2);
    assert.deepEqual([await dig(name, "AAAA"), await rcode(name, "AAAA")], [[], "NOERROR"]);
    assert.equal(await rcode("absent.default.svc.cluster.local"), "NXDOMAIN");
    const podIP = (await podOf("db-0")).status?.podIP ?? "";
    assert.deepEqual(await dig(`${podIP.replaceAll(".", "-")}.default.pod.cluster.local`), [podIP]);
    assert.equal(await rcode("10-244-0-254.default.pod.cluster.local"), "NXDOMAIN");
  });

  test("D2: kube-dns answers on its cluster IP from every pod", async () => {
    for (const pod of ["db-0", "db-1", "mixed-old"]) {
      const out = await cluster.kubectl("exec", pod, "--", "dig", "+short", "+search", "mixed");
      assert.match(out, /^10\.\d+\.\d+\.\d+\n$/);
      const resolver = await cluster.kubectl("exec", pod, "--", "cat", "/etc/resolv.conf");
      assert.match(resolver, /^nameserver 10\.96\.0\.10$/m);
      assert.match(
        resolver,
        /^search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/m,
      );
      assert.match(resolver, /ndots:5/);
    }
  });

  test("D3: a pod started after a Service has its variables, one started before has not", async () => {
    await cluster.kubectl("create", "service", "clusterip", "late-comer", "--tcp=8080:80");
    const { spec } = await serviceOf("late-comer");
    await cluster.kubectl("run", "young", "--image=pause");
    await cluster.kubectl("wait", "--for=condition=Ready", "pod/young", "--timeout=20s");
    const young = (await cluster.kubectl("exec", "young", "--", "env")).split("\n");
    for (const line of [
      `LATE_COMER_SERVICE_HOST=${spec?.clusterIP}`,
      "LATE_COMER_SERVICE_PORT=8080",
      `LATE_COMER_PORT=tcp://${spec?.clusterIP}:8080`,
      `LATE_COMER_PORT_8080_TCP=tcp://${spec?.clusterIP}:8080`,
      "LATE_COMER_PORT_8080_TCP_PROTO=tcp",
      "LATE_COMER_PORT_8080_TCP_PORT=8080",
      `LATE_COMER_PORT_8080_TCP_ADDR=${spec?.clusterIP}`,
    ]) {
      assert.ok(young.includes(line), line);
    }
    const old = await cluster.kubectl("exec", "mixed-old", "--", "env");
    assert.ok(!old.includes("LATE_COMER"));
  });

  test("E1, E7: each node has rules of its own, and they are the same", async () => {
    const rules = async (node: string) => {
      const out = await cluster.run(node, "nft", "list", "tables");
      assert.match(out.stdout, /portolan/);
      const dump = await cluster.run(node, "nft", "list", "table", "inet", "portolan");
      assert.equal(dump.code, 0, dump.stderr);
      return dump.stdout.split("\n").toSorted();
    };
    await eventually(async () => {
      const [one, two] = [await rules("node-1"), await rules("node-2")];
      const differing = one.filter((line) => !two.includes(line));
      assert.ok(one.length > 20);
      // Only what names the node itself may differ: its own addresses and its local endpoints.
      for (const line of differing) assert.match(line, /192\.168\.100\.1[12]|10\.96\.0\.10/);
    });
  });
});
