import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { type Lab, startLab } from "./lab.ts";

/**
 * The versioned clients beside the kubectl on PATH: that one may be a dispatcher, which asks the server for its
 * version, picks a client and remembers the choice. Without them, the kubectl on PATH.
 */
function findClients(): readonly { readonly name: string; readonly path: string }[] {
  let path: string;
  try {
    path = realpathSync(execFileSync("sh", ["-c", "command -v kubectl"]).toString().trim());
  } catch {
    return [];
  }
  const versioned = readdirSync(dirname(path)).filter((name) => /^kubectl\.1\.\d+$/.test(name));
  const names = versioned.length > 0 ? versioned.toSorted() : [path];
  return names.map((name) => ({ name, path: join(dirname(path), name) }));
}

const clients = findClients().filter(({ path }) => existsSync(path));
const skip = clients.length === 0 ? "there is no kubectl" : false;

/** No call takes that long, however busy the machine is. */
const LIMIT_MS = 120_000;

describe("unmodified kubectl", { skip }, () => {
  let lab: Lab;
  let kubeconfig: string;
  const homes: string[] = [];

  before(async () => {
    lab = await startLab();
    kubeconfig = lab.kubeconfig(lab.admin);
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  });

  /** kubectl keeps discovery under HOME: each client gets a fresh one. */
  function environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const home = mkdtempSync(join(tmpdir(), "portolan-home-"));
    homes.push(home);
    return { PATH: process.env["PATH"], HOME: home, KUBECONFIG: kubeconfig, ...more };
  }

  const run = (path: string, env: NodeJS.ProcessEnv, args: readonly string[], input = "") => {
    const running = promisify(execFile)(path, args, { env, timeout: LIMIT_MS });
    running.child.stdin?.end(input);
    return running;
  };

  for (const { name, path } of clients) {
    test(`${name}: creates, reads, changes, watches and deletes`, async (t) => {
      const env = environment();
      const namespace = name.toLowerCase().replaceAll(/[^a-z0-9]/g, "-");
      const kubectl = async (...args: string[]) =>
        (await run(path, env, [...args, "--namespace", namespace])).stdout;
      await run(path, env, ["create", "namespace", namespace]);

      // Typed generators: protobuf from 1.32 on, JSON before.
      await kubectl("create", "deployment", "web", "--image=nginx", "--replicas=2", "--port=80");
      await kubectl("create", "configmap", "settings", "--from-literal=a=b");
      await kubectl("create", "secret", "generic", "hidden", "--from-literal=a=b");
      await kubectl("create", "serviceaccount", "robot");
      await kubectl("expose", "deployment", "web", "--port=80", "--target-port=http");
      const made = JSON.parse(await kubectl("get", "deployment/web", "-o", "json"));
      assert.equal(made.spec.replicas, 2);
      assert.equal(made.spec.template.spec.containers[0].ports[0].containerPort, 80);
      assert.equal(made.spec.template.spec.terminationGracePeriodSeconds, 30);
      assert.match(await kubectl("get", "service", "web"), /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP/);

      const watching = spawn(path, ["get", "cm", "-w", "-n", namespace, "--no-headers"], { env });
      t.after(() => watching.kill());
      let watched = "";
      watching.stdout.on("data", (chunk) => {
        watched += chunk;
      });
      const sees = async (pattern: RegExp) => {
        for (let tries = 0; tries < LIMIT_MS / 100 && !pattern.test(watched); tries++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        assert.match(watched, pattern);
      };
      await sees(/settings +1/);
      await kubectl("patch", "configmap", "settings", "-p", '{"data":{"c":"d"}}');
      await sees(/settings +2/);

      const manifest = JSON.stringify({
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: "applied" },
        spec: { selector: { app: "web" }, ports: [{ port: 80 }] },
      });
      const apply = (text: string) =>
        run(path, env, ["apply", "-n", namespace, "-f", "-"], text).then(({ stdout }) => stdout);
      assert.match(await apply(manifest), /service\/applied created/);
      assert.match(await apply(manifest), /service\/applied unchanged/);
      assert.match(await apply(manifest.replace("80", "81")), /service\/applied configured/);
      await assert.rejects(apply(manifest.replace("selector", "selektor")), {
        stderr: /strict decoding error: unknown field "spec.selektor"/,
      });
      await assert.rejects(apply(manifest.replace("80", "0")), {
        stderr: /spec.ports\[0\].port: Invalid value: 0: must be between 1 and 65535, inclusive/,
      });

      const editor = { ...env, EDITOR: "sed -i 's/port: 81$/port: 82/'" };
      await run(path, editor, ["edit", "service", "applied", "-n", namespace]);
      const port = "-o=jsonpath={.spec.ports[0].port}";
      assert.equal(await kubectl("get", "service", "applied", port), "82");
      await kubectl("scale", "deployment", "web", "--replicas=3");
      await kubectl("set", "image", "deployment/web", "nginx=httpd");
      await kubectl("rollout", "restart", "deployment/web");
      await kubectl("label", "service", "applied", "a=b");
      await kubectl("annotate", "service", "applied", "a=b");
      await kubectl("describe", "service", "applied");
      await kubectl("wait", "--for=jsonpath={.spec.replicas}=3", "deployment/web", "--timeout=60s");
      assert.match(await kubectl("delete", "service", "applied"), /service "applied" deleted/);
      await kubectl("delete", "deployment,configmap,secret", "--all");
      assert.match(await kubectl("explain", "service.spec.clusterIP"), /clusterIP/);
      assert.match(await kubectl("auth", "can-i", "create", "pods"), /^yes/);
    });
  }

  const newest = clients.at(-1);
  test("kubectl waits through a WatchList, which a real reflector asks for", async () => {
    assert(newest !== undefined);
    const env = environment({ KUBE_FEATURE_WatchListClient: "true" });
    const kubectl = (...args: string[]) => run(newest.path, env, args);
    await kubectl("create", "deployment", "awaited", "--image=nginx", "--replicas=1");
    const waiting = kubectl(
      "wait",
      "--for=jsonpath={.spec.replicas}=2",
      "deployment/awaited",
      "--timeout=60s",
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    await kubectl("scale", "deployment", "awaited", "--replicas=2");
    assert.match((await waiting).stdout, /condition met/);
  });

  test("whoever has no role is told so by kubectl in the words it knows", async () => {
    assert(newest !== undefined);
    const jane = lab.kubeconfig(await lab.issue("jane", []));
    const env = environment({ KUBECONFIG: jane });
    await assert.rejects(run(newest.path, env, ["get", "pods"]), {
      stderr:
        /^Error from server \(Forbidden\): pods is forbidden: User "jane" cannot list resource "pods"/,
    });
    const whoami = await run(newest.path, env, ["auth", "whoami"]);
    assert.match(whoami.stdout, /jane/);
  });
});
