import assert from "node:assert/strict";
import { test } from "node:test";
import * as r from "./resource.ts";
import { columnsOf, rowOf } from "./table.ts";
import type { ContainerStatus, KubeObject, Pod, PodSpec, PodStatus, Service } from "./types.ts";

const nowMs = Date.parse("2026-01-01T01:00:00Z");
const at = (secondsAgo: number) => new Date(nowMs - secondsAgo * 1000).toISOString();
const metadata = { name: "web", namespace: "default", creationTimestamp: at(197) };

const cells = (resource: r.Resource, object: KubeObject) => rowOf(resource, object, nowMs).cells;

const allKinds: readonly r.Resource[] = [
  r.namespaces,
  r.nodes,
  r.pods,
  r.services,
  r.endpoints,
  r.configMaps,
  r.secrets,
  r.serviceAccounts,
  r.events,
  r.deployments,
  r.replicaSets,
  r.statefulSets,
  r.controllerRevisions,
  r.endpointSlices,
  r.leases,
];

for (const resource of allKinds) {
  test(`${resource.kind}: a bare object has a cell for each column`, () => {
    const bare = { metadata, involvedObject: {}, endpoints: [], addressType: "IPv4", revision: 1 };
    assert.equal(cells(resource, bare).length, columnsOf(resource).length);
  });
}

test("kubectl's headings", () => {
  const headings = (resource: r.Resource) =>
    columnsOf(resource)
      .filter(({ priority }) => priority === 0)
      .map(({ name }) => name.toUpperCase())
      .join(" ");
  assert.equal(headings(r.services), "NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE");
  assert.equal(headings(r.pods), "NAME READY STATUS RESTARTS AGE");
  assert.equal(headings(r.endpoints), "NAME ENDPOINTS AGE");
  assert.equal(headings(r.nodes), "NAME STATUS ROLES AGE VERSION");
  assert.equal(headings(r.deployments), "NAME READY UP-TO-DATE AVAILABLE AGE");
  assert.equal(headings(r.events), "LAST SEEN TYPE REASON OBJECT MESSAGE");
});

const serviceRows: readonly { name: string; service: Service; want: readonly string[] }[] = [
  {
    name: "a node port stands behind its port",
    service: {
      metadata,
      spec: {
        type: "NodePort",
        clusterIP: "10.96.7.1",
        clusterIPs: ["10.96.7.1"],
        ports: [{ port: 80, nodePort: 30898, protocol: "TCP" }],
        selector: { app: "nginx", a: "b" },
      },
    },
    want: ["NodePort", "10.96.7.1", "<none>", "80:30898/TCP", "3m17s", "a=b,app=nginx"],
  },
  {
    name: "a load balancer without address is pending",
    service: {
      metadata,
      spec: {
        type: "LoadBalancer",
        clusterIPs: ["10.96.7.1"],
        ports: [{ port: 53, protocol: "UDP" }],
      },
    },
    want: ["LoadBalancer", "10.96.7.1", "<pending>", "53/UDP", "3m17s", "<none>"],
  },
  {
    name: "a load balancer's addresses are all shown, then the external ones",
    service: {
      metadata,
      spec: { type: "LoadBalancer", clusterIPs: ["10.96.7.1"], externalIPs: ["203.0.113.9"] },
      status: {
        loadBalancer: { ingress: [{ hostname: "lb.example.org" }, { ip: "203.0.113.7" }] },
      },
    },
    want: [
      "LoadBalancer",
      "10.96.7.1",
      "203.0.113.7,lb.example.org,203.0.113.9",
      "<none>",
      "3m17s",
      "<none>",
    ],
  },
  {
    name: "an ExternalName has its target in the place of an address",
    service: { metadata, spec: { type: "ExternalName", externalName: "db.example.org" } },
    want: ["ExternalName", "<none>", "db.example.org", "<none>", "3m17s", "<none>"],
  },
];

for (const { name, service, want } of serviceRows) {
  test(`Service: ${name}`, () => assert.deepEqual(cells(r.services, service).slice(1), want));
}

