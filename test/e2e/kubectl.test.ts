import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Service } from "../../src/api/types.ts";
import {
  eventually,
  kubectlClients,
  kubectlMissing,
  startTestCluster,
  type TestCluster,
} from "./harness.ts";

// Every kubectl from 1.27 to 1.33 on this machine runs the same walk; each has a namespace of its own.

interface Step {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly want: RegExp;
  readonly code?: number;
}

const web = JSON.stringify({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { containers: [{ name: "web", image: "serve_hostname" }] },
    },
  },
});

const steps: readonly Step[] = [
  { name: "version", args: ["version"], want: /Server Version: .*v1\.33\.\d+\+portolan/ },
  {
    name: "api-resources",
    args: ["api-resources"],
    want: /endpointslices +discovery\.k8s\.io\/v1 +true +EndpointSlice/,
  },
  { name: "explain", args: ["explain", "service.spec.ports.targetPort"], want: /targetPort/ },
  { name: "auth can-i", args: ["auth", "can-i", "delete", "services"], want: /^yes/ },
  { name: "auth can-i --list", args: ["auth", "can-i", "--list"], want: /\*\.\*/ },
  {
    name: "create configmap",
    args: ["create", "configmap", "c", "--from-literal=a=b"],
    want: /configmap\/c created/,
  },
  {
    name: "create secret",
    args: ["create", "secret", "generic", "s", "--from-literal=a=b"],
    want: /secret\/s created/,
  },
  {
    name: "create serviceaccount",
    args: ["create", "serviceaccount", "robot"],
    want: /serviceaccount\/robot created/,
  },
  {
    name: "create deployment",
    args: ["create", "deployment", "made", "--image=pause", "--replicas=0"],
    want: /deployment\.apps\/made created/,
  },
  {
    name: "create service clusterip",
    args: ["create", "service", "clusterip", "c", "--tcp=80:8080"],
    want: /service\/c created/,
  },
  {
    name: "create service nodeport",
    args: ["create", "service", "nodeport", "n", "--tcp=80"],
    want: /service\/n created/,
  },
  {
    name: "create service loadbalancer",
    args: ["create", "service", "loadbalancer", "l", "--tcp=80"],
    want: /service\/l created/,
  },
  {
    name: "create service externalname",
    args: ["create", "service", "externalname", "e", "--external-name=example.org"],
    want: /service\/e created/,
  },
  {
    name: "create --dry-run=server",
    args: ["create", "service", "clusterip", "d", "--tcp=80", "--dry-run=server"],
    want: /created \(server dry run\)/,
  },
  { name: "the dry run stored nothing", args: ["get", "svc", "d"], want: /NotFound/, code: 1 },
  { name: "apply", args: ["apply", "-f", "-"], stdin: web, want: /deployment\.apps\/web created/ },
  {
    name: "apply again",
    args: ["apply", "-f", "-"],
    stdin: web,
    want: /deployment\.apps\/web unchanged/,
  },
  {
    name: "apply a change",
    args: ["apply", "-f", "-"],
    stdin: web.replace('"replicas":1', '"replicas":2'),
    want: /deployment\.apps\/web configured/,
  },
  {
    name: "diff",
    args: ["diff", "-f", "-"],
    stdin: web.replace('"replicas":1', '"replicas":3'),
    want: /replicas: 3/,
    code: 1,
  },
  {
    name: "rollout status",
    args: ["rollout", "status", "deploy/web", "--timeout=40s"],
    want: /successfully rolled out/,
  },
  {
    name: "wait",
    args: ["wait", "--for=condition=Available", "deploy/web", "--timeout=20s"],
    want: /condition met/,
  },
  {
    name: "expose",
    args: ["expose", "deploy/web", "--port=80", "--target-port=9376"],
    want: /service\/web exposed/,
  },
  { name: "get all", args: ["get", "all"], want: /replicaset\.apps\/web-/ },
  { name: "get -o name", args: ["get", "svc", "web", "-o", "name"], want: /^service\/web$/m },
  { name: "get -o yaml", args: ["get", "svc", "web", "-o", "yaml"], want: /targetPort: 9376/ },
  {
    name: "get -o jsonpath",
    args: ["get", "svc", "web", "-o", "jsonpath={.spec.ports[0].port}"],
    want: /^80$/,
  },
  {
    name: "get -o custom-columns",
    args: ["get", "svc", "web", "-o", "custom-columns=N:.metadata.name"],
    want: /^N\s+web/,
  },
  { name: "get --sort-by", args: ["get", "svc", "--sort-by=.metadata.name"], want: /^NAME/ },
  { name: "get -L", args: ["get", "pod", "-L", "app"], want: /APP\n.*web$/m },
  {
    name: "get --field-selector",
    args: ["get", "pod", "--field-selector=status.phase=Running"],
    want: /web-/,
  },
  { name: "label", args: ["label", "svc", "web", "tier=front"], want: /service\/web labeled/ },
  { name: "get -l", args: ["get", "svc", "-l", "tier in (front,back)"], want: /web/ },
  {
    name: "annotate",
    args: ["annotate", "svc", "web", "note=yes"],
    want: /service\/web annotate/,
  },
  {
    name: "patch strategic",
    args: [
      "patch",
      "svc",
      "web",
      "-p",
      '{"spec":{"ports":[{"port":80,"name":"http","targetPort":9376}]}}',
    ],
    want: /patched/,
  },
  {
    name: "patch merge",
    args: ["patch", "svc", "web", "--type=merge", "-p", '{"spec":{"sessionAffinity":"ClientIP"}}'],
    want: /patched/,
  },
  {
    name: "patch json",
    args: [
      "patch",
      "svc",
      "web",
      "--type=json",
      "-p",
      '[{"op":"replace","path":"/spec/sessionAffinity","value":"None"}]',
    ],
    want: /patched/,
  },
  {
    name: "edit",
    args: ["edit", "svc", "web"],
    env: { KUBE_EDITOR: "sed -i s/tier:.front/tier:\\ back/" },
    want: /service\/web edited/,
  },
  { name: "scale", args: ["scale", "deploy/web", "--replicas=1"], want: /scaled/ },
  {
    name: "set image",
    args: ["set", "image", "deploy/web", "web=serve_hostname:v2"],
    want: /image updated/,
  },
  {
    name: "rollout status of the new image",
    args: ["rollout", "status", "deploy/web", "--timeout=40s"],
    want: /successfully rolled out/,
  },
  { name: "set env", args: ["set", "env", "deploy/web", "A=b"], want: /env updated/ },
  {
    name: "rollout history",
    args: ["rollout", "history", "deploy/web"],
    want: /REVISION\s+CHANGE-CAUSE\n1\s/,
  },
  { name: "rollout undo", args: ["rollout", "undo", "deploy/web"], want: /rolled back/ },
  { name: "rollout restart", args: ["rollout", "restart", "deploy/web"], want: /restarted/ },
  {
    name: "rollout status after the restart",
    args: ["rollout", "status", "deploy/web", "--timeout=40s"],
    want: /successfully rolled out/,
  },
  { name: "describe svc", args: ["describe", "svc", "web"], want: /Endpoints: +10\.244\./ },
  { name: "describe deploy", args: ["describe", "deploy", "web"], want: /ScalingReplicaSet/ },
  {
    name: "describe pod",
    args: ["describe", "pod", "-l", "app=web"],
    want: /Started container web/,
  },
  {
    name: "describe node",
    args: ["describe", "node", "node-1"],
    want: /PodCIDR: +10\.244\.0\.0\/24/,
  },
  {
    name: "describe endpointslice",
    args: ["describe", "endpointslice", "-l", "kubernetes.io/service-name=web"],
    want: /AddressType: +IPv4/,
  },
  { name: "describe ns", args: ["describe", "ns", "default"], want: /Status: +Active/ },
  {
    name: "the server's own objects say their kind",
    args: ["get", "-n", "default", "svc,ep,endpointslices", "kubernetes", "-o", "yaml"],
    want: /kind: Service\n[\s\S]*kind: Endpoints\n[\s\S]*kind: EndpointSlice\n/,
  },
  { name: "logs", args: ["logs", "deploy/web", "--tail=5"], want: /[\s\S]*/ },
  { name: "exec", args: ["exec", "deploy/web", "--", "cat", "/etc/hostname"], want: /^web-/ },
  {
    name: "exec with stdin",
    args: ["exec", "-i", "deploy/web", "--", "cat"],
    stdin: "over there",
    want: /^over there$/,
  },
  {
    name: "exec that fails",
    args: ["exec", "deploy/web", "--", "sh", "-c", "exit 3"],
    want: /exit code 3/,
    code: 3,
  },
  {
    name: "run with stdin, and nothing left of it",
    args: ["run", "once", "--image=busybox", "--restart=Never", "-i", "--rm", "-q", "--", "cat"],
    stdin: "typed in",
    want: /^typed in/,
  },
  {
    name: "apply --server-side is refused clearly",
    args: ["apply", "--server-side", "-f", "-"],
    stdin: web,
    want: /apply|media type/i,
    code: 1,
  },
  { name: "replace", args: ["replace", "-f", "-"], stdin: web, want: /replaced/ },
  {
    name: "delete by label",
    args: ["delete", "svc", "-l", "tier=back"],
    want: /service "web" deleted/,
  },
  {
    name: "delete deploy",
    args: ["delete", "deploy", "web", "--cascade=foreground"],
    want: /deployment\.apps "web" deleted/,
  },
  {
    name: "nothing of it is left",
    args: ["get", "rs", "-l", "app=web"],
    want: /No resources found/,
  },
];

