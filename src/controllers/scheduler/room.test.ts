import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, ContainerPort, Node, Pod, PodSpec } from "../../api/types.ts";
import { lackingRoom, requestsOf } from "./room.ts";

type Amounts = Readonly<Record<string, string>>;

function pod(spec: Partial<PodSpec>): Pod {
  return { metadata: { name: "p" }, spec: { containers: [], ...spec } };
}

function container(requests: Amounts, more: Partial<Container> = {}): Container {
  return { name: "c", image: "pause", resources: { requests }, ...more };
}

function node(allocatable: Amounts): Node {
  return { metadata: { name: "n" }, status: { allocatable } };
}

const cpu = (amount: string): Pod => pod({ containers: [container({ cpu: amount })] });
const port = (hostPort: number, more: Partial<ContainerPort> = {}): Pod =>
  pod({
    containers: [container({}, { ports: [{ containerPort: hostPort, hostPort, ...more }] })],
  });
const noFreePort = ["node(s) didn't have free ports for the requested pod ports"];

interface Case {
  readonly name: string;
  readonly node?: Amounts;
  readonly pod: Pod;
  readonly present?: readonly Pod[];
  readonly want: readonly string[];
}

const cases: readonly Case[] = [
  { name: "what asks for nothing fits", node: { cpu: "0" }, pod: pod({}), want: [] },
  { name: "just enough", node: { cpu: "1" }, pod: cpu("500m"), present: [cpu("0.5")], want: [] },
  {
    name: "a thousandth too much",
    node: { cpu: "1" },
    pod: cpu("501m"),
    present: [cpu("500m")],
    want: ["Insufficient cpu"],
  },
  {
    name: "all that is lacking is told",
    node: { cpu: "1", memory: "1Gi", pods: "1" },
    pod: pod({ containers: [container({ cpu: "2", memory: "2Gi" })] }),
    present: [pod({})],
    want: ["Too many pods", "Insufficient cpu", "Insufficient memory"],
  },
  {
    name: "units of memory",
    node: { memory: "1Gi" },
    pod: pod({ containers: [container({ memory: "1024Mi" })] }),
    want: [],
  },
  { name: "a node that says nothing of CPU is not held to it", pod: cpu("64"), want: [] },
  {
    name: "but it has no devices",
    pod: pod({ containers: [container({ "example.org/device": "1" })] }),
    want: ["Insufficient example.org/device"],
  },
  {
    name: "none of which is none",
    pod: pod({ containers: [container({ "example.org/device": "0" })] }),
    want: [],
  },
  { name: "the same host port", pod: port(80), present: [port(80)], want: noFreePort },
  { name: "another host port", pod: port(80), present: [port(81)], want: [] },
  {
    name: "another protocol",
    pod: port(80, { protocol: "UDP" }),
    present: [port(80, { protocol: "TCP" })],
    want: [],
  },
  {
    name: "other addresses",
    pod: port(80, { hostIP: "192.168.0.1" }),
    present: [port(80, { hostIP: "192.168.0.2" })],
    want: [],
  },
  {
    name: "one of them is all addresses",
    pod: port(80, { hostIP: "192.168.0.1" }),
    present: [port(80, { hostIP: "0.0.0.0" })],
    want: noFreePort,
  },
  {
    name: "none given is all addresses",
    pod: port(80),
    present: [port(80, { hostIP: "192.168.0.2" })],
    want: noFreePort,
  },
  {
    name: "a sidecar's port counts",
    pod: port(80),
    present: [
      pod({
        initContainers: [
          container({}, { restartPolicy: "Always", ports: [{ containerPort: 80, hostPort: 80 }] }),
        ],
      }),
    ],
    want: noFreePort,
  },
];

for (const { name, node: allocatable = {}, pod: given, present = [], want } of cases) {
  test(`room: ${name}`, () =>
    assert.deepEqual(lackingRoom(node(allocatable), given, present)?.reasons ?? [], want));
}

for (const { name, spec, want } of [
  {
    name: "containers add up",
    spec: { containers: [container({ cpu: "1" }), container({ cpu: "2" })] },
    want: 3,
  },
  {
    name: "init containers run one by one",
    spec: {
      initContainers: [container({ cpu: "2" }), container({ cpu: "4" })],
      containers: [container({ cpu: "3" })],
    },
    want: 4,
  },
  {
    name: "sidecars run on, and beside the init containers after them",
    spec: {
      initContainers: [
        container({ cpu: "1" }, { restartPolicy: "Always" }),
        container({ cpu: "4" }),
      ],
      containers: [container({ cpu: "3" })],
    },
    want: 5,
  },
  {
    name: "not beside those before them",
    spec: {
      initContainers: [
        container({ cpu: "4" }),
        container({ cpu: "1" }, { restartPolicy: "Always" }),
      ],
      containers: [container({ cpu: "3" })],
    },
    want: 4,
  },
  {
    name: "a limit stands for a request",
    spec: { containers: [container({}, { resources: { limits: { cpu: "2" } } })] },
    want: 2,
  },
  {
    name: "overhead comes on top",
    spec: { containers: [container({ cpu: "1" })], overhead: { cpu: "1" } },
    want: 2,
  },
] as const) {
  test(`requests: ${name}`, () => {
    assert.equal(requestsOf(pod(spec)).get("cpu"), BigInt(want) * 1_000_000_000n);
  });
}

test("room: what is more than the whole node has is lacking for good", () => {
  const taken = lackingRoom(node({ cpu: "2" }), cpu("2"), [cpu("1")]);
  assert.deepEqual(taken, { reasons: ["Insufficient cpu"], isForGood: false });
  assert.equal(lackingRoom(node({ cpu: "2" }), cpu("3"), [])?.isForGood, true);
});
