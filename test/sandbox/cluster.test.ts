import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nodes, pods, services } from "../../src/api/resource.ts";
import type { Pod } from "../../src/api/types.ts";
import type { Api } from "../../src/client/api.ts";
import { createApi } from "../../src/client/create-api.ts";
import { httpsTransport } from "../../src/client/https-transport.ts";
import { loadKubeconfig } from "../../src/client/load-kubeconfig.ts";
import { companions, Lab, survivors, traces } from "./harness.ts";

const inside = join(resolve(import.meta.dirname, "../.."), "src/sandbox/inside.ts");
const isRoot = process.getuid?.() === 0;
const name = { namespace: "default", name: "web" };

async function withApi<T>(lab: Lab, action: (api: Api) => Promise<T>): Promise<T> {
  await using transport = httpsTransport(loadKubeconfig(join(lab.dataDir, "kubeconfig")));
  // Awaited here: the transport is closed on leaving.
  return await action(createApi(transport));
}

/** Asks until the answer is right, for a minute. */
async function eventually<T>(ask: () => Promise<T>, isRight: (answer: T) => boolean): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (isRight(answer)) return answer;
    assert.ok(performance.now() < deadline, JSON.stringify(answer, undefined, 1));
    await sleep(50);
  }
}

function readyPod(lab: Lab, restarts: number): Promise<Pod> {
  return withApi(lab, (api) =>
    eventually(
      () => api.get(pods, name),
      ({ status }) => {
        const container = status?.containerStatuses?.[0];
        return container?.ready === true && container.restartCount === restarts;
      },
    ),
  );
}

for (const asNobody of [false, true]) {
  const who = asNobody ? "as nobody" : "as this user";
  const skip = asNobody && !isRoot ? "only root can become nobody" : false;
  test(`${who}: a cluster serves a pod to the outside, before and after a kill -9`, {
    skip,
  }, async () => {
    await using lab = new Lab({ asNobody });
    // The copy of a checkout that nobody can read has its own inside.
    await lab.up({ nodes: 2, inside: lab.inCheckout(inside) });
    const nodePort = await withApi(lab, async (api) => {
      const { items } = await api.list(nodes);
      assert.deepEqual(
        items.map((node) => node.status?.conditions?.find((c) => c.type === "Ready")?.status),
        ["True", "True"],
      );
      await api.create(pods, {
        metadata: { ...name, labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "nginx" }] },
      });
      const service = await api.create(services, {
        metadata: name,
        spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80 }] },
      });
      return service.spec?.ports?.[0]?.nodePort;
    });
    const before = await readyPod(lab, 0);
    const visit = (where: string) => {
      const request = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3";
      const script = `exec 3<>/dev/tcp/192.168.100.12/${nodePort} && ${request}`;
      return eventually(
        () => lab.drive("run", where, "timeout", "2", "bash", "-c", script),
        ({ stdout }) => /^HTTP\/1\.\d 200/.test(stdout),
      );
    };
    await visit("client");
    await visit("node-1");

    process.kill(lab.pid("node"), "SIGKILL");
    await lab.up({ nodes: 2, inside: lab.inCheckout(inside) });
    const after = await readyPod(lab, 1);
    assert.equal(after.metadata.uid, before.metadata.uid);
    await visit("client");

    const own = companions(lab.pid("node"));
    assert.equal((await lab.drive("down")).exitCode, 0);
    assert.deepEqual(traces(lab.dataDir), []);
    assert.deepEqual(survivors(own), []);
  });
}