describe("kubectl", { skip: kubectlMissing, timeout: 600_000 }, () => {
  let cluster: TestCluster;
  before(async () => {
    cluster = await startTestCluster({ nodes: 1 });
  });
  after(() => cluster[Symbol.asyncDispose]());

  for (const { version } of kubectlClients()) {
    test(`${version}: every verb`, async (t) => {
      const namespace = `k${version.replace(".", "-")}`;
      const kubectl = (args: readonly string[], step: Partial<Step> = {}) =>
        cluster.tryKubectl(["-n", namespace, ...args], {
          version,
          ...(step.stdin === undefined ? {} : { stdin: step.stdin }),
          ...(step.env === undefined ? {} : { env: step.env }),
        });
      assert.equal((await kubectl(["create", "namespace", namespace])).code, 0);
      for (const step of steps) {
        await t.test(step.name, async () => {
          const out = await kubectl(step.args, step);
          assert.equal(out.code, step.code ?? 0, out.stdout + out.stderr);
          assert.match(out.stdout + out.stderr, step.want);
        });
      }
      const watch = kubectl(["get", "svc", "c", "-w", "--request-timeout=3s"]);
      await new Promise((done) => setTimeout(done, 1000));
      await kubectl(["label", "svc", "c", "seen=yes"]);
      assert.match((await watch).stdout, /^NAME.*\nc .*\nc /m);
      await kubectl(["delete", "namespace", namespace]);
      await eventually(async () => {
        assert.match((await kubectl(["get", "namespace", namespace])).stderr, /NotFound/);
      });
    });
  }

  test("a typed create by protobuf stores what a JSON one does", async () => {
    const clients = kubectlClients();
    const [newest, oldest] = [clients[0]?.version, clients.at(-1)?.version];
    const stored = [];
    for (const [version, name] of [
      [newest, "by-newest"],
      [oldest, "by-oldest"],
    ] as const) {
      const args = ["create", "service", "nodeport", name, "--tcp=80:8080", "--tcp=443:https"];
      const out = await cluster.tryKubectl(args, version === undefined ? {} : { version });
      assert.equal(out.code, 0, out.stderr);
      const { spec } = await cluster.json<Service>("get", "svc", name);
      stored.push({
        ...spec,
        clusterIP: "",
        clusterIPs: [],
        selector: {},
        ports: spec?.ports?.map((port) => ({ ...port, nodePort: 0 })),
      });
    }
    assert.deepEqual(stored[0], stored[1]);
  });
});