test("Endpoints: three are listed, the rest is counted", () => {
  const addresses = Array.from({ length: 6 }, (_, index) => ({ ip: `10.244.0.${index + 4}` }));
  const subsets = [{ addresses, ports: [{ port: 9376 }] }];
  assert.deepEqual(cells(r.endpoints, { metadata, ...{ subsets } }), [
    "web",
    "10.244.0.4:9376,10.244.0.5:9376,10.244.0.6:9376 + 3 more...",
    "3m17s",
  ]);
});

test("Endpoints: IPv6 is bracketed, no port means the address alone, nothing is <none>", () => {
  const ipv6 = [{ addresses: [{ ip: "fd00::4" }], ports: [{ port: 80 }] }];
  const portless = [{ addresses: [{ ip: "10.244.0.4" }] }];
  assert.equal(cells(r.endpoints, { metadata, ...{ subsets: ipv6 } })[1], "[fd00::4]:80");
  assert.equal(cells(r.endpoints, { metadata, ...{ subsets: portless } })[1], "10.244.0.4");
  assert.equal(cells(r.endpoints, { metadata })[1], "<none>");
});

test("EndpointSlice: ports and addresses, <unset> without", () => {
  const slice = {
    metadata,
    addressType: "IPv4",
    ports: [{ name: "http", port: 9376 }],
    endpoints: [{ addresses: ["10.244.0.4"] }, { addresses: ["10.244.1.5"] }],
  };
  assert.deepEqual(cells(r.endpointSlices, slice), [
    "web",
    "IPv4",
    "9376",
    "10.244.0.4,10.244.1.5",
    "3m17s",
  ]);
  const empty = { metadata, addressType: "IPv4", endpoints: [] };
  assert.deepEqual(cells(r.endpointSlices, empty).slice(2, 4), ["<unset>", "<unset>"]);
});

function container(state: ContainerStatus["state"], more: Partial<ContainerStatus> = {}) {
  return {
    name: "c",
    image: "nginx",
    imageID: "",
    ready: false,
    restartCount: 0,
    ...(state === undefined ? {} : { state }),
    ...more,
  };
}
const running = container({ running: { startedAt: at(60) } }, { ready: true });
const exited = (exitCode: number, reason = "") =>
  container({ terminated: { exitCode, ...(reason === "" ? {} : { reason }) } });

interface PodRow {
  readonly name: string;
  readonly status: PodStatus;
  readonly spec?: Partial<PodSpec>;
  readonly deleting?: boolean;
  /** READY, STATUS and RESTARTS. */
  readonly want: readonly string[];
}

const podRows: readonly PodRow[] = [
  { name: "a new pod is Pending", status: { phase: "Pending" }, want: ["0/1", "Pending", "0"] },
  {
    name: "a running container counts as ready when it says so",
    status: { phase: "Running", containerStatuses: [running] },
    want: ["1/1", "Running", "0"],
  },
  {
    name: "a waiting container gives its reason",
    status: {
      phase: "Pending",
      containerStatuses: [container({ waiting: { reason: "ErrImagePull" } })],
    },
    want: ["0/1", "ErrImagePull", "0"],
  },
  {
    name: "restarts tell when the last one was",
    status: {
      phase: "Running",
      containerStatuses: [
        container(
          { waiting: { reason: "CrashLoopBackOff" } },
          { restartCount: 3, lastState: { terminated: { exitCode: 1, finishedAt: at(5) } } },
        ),
      ],
    },
    want: ["0/1", "CrashLoopBackOff", "3 (5s ago)"],
  },
  {
    name: "a finished pod is Completed",
    status: { phase: "Succeeded", containerStatuses: [exited(0, "Completed")] },
    want: ["0/1", "Completed", "0"],
  },
  {
    name: "an exit without reason shows its code",
    status: { phase: "Failed", containerStatuses: [exited(3)] },
    want: ["0/1", "ExitCode:3", "0"],
  },
  {
    name: "one of two containers done and no Ready condition is NotReady",
    spec: { containers: [{ name: "c" }, { name: "d" }] },
    status: { phase: "Running", containerStatuses: [running, exited(0, "Completed")] },
    want: ["1/2", "NotReady", "0"],
  },
  {
    name: "init containers are counted",
    spec: { initContainers: [{ name: "i" }, { name: "j" }] },
    status: {
      phase: "Pending",
      initContainerStatuses: [
        exited(0, "Completed"),
        container({ waiting: { reason: "PodInitializing" } }),
      ],
    },
    want: ["0/1", "Init:1/2", "0"],
  },
  {
    name: "a failing init container gives its reason",
    spec: { initContainers: [{ name: "i" }] },
    status: { phase: "Pending", initContainerStatuses: [exited(1, "Error")] },
    want: ["0/1", "Init:Error", "0"],
  },
  {
    name: "a started sidecar counts among the containers",
    spec: { initContainers: [{ name: "c", restartPolicy: "Always" }] },
    status: {
      phase: "Running",
      initContainerStatuses: [{ ...running, started: true }],
      containerStatuses: [running],
    },
    want: ["2/2", "Running", "0"],
  },
  {
    name: "a pod that is going away is Terminating",
    deleting: true,
    status: { phase: "Running", containerStatuses: [running] },
    want: ["1/1", "Terminating", "0"],
  },
  {
    name: "a lost pod that is going away is Unknown",
    deleting: true,
    status: { phase: "Running", reason: "NodeLost" },
    want: ["0/1", "Unknown", "0"],
  },
  {
    name: "an evicted pod shows why",
    status: { phase: "Failed", reason: "Evicted" },
    want: ["0/1", "Evicted", "0"],
  },
];

