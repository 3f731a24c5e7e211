import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Pod, Service } from "../../src/api/types.ts";
import { eventually, kubectlMissing, startTestCluster, type TestCluster } from "./harness.ts";

// A6 and the sandbox's promise: what was acknowledged survives a kill -9 of everything.

/** Portolan's own processes of a sandbox: each bears its data directory on its command line. */
function processesOf(dataDir: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return Number(pid) !== process.pid && argv.some((arg) => arg.includes(dataDir));
      } catch {
        return false; // It ended meanwhile.
      }
    })
    .map(Number);
}

describe("a sandbox that was killed", { skip: kubectlMissing, timeout: 240_000 }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ nodes: 2 });
  });
  after(() => cluster[Symbol.asyncDispose]());

  const podsByName = async (selector = "") =>
    new Map(
      (await cluster.json<{ items: Pod[] }>("get", "pod", "-l", selector)).items.map((pod) => [
        pod.metadata.name,
        pod,
      ]),
    );

  test("continues on its data: same objects, same UIDs, one more restart, the same cluster IP", async () => {
    await cluster.kubectl("create", "-f", "examples/hostnames.yaml");
    await cluster.kubectl("rollout", "status", "deploy/hostnames", "--timeout=30s");
    const podsBefore = await podsByName();
    const service = await cluster.json<Service>("get", "svc", "hostnames");
    const created = await cluster.json<Service>(
      "create",
      "service",
      "clusterip",
      "last",
      "--tcp=80",
    );

    const bare = JSON.stringify({
      ...{ apiVersion: "v1", kind: "Service", metadata: { name: "no-selector" } },
      spec: { ports: [{ port: 80 }] },
    });
    await cluster.tryKubectl(["create", "-f", "-"], { stdin: bare });

    const pids = processesOf(cluster.dataDir);
    assert.ok(pids.length > 0);
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Another one's end has taken it along.
      }
    }
    const again = await cluster.up();
    assert.equal(again.code, 0, again.stderr);

    const last = await cluster.json<Service>("get", "svc", "last");
    assert.equal(last.metadata.uid, created.metadata.uid);
    assert.equal(last.metadata.resourceVersion, created.metadata.resourceVersion);
    await eventually(async () => {
      const podsAfter = await podsByName();
      assert.deepEqual([...podsAfter.keys()].toSorted(), [...podsBefore.keys()].toSorted());
      for (const [name, pod] of podsAfter) {
        const old = podsBefore.get(name);
        assert.equal(pod.metadata.uid, old?.metadata.uid);
        assert.equal(pod.status?.containerStatuses?.[0]?.ready, true);
        assert.equal(
          pod.status?.containerStatuses?.[0]?.restartCount,
          (old?.status?.containerStatuses?.[0]?.restartCount ?? 0) + 1,
        );
      }
    });
    await eventually(async () => {
      const out = await cluster.run(
        "node-2",
        "curl",
        "-sS",
        "--max-time",
        "2",
        `http://${service.spec?.clusterIP}`,
      );
      assert.match(out.stdout, /^hostnames-/, out.stderr);
    });
  });

  test("B11: a Service without a selector has no Endpoints after the restart either", async () => {
    await cluster.kubectl("get", "svc", "no-selector");
    assert.equal((await cluster.tryKubectl(["get", "ep", "no-selector"])).code, 1);
  });

  test("a pod sees neither the keys of its cluster nor the host's passwords", async () => {
    const [pod] = [...(await podsByName()).keys()];
    for (const path of [cluster.kubeconfig, join(cluster.dataDir, "pki/ca.key"), "/etc/shadow"]) {
      const out = await cluster.tryKubectl(["exec", pod ?? "", "--", "cat", path]);
      assert.equal(out.stdout, "", path);
    }
  });

  test("down leaves no process behind, and up continues again", async () => {
    const down = await cluster.down();
    assert.equal(down.code, 0, down.stderr);
    assert.deepEqual(processesOf(cluster.dataDir), []);
    const again = await cluster.up();
    assert.equal(again.code, 0, again.stderr);
    await cluster.kubectl("get", "svc", "last");
  });

  test("down does not wait for pods one by one, and while they start again the API answers", async () => {
    await cluster.kubectl("create", "deploy", "many", "--image=pause", "--replicas=100");
    await cluster.kubectl("rollout", "status", "deploy/many", "--timeout=60s");
    const within = async (ms: number, action: () => Promise<unknown>) => {
      const startedAt = performance.now();
      await action();
      const tookMs = performance.now() - startedAt;
      assert.ok(tookMs < ms, `took ${Math.round(tookMs)} ms`);
    };
    await within(2500, () => cluster.down());
    await within(4000, () => cluster.up());
    await within(2500, () => cluster.kubectl("get", "pods"));
  });

  test("continued with fewer nodes, what ran on the others moves", async () => {
    assert.equal((await cluster.down()).code, 0);
    const again = await cluster.up("--nodes", "1");
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await cluster.kubectl("get", "nodes", "-o", "name"), "node/node-1\n");
    await eventually(async () => {
      const pods = [...(await podsByName("app=hostnames")).values()];
      assert.deepEqual(
        pods.map((pod) => [pod.spec?.nodeName, pod.status?.containerStatuses?.[0]?.ready]),
        [1, 2, 3].map(() => ["node-1", true]),
      );
    });
  });
});
