import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Endpoints, Pod, Service } from "../../src/api/types.ts";
import {
  eventually,
  kubectlMissing,
  startTestCluster,
  type TestCluster,
  tableRows,
} from "./harness.ts";

// The labs of the articles the project grew from, with unmodified kubectl. Row names are those of docs/mission.md.

describe("the labs", { skip: kubectlMissing, timeout: 240_000 }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster();
  });
  after(() => cluster[Symbol.asyncDispose]());

  const ready = (selector: string, count: number, ...flags: string[]) =>
    eventually(async () => {
      const list = await cluster.json<{ items: Pod[] }>("get", "pod", "-l", selector, ...flags);
      const names = list.items
        .filter((pod) => pod.metadata.deletionTimestamp === undefined)
        .filter((pod) =>
          pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True"),
        )
        .map((pod) => pod.metadata.name);
      assert.equal(names.length, count);
      return names;
    });

  test("Q3, A5: create -f of both files prints that they were created", async () => {
    const out = await cluster.kubectl(
      "create",
      "-f",
      "examples/nginx-deployment.yaml",
      "-f",
      "examples/nginx-service.yaml",
    );
    assert.equal(out, "deployment.apps/nginx-deployment created\nservice/nginx-basic created\n");
    await ready("app=nginx", 3);
  });

  test("Q1: get svc has the columns and values of the lab", async () => {
    const out = await cluster.kubectl("get", "svc", "nginx-basic");
    assert.match(out, /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\n/);
    const [row] = tableRows(out);
    assert.equal(row?.["TYPE"], "ClusterIP");
    assert.match(row?.["CLUSTER-IP"] ?? "", /^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/);
    assert.equal(row?.["EXTERNAL-IP"], "<none>");
    assert.equal(row?.["PORT(S)"], "80/TCP");
  });

  test("Q2: get pod -o wide has the columns of the lab, one pod on each node", async () => {
    const out = await cluster.kubectl("get", "pod", "--selector=app=nginx", "-o", "wide");
    assert.match(
      out,
      /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/,
    );
    const rows = tableRows(out);
    assert.equal(rows.length, 3);
    for (const row of rows) {
      assert.match(row["NAME"] ?? "", /^nginx-deployment-[a-z0-9]{5,10}-[a-z0-9]{5}$/);
      assert.equal(row["READY"], "1/1");
      assert.equal(row["STATUS"], "Running");
      assert.match(row["IP"] ?? "", /^10\.244\.\d+\.\d+$/);
      assert.equal(row["NOMINATED NODE"], "<none>");
      assert.equal(row["READINESS GATES"], "<none>");
    }
    assert.equal(new Set(rows.map((row) => row["NODE"])).size, 3);
  });

  test("A4: the nginx-service manifest is taken as it is and read back with its defaults", async () => {
    const manifest = join(cluster.dataDir, "../nginx-service.yaml");
    await writeFile(
      manifest,
      [
        "apiVersion: v1",
        "kind: Service",
        "metadata:",
        "  name: nginx-service",
        "spec:",
        "  selector:",
        "    app: nginx",
        "  ports:",
        "    - port: 80",
        "      protocol: TCP",
        "      targetPort: 80",
        "",
      ].join("\n"),
    );
    assert.equal(
      await cluster.kubectl("create", "-f", manifest),
      "service/nginx-service created\n",
    );
    const service = await cluster.json<Service>("get", "svc", "nginx-service");
    const { clusterIP, clusterIPs, ...rest } = service.spec ?? {};
    assert.deepEqual(clusterIPs, [clusterIP]);
    assert.deepEqual(rest, {
      internalTrafficPolicy: "Cluster",
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      selector: { app: "nginx" },
      sessionAffinity: "None",
      type: "ClusterIP",
    });
  });

  test("B13: get ep shows the sorted, comma-joined pod addresses, one of each node's range", async () => {
    await cluster.kubectl("create", "namespace", "demo");
    await cluster.kubectl("-n", "demo", "create", "-f", "examples/hostnames.yaml");
    await ready("app=hostnames", 3, "-n", "demo");
    const [row] = await eventually(async () => {
      const rows = tableRows(await cluster.kubectl("-n", "demo", "get", "ep", "hostnames"));
      assert.equal(rows[0]?.["ENDPOINTS"]?.split(",").length, 3);
      return rows;
    });
    const addresses = row?.["ENDPOINTS"]?.split(",") ?? [];
    assert.deepEqual(addresses, addresses.toSorted());
    assert.deepEqual(
      addresses.map((address) => address.replace(/\.\d+:9376$/, "")),
      ["10.244.0", "10.244.1", "10.244.2"],
    );
  });

  test("Q5, D2: from a pod the service name answers through the cluster IP, with every pod's name in turn", async () => {
    const pods = new Set(await ready("app=hostnames", 3, "-n", "demo"));
    const seen = new Set<string>();
    await eventually(async () => {
      for (const name of ["hostnames", "hostnames.demo", "hostnames.demo.svc.cluster.local"]) {
        const out = await cluster.kubectl(
          "-n",
          "demo",
          "exec",
          "deploy/hostnames",
          "--",
          "curl",
          "-sS",
          "--max-time",
          "5",
          name,
        );
        assert.ok(pods.has(out.trim()), `"${out}" is no pod of the Service`);
        seen.add(out.trim());
      }
      assert.equal(seen.size, 3);
    });
  });

  test("C1, C11: the cluster IP answers on a node and not from outside", async () => {
    const service = await cluster.json<Service>("-n", "demo", "get", "svc", "hostnames");
    const url = `http://${service.spec?.clusterIP}`;
    const inside = await cluster.run("node-2", "curl", "-sS", "--max-time", "5", url);
    assert.match(inside.stdout, /^hostnames-/);
    const outside = await cluster.run("client", "curl", "-sS", "--max-time", "2", url);
    assert.notEqual(outside.code, 0);
  });

  test("C6, Q4: edit turns it into a NodePort in place; the cluster IP stays", async () => {
    const before = await cluster.json<Service>("get", "svc", "nginx-basic");
    const edited = await cluster.tryKubectl(["edit", "svc", "nginx-basic"], {
      env: { KUBE_EDITOR: "sed -i s/type:.ClusterIP/type:\\ NodePort/" },
    });
    assert.equal(edited.stdout, "service/nginx-basic edited\n", edited.stderr);
    const [row] = tableRows(await cluster.kubectl("get", "svc", "nginx-basic"));
    assert.equal(row?.["TYPE"], "NodePort");
    assert.equal(row?.["CLUSTER-IP"], before.spec?.clusterIP);
    assert.match(row?.["PORT(S)"] ?? "", /^80:3\d{4}\/TCP$/);
  });

  test("C3, C4: the node port answers on every node from outside the cluster, also a chosen one", async () => {
    await cluster.kubectl(
      "patch",
      "svc",
      "nginx-basic",
      "-p",
      '{"spec":{"ports":[{"port":80,"nodePort":30898}]}}',
    );
    const [row] = tableRows(await cluster.kubectl("get", "svc", "nginx-basic"));
    assert.equal(row?.["PORT(S)"], "80:30898/TCP");
    for (const node of ["192.168.100.11", "192.168.100.12", "192.168.100.13"]) {
      await eventually(async () => {
        const out = await cluster.run("client", "curl", "-sS", "--max-time", "3", `${node}:30898`);
        assert.match(out.stdout, /nginx/i, out.stderr);
      });
    }
  });

  test("C3: a taken node port and one outside the range are refused in the API's words", async () => {
    const create = (name: string, nodePort: string) =>
      cluster.tryKubectl([
        "create",
        "service",
        "nodeport",
        name,
        "--tcp=80",
        `--node-port=${nodePort}`,
      ]);
    const taken = await create("thief", "30898");
    assert.match(
      taken.stderr,
      /spec\.ports\[0\]\.nodePort: Invalid value: 30898: provided port is already allocated/,
    );
    const outside = await create("stranger", "8080");
    assert.match(
      outside.stderr,
      /Invalid value: 8080: provided port is not in the valid range\. The range of valid ports is 30000-32767/,
    );
    assert.equal((await cluster.tryKubectl(["get", "svc", "thief"])).code, 1);
  });

  test("A1: under load the address never changes and, once the new pods are ready, every request succeeds", async () => {
    const service = await cluster.json<Service>("-n", "demo", "get", "svc", "hostnames");
    const url = `http://${service.spec?.clusterIP}`;
    await cluster.kubectl("-n", "demo", "delete", "pod", "-l", "app=hostnames", "--wait=false");
    await ready("app=hostnames", 3, "-n", "demo");
    await eventually(async () => {
      const { subsets = [] } = await cluster.json<Endpoints>(
        "-n",
        "demo",
        "get",
        "ep",
        "hostnames",
      );
      assert.equal(subsets[0]?.addresses?.length, 3);
      assert.equal(subsets[0]?.notReadyAddresses, undefined);
    });
    const again = await cluster.json<Service>("-n", "demo", "get", "svc", "hostnames");
    assert.equal(again.spec?.clusterIP, service.spec?.clusterIP);
    const loop = `for i in $(seq 60); do curl -sS --max-time 3 -o /dev/null ${url} || echo failed; done`;
    const out = await cluster.run("node-1", "sh", "-c", loop);
    assert.equal(out.stdout, "");
  });

  test("B4: a selector that matches nothing gives Endpoints without subsets, and calls are refused at once", async () => {
    await cluster.kubectl("create", "service", "clusterip", "nobody", "--tcp=80");
    await eventually(async () => {
      const endpoints = await cluster.json<Endpoints>("get", "ep", "nobody");
      assert.equal(endpoints.subsets, undefined);
    });
    const { spec } = await cluster.json<Service>("get", "svc", "nobody");
    await eventually(async () => {
      const startedMs = Date.now();
      const out = await cluster.run(
        "node-1",
        "curl",
        "-sS",
        "--max-time",
        "5",
        spec?.clusterIP ?? "",
      );
      assert.equal(out.code, 7, out.stderr);
      assert.ok(Date.now() - startedMs < 3000);
    });
  });
});