for (const { name, status, spec, deleting, want } of podRows) {
  test(`Pod: ${name}`, () => {
    const pod: Pod = {
      metadata: deleting === true ? { ...metadata, deletionTimestamp: at(1) } : metadata,
      spec: { containers: [{ name: "c" }], ...spec },
      status,
    };
    assert.deepEqual(cells(r.pods, pod).slice(1, 4), want);
  });
}

test("Pod: a finished one is marked, so that clients can hide it", () => {
  const pod: Pod = { metadata, status: { phase: "Succeeded" } };
  assert.equal(rowOf(r.pods, pod, nowMs).conditions?.[0]?.reason, "Succeeded");
});

test("Node: roles, cordoned, addresses", () => {
  const labels = { "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": "" };
  const node = {
    metadata: { ...metadata, labels },
    spec: { unschedulable: true },
    status: {
      conditions: [{ type: "Ready", status: "True" }],
      addresses: [{ type: "InternalIP", address: "192.168.100.11" }],
    },
  };
  const row = cells(r.nodes, node);
  assert.deepEqual(row.slice(0, 4), ["web", "Ready,SchedulingDisabled", "edge,worker", "3m17s"]);
  assert.deepEqual(row.slice(5, 7), ["192.168.100.11", "<none>"]);
});

test("Event: a counted one and a single one", () => {
  const event = {
    metadata,
    type: "Warning",
    reason: "BackOff",
    message: "text\n",
    involvedObject: { kind: "Pod", name: "web" },
    source: { component: "agent", host: "node-1" },
    firstTimestamp: at(130),
    lastTimestamp: at(5),
    count: 4,
  };
  assert.deepEqual(cells(r.events, event), [
    "5s",
    "Warning",
    "BackOff",
    "pod/web",
    "",
    "agent, node-1",
    "text",
    "2m10s",
    4,
    "web",
  ]);
  const { firstTimestamp: _f, lastTimestamp: _l, count: _c, ...single } = event;
  assert.deepEqual(cells(r.events, { ...single, ...{ eventTime: at(9) } }).slice(7, 9), ["9s", 1]);
  const hostless = { ...single, source: { component: "agent" }, reportingInstance: "agent-1" };
  assert.equal(cells(r.events, hostless)[5], "agent, agent-1");
});

test("ControllerRevision: its controller with kind and group", () => {
  const owner = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    name: "db",
    uid: "u",
    controller: true,
  };
  const revision = { metadata: { ...metadata, ownerReferences: [owner] }, revision: 2 };
  assert.deepEqual(cells(r.controllerRevisions, revision), [
    "web",
    "statefulset.apps/db",
    2,
    "3m17s",
  ]);
});
