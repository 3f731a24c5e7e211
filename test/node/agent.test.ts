import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { events, nodes, pods, secrets, services } from "../../src/api/resource.ts";
import type { Container, Pod } from "../../src/api/types.ts";
import { kubectlClients, kubectlMissing } from "../e2e/harness.ts";
import { namespacesMissing } from "../kernel/probe.ts";
import { type AgentLab, startAgentLab } from "./agent-lab.ts";

const skip = await namespacesMissing();
const skipKubectl = skip === false ? kubectlMissing : skip;

let lab: AgentLab;

before(async () => {
  if (skip === false) lab = await startAgentLab();
});
after(async () => {
  if (skip === false) await lab[Symbol.asyncDispose]();
});

function shell(script: string, more: Partial<Container> = {}): Container {
  return { name: "main", image: "busybox", command: ["sh", "-c", script], ...more };
}

const isReady = (pod: Pod) =>
  pod.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;
const main = (pod: Pod) => pod.status?.containerStatuses?.[0];

async function get(pod: Pod, port: number, path = "/"): Promise<string> {
  const ip = pod.status?.podIP ?? "";
  const socket = await lab.node.sockets.connectTcp({ host: ip, port });
  socket.write(`GET ${path} HTTP/1.0\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += chunk;
  return text;
}

async function fetchPage(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(30_000) });
  return await answer.text();
}

test("the node registers itself, Ready, with a lease", { skip }, async () => {
  const node = await lab.api.get(nodes, { name: "node-a" });
  assert.equal(node.status?.conditions?.find((c) => c.type === "Ready")?.status, "True");
  assert.equal(node.spec?.podCIDR, "10.0.1.0/24");
  assert.match(node.status?.nodeInfo?.kubeletVersion ?? "", /^v1\.33\./);
});

test("a pod runs, gets an address of the node's range, and is Ready", {
  skip: skipKubectl,
}, async () => {
  await lab.runPod("web", { containers: [{ name: "web", image: "serve_hostname" }] });
  const pod = await lab.podWhen("web", isReady);
  assert.equal(pod.status?.phase, "Running");
  assert.match(pod.status?.podIP ?? "", /^10\.0\.1\./);
  assert.equal(pod.status?.hostIP, "192.168.0.1");
  assert.equal(main(pod)?.ready, true);
  assert.equal(main(pod)?.restartCount, 0);
  await lab.kubectl(["exec", "web", "--", "sleep", "0.2"]);
  assert.match(await get(pod, 9376), /\r\n\r\nweb$/);
});

test("readiness follows its probe within milliseconds of the program's start", {
  skip,
}, async () => {
  await lab.runPod("probed", {
    containers: [
      {
        name: "web",
        image: "nginx",
        readinessProbe: { httpGet: { path: "/", port: 80 }, periodSeconds: 10 },
      },
    ],
  });
  const pod = await lab.podWhen("probed", isReady, 3_000);
  assert.match(await get(pod, 80), /Welcome to nginx!/);
});

test("a failing liveness probe restarts the container, after its preStop hook", {
  skip,
}, async () => {
  const preStop = { exec: { command: ["sh", "-c", "sleep 0.1; echo 3 > /tmp/code"] } };
  await lab.runPod("sick", {
    containers: [
      shell("trap 'exit $(cat /tmp/code)' TERM; sleep 60 & wait $!", {
        livenessProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1 },
        lifecycle: { preStop },
      }),
    ],
  });
  const pod = await lab.podWhen("sick", (p) => (main(p)?.restartCount ?? 0) > 0);
  assert.equal(main(pod)?.lastState?.terminated?.exitCode, 3);
  await lab.api.delete(pods, { namespace: "default", name: "sick" }, { gracePeriodSeconds: 0 });
});

test("a container that keeps failing waits in CrashLoopBackOff", {
  skip: skipKubectl,
}, async () => {
  await lab.runPod("crash", { containers: [shell("echo tried; exit 4")] });
  const pod = await lab.podWhen(
    "crash",
    (p) => main(p)?.state?.waiting?.reason === "CrashLoopBackOff",
  );
  assert.equal(main(pod)?.restartCount, 1);
  assert.equal(main(pod)?.lastState?.terminated?.exitCode, 4);
  for (const args of [[], ["--previous"]]) {
    assert.equal((await lab.kubectl(["logs", "crash", ...args])).stdout, "tried\n");
  }
  assert.match(
    main(pod)?.state?.waiting?.message ?? "",
    /^back-off 10s restarting failed container=main pod=crash_default/,
  );
});

test("an unknown image is ErrImagePull, then ImagePullBackOff; the pod has an address", {
  skip: skipKubectl,
}, async () => {
  await lab.runPod("absent", { containers: [{ name: "main", image: "example.org/absent" }] });
  await lab.podWhen("absent", (p) => main(p)?.state?.waiting?.reason === "ErrImagePull");
  const pod = await lab.podWhen(
    "absent",
    (p) => main(p)?.state?.waiting?.reason === "ImagePullBackOff",
  );
  assert.equal(pod.status?.phase, "Pending");
  const { stderr } = await lab.kubectl(["logs", "absent"]);
  assert.match(stderr, /"absent" is waiting to start: trying and failing to pull image/);
  assert.match(pod.status?.podIP ?? "", /^10\.0\.1\./);
  const list = await lab.api.list(events, { namespace: "default" });
  const reasons = list.items
    .filter((e) => e.involvedObject?.name === "absent")
    .map((e) => e.reason);
  assert.ok(reasons.includes("Failed"), reasons.join());
});

test("a start error is the end of a pod that is not started again", { skip }, async () => {
  const containers = [{ ...shell(""), command: ["/no/such"] }];
  await lab.runPod("hopeless", { restartPolicy: "Never", containers });
  const pod = await lab.podWhen("hopeless", (p) => p.status?.phase === "Failed");
  assert.equal(main(pod)?.state?.terminated?.reason, "StartError");
});

test("a hook that fails is told, but not what it printed", { skip }, async () => {
  const postStart = { exec: { command: ["sh", "-c", "echo secret; exit 4"] } };
  await lab.runPod("hooked", {
    terminationGracePeriodSeconds: 1,
    containers: [shell("sleep 60", { lifecycle: { postStart } })],
  });
  await lab.podWhen("hooked", (p) => (main(p)?.restartCount ?? 0) > 0);
  const told = await lab.eventOf("hooked", ({ reason }) => reason === "FailedPostStartHook");
  assert.equal(told.message, "PostStartHook failed");
});

test("an image that must not be pulled, and a name that is none", { skip }, async () => {
  const base = { name: "main", imagePullPolicy: "Never" };
  const images = { "example.org/absent": "ErrImageNeverPull", "A:b:c": "InvalidImageName" };
  for (const [index, [image, reason]] of Object.entries(images).entries()) {
    await lab.runPod(`unpulled-${index}`, { containers: [{ ...base, image }] });
    await lab.podWhen(`unpulled-${index}`, (p) => main(p)?.state?.waiting?.reason === reason);
  }
});

/** Why no program can be in other groups than root's, or false if it can. */
function groupsMissing(): string | false {
  const [, , count = "0"] = readFileSync("/proc/self/gid_map", "utf8").trim().split(/\s+/);
  return Number(count) > 6006 ? false : "this user namespace knows too few groups";
}

test("a container has the groups of its pod, and volumes belong to fsGroup", {
  skip: skip || groupsMissing(),
}, async () => {
  await lab.runPod("grouped", {
    restartPolicy: "Never",
    securityContext: {
      runAsUser: 1003,
      runAsGroup: 3003,
      supplementalGroups: [4004],
      fsGroup: 6006,
    },
    volumes: [{ name: "v", emptyDir: {} }],
    containers: [
      shell("echo $(id -G) $(stat -c %g:%a /v) > /dev/termination-log", {
        volumeMounts: [{ name: "v", mountPath: "/v" }],
      }),
    ],
  });
  const pod = await lab.podWhen("grouped", (p) => p.status?.phase === "Succeeded");
  assert.equal(main(pod)?.state?.terminated?.message, "3003 4004 6006 6006:2777\n");
});

test("a program that is not there is a start error", { skip }, async () => {
  await lab.runPod("nowhere", { containers: [{ ...shell(""), command: ["/no/such"] }] });
  const pod = await lab.podWhen("nowhere", (p) => main(p)?.lastState?.terminated !== undefined);
  assert.equal(main(pod)?.lastState?.terminated?.reason, "StartError");
  assert.equal(main(pod)?.lastState?.terminated?.exitCode, 128);
});

test("a pod that waits for a Secret has no address, and starts once it is there", {
  skip,
}, async () => {
  await lab.runPod("patient", {
    restartPolicy: "Never",
    volumes: [{ name: "keys", secret: { secretName: "late" } }],
    containers: [
      shell("cat /keys/k > /dev/termination-log", {
        volumeMounts: [{ name: "keys", mountPath: "/keys" }],
      }),
    ],
  });
  const { message } = await lab.eventOf("patient", ({ reason }) => reason === "FailedMount");
  assert.equal(message, 'MountVolume.SetUp failed for volume "keys" : secret "late" not found');
  const waiting = await lab.podWhen("patient", (p) => main(p)?.state?.waiting !== undefined);
  assert.equal(waiting.status?.podIP, undefined);
  await lab.api.create(secrets, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: "default", name: "late" },
    data: { k: Buffer.from("open").toString("base64") },
  });
  const pod = await lab.podWhen("patient", (p) => p.status?.phase === "Succeeded");
  assert.equal(main(pod)?.state?.terminated?.message, "open");
});

test("a pod that puts more into a volume than it may hold is evicted", { skip }, async () => {
  await lab.runPod("greedy", {
    volumes: [{ name: "small", emptyDir: { sizeLimit: "1Mi" } }],
    containers: [
      shell("head -c 2000000 /dev/zero > /small/much; sleep 60", {
        volumeMounts: [{ name: "small", mountPath: "/small" }],
      }),
    ],
  });
  const pod = await lab.podWhen("greedy", (p) => p.status?.phase === "Failed");
  assert.equal(pod.status?.reason, "Evicted");
  assert.equal(pod.status?.message, 'Usage of EmptyDir volume "small" exceeds the limit "1Mi". ');
  assert.equal(main(pod)?.restartCount, 0);
});

test("init containers run first, in order; then the pod succeeds", { skip }, async () => {
  await lab.runPod("steps", {
    restartPolicy: "Never",
    volumes: [{ name: "shared", emptyDir: {} }],
    initContainers: ["one", "two"].map((name) => ({
      ...shell(`echo ${name} >> /shared/steps`),
      name,
      volumeMounts: [{ name: "shared", mountPath: "/shared" }],
    })),
    containers: [
      shell("cat /shared/steps > /dev/termination-log", {
        volumeMounts: [{ name: "shared", mountPath: "/shared" }],
      }),
    ],
  });
  const pod = await lab.podWhen("steps", (p) => p.status?.phase === "Succeeded");
  assert.equal(main(pod)?.state?.terminated?.message, "one\ntwo\n");
  assert.equal(pod.status?.conditions?.find((c) => c.type === "Ready")?.reason, "PodCompleted");
});

test("a sidecar starts before and ends after the others", { skip }, async () => {
  await lab.runPod("escorted", {
    restartPolicy: "Never",
    initContainers: [
      { ...shell("trap 'exit 0' TERM; sleep 60 & wait $!"), name: "side", restartPolicy: "Always" },
    ],
    containers: [shell("exit 0")],
  });
  const pod = await lab.podWhen("escorted", (p) => p.status?.phase === "Succeeded");
  assert.equal(pod.status?.initContainerStatuses?.[0]?.state?.terminated?.exitCode, 0);
});

test("a pod is not over while its sidecar ends, and a deletion shortens that", {
  skip,
}, async () => {
  await lab.runPod("clinging", {
    restartPolicy: "Never",
    initContainers: [{ ...shell("trap : TERM; while :; do sleep 0.1; done"), name: "side" }].map(
      (container) => ({ ...container, restartPolicy: "Always" }),
    ),
    containers: [shell("exit 0")],
  });
  const done = await lab.podWhen("clinging", (p) => main(p)?.state?.terminated !== undefined);
  assert.equal(done.status?.phase, "Running");
  assert.ok(done.status?.initContainerStatuses?.[0]?.state?.running);
  await goneSoon("clinging");
});

test("a deletion shortens the grace of a container that is being stopped already", {
  skip,
}, async () => {
  await lab.runPod("stubborn", {
    containers: [
      shell("trap : TERM; while :; do sleep 0.1; done", {
        livenessProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1 },
      }),
    ],
  });
  await lab.podWhen("stubborn", isReady);
  await lab.eventOf("stubborn", ({ reason }) => reason === "Killing");
  await goneSoon("stubborn");
});

/** Deletes a pod with a grace of one second, which the 30 s of its spec must not make longer. */
async function goneSoon(name: string): Promise<void> {
  await lab.api.delete(pods, { namespace: "default", name }, { gracePeriodSeconds: 1 });
  await lab.podGone(name, 20_000);
}

test("a deleted pod gets TERM, its grace, and goes", { skip: skipKubectl }, async () => {
  await lab.runPod("polite", {
    containers: [shell("trap 'sleep 0.3; exit 0' TERM; sleep 60 & wait $!")],
  });
  await lab.podWhen("polite", isReady);
  const startMs = performance.now();
  const result = await lab.kubectl(["delete", "pod", "polite"]);
  assert.equal(result.code, 0, result.stderr);
  const took = performance.now() - startMs;
  assert.ok(took > 300 && took < 20_000, `${took} ms`);
});

test("a pod that is deleted while its program starts does not stay for its grace period", {
  skip: skipKubectl,
}, async () => {
  await lab.runPod("brief", { containers: [{ name: "web", image: "nginx" }] });
  await lab.podWhen("brief", (p) => main(p)?.state?.running !== undefined);
  const startMs = performance.now();
  await lab.kubectl(["delete", "pod", "brief"]);
  assert.ok(performance.now() - startMs < 20_000, "a grace period is 30 s");
});

test("a pod that ignores TERM is killed when its grace is over", {
  skip: skipKubectl,
}, async () => {
  await lab.runPod("rude", {
    terminationGracePeriodSeconds: 1,
    containers: [shell("sleep 60; true")],
  });
  await lab.podWhen("rude", isReady);
  const startMs = performance.now();
  await lab.kubectl(["delete", "pod", "rude"]);
  const took = performance.now() - startMs;
  assert.ok(took > 900 && took < 20_000, `${took} ms`);
});

test("environment, files and names are as in Kubernetes", { skip: skipKubectl }, async () => {
  await lab.api.create(services, {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "default", name: "late-web" },
    spec: { ports: [{ port: 80 }], selector: { app: "x" } },
  });
  await lab.runPod("facts", {
    restartPolicy: "Never",
    hostname: "h",
    subdomain: "sub",
    containers: [
      shell("echo $LATE_WEB_SERVICE_PORT $IP; hostname; cat /etc/hosts /etc/resolv.conf", {
        env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
      }),
    ],
  });
  const pod = await lab.podWhen("facts", (p) => p.status?.phase === "Succeeded");
  const { stdout } = await lab.kubectl(["logs", "facts"]);
  const ip = pod.status?.podIP;
  assert.match(stdout, new RegExp(`^80 ${ip}\nh\n`));
  assert.match(stdout, new RegExp(`\n${ip}\th.sub.default.svc.cluster.local\th\n`));
  assert.match(stdout, /search default\.svc\.cluster\.local svc\.cluster\.local cluster\.local/);
  assert.match(stdout, /nameserver 172\.30\.0\.10\noptions ndots:5\n/);
});

for (const { version } of kubectlClients()) {
  test(`kubectl ${version} exec gives output, input and exit status`, {
    skip: skipKubectl,
  }, async () => {
    const name = `exec-${version.replace(".", "-")}`;
    await lab.runPod(name, { containers: [shell("trap 'exit 0' TERM; sleep 60 & wait $!")] });
    await lab.podWhen(name, isReady);
    const run = (args: readonly string[], input?: string) =>
      lab.kubectl(["exec", ...(input === undefined ? [] : ["-i"]), name, "--", ...args], {
        version,
        ...(input === undefined ? {} : { stdin: input }),
      });
    const both = await run(["sh", "-c", "echo out; echo err >&2; exit 5"]);
    assert.equal(both.stdout, "out\n");
    assert.match(both.stderr, /^err\ncommand terminated with exit code 5/);
    assert.equal(both.code, 5);
    const input = "x".repeat(300_000);
    const count = await run(["wc", "-c"], input);
    assert.equal(count.stdout.trim(), "300000", count.stderr);
    const much = await run(["head", "-c", "3000000", "/dev/zero"]);
    assert.equal(much.stdout.length, 3_000_000);
  });
}

for (const { version } of kubectlClients()) {
  test(`kubectl ${version} attach types into a container and shows what it prints`, {
    skip: skipKubectl,
  }, async () => {
    const name = `attach-${version.replace(".", "-")}`;
    const script = "read line; printf 'got %s' $line; cat >/dev/null; echo bye >&2; exit 3";
    await lab.runPod(name, {
      restartPolicy: "Never",
      containers: [shell(script, { stdin: true, stdinOnce: true })],
    });
    await lab.podWhen(name, isReady);
    const stdin = "hello\n";
    const { stdout, stderr } = await lab.kubectl(["attach", "-i", name], { version, stdin });
    assert.equal(stdout, "got hello", stderr);
    assert.match(stderr, /^bye$/m);
    const ended = await lab.podWhen(name, (p) => p.status?.phase === "Failed");
    assert.equal(main(ended)?.state?.terminated?.exitCode, 3);
    const again = await lab.kubectl(["attach", name], { version });
    assert.match(again.stderr, /cannot attach a container in a completed pod/);
  });
}

for (const { version } of kubectlClients()) {
  test(`kubectl ${version} port-forward reaches a port of a pod, many times at once`, {
    skip: skipKubectl,
  }, async () => {
    const name = `forward-${version.replace(".", "-")}`;
    const readinessProbe = { httpGet: { path: "/", port: 80 } };
    await lab.runPod(name, { containers: [{ name: "web", image: "nginx", readinessProbe }] });
    await lab.podWhen(name, isReady);
    await using forward = await lab.portForward(name, [80, 81], version);
    const [web = 0, closed = 0] = forward.ports;
    const pages = await Promise.all(Array.from({ length: 20 }, () => fetchPage(web)));
    for (const page of pages) assert.match(page, /Welcome to nginx!/);
    await assert.rejects(fetchPage(closed));
    await forward.said(/error forwarding port 81: .*ECONNREFUSED/);
  });
}

test("kubectl logs: tail, previous, timestamps, follow", { skip: skipKubectl }, async () => {
  await lab.runPod("talk", {
    containers: [
      shell(
        "for i in 1 2 3; do echo line $i; done; test -e /keep/again || { touch /keep/again; exit 1; }; sleep 0.5; echo last; sleep 60",
        { volumeMounts: [{ name: "keep", mountPath: "/keep" }] },
      ),
    ],
    volumes: [{ name: "keep", emptyDir: {} }],
  });
  await lab.podWhen("talk", (p) => main(p)?.restartCount === 1 && isReady(p));
  const tail = await lab.kubectl(["logs", "talk", "--tail=2", "--previous"]);
  assert.equal(tail.stdout, "line 2\nline 3\n");
  const stamped = await lab.kubectl(["logs", "talk", "--timestamps", "--limit-bytes=40"]);
  assert.match(stamped.stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z line 1\n/);
  const following = lab.kubectl(["logs", "-f", "talk"]);
  await lab.podWhen("talk", () => true);
  await lab.api.delete(pods, { namespace: "default", name: "talk" }, { gracePeriodSeconds: 1 });
  assert.match((await following).stdout, /line 3\nlast\n$/);
});

test("after an agent was killed its pods start again, with the same UID and one more restart", {
  skip: skipKubectl,
}, async () => {
  const before = await lab.api.get(pods, { namespace: "default", name: "web" });
  await lab.restartAgent();
  const pod = await lab.podWhen("web", (p) => main(p)?.restartCount === 1 && isReady(p));
  assert.equal(pod.metadata.uid, before.metadata.uid);
  assert.equal(pod.status?.podIP, before.status?.podIP);
  assert.equal(pod.status?.podIPs?.length, 1);
  assert.equal(main(pod)?.lastState?.terminated?.exitCode, 255);
  const ready = pod.status?.conditions?.find((c) => c.type === "Ready");
  assert.deepEqual([ready?.reason, ready?.message], [undefined, undefined]);
  const logs = await lab.kubectl(["logs", "web", "--previous"]);
  assert.match(logs.stdout, /Serving on port 9376/);
});
