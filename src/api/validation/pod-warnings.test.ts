import assert from "node:assert/strict";
import { test } from "node:test";
import { container, deployment, metadata, podSpec } from "../../../test/api/samples.ts";
import { podStrategy } from "../strategy/pod.ts";
import { deploymentStrategy } from "../strategy/workloads.ts";
import type { Container, Deployment, PodSpec } from "../types.ts";
import { podSpecWarnings } from "./pod-warnings.ts";

interface Row {
  readonly name: string;
  readonly spec?: Partial<PodSpec>;
  readonly container?: Partial<Container>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly want: readonly string[];
}

const rows: readonly Row[] = [
  { name: "nothing is odd about a plain pod", want: [] },
  {
    name: "a node label of old",
    spec: { nodeSelector: { "beta.kubernetes.io/os": "linux", zone: "a" } },
    want: [
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ],
  },
  {
    name: "a spread of no pods over zones of old",
    spec: {
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "failure-domain.beta.kubernetes.io/zone",
          whenUnsatisfiable: "DoNotSchedule",
        },
      ],
    },
    want: [
      'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
      "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
    ],
  },
  {
    name: "away from no pods",
    spec: {
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: "zone" } },
          ],
        },
      },
    },
    want: [
      "spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod",
    ],
  },
  {
    name: "an annotation that does nothing",
    annotations: { "scheduler.alpha.kubernetes.io/critical-pod": "" },
    want: [
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
    ],
  },
  {
    name: "a volume that nobody can mount any more",
    spec: { volumes: [{ name: "v", glusterfs: { endpoints: "e", path: "p" } }] },
    want: ["spec.volumes[0].glusterfs: deprecated in v1.25, non-functional in v1.26+"],
  },
  {
    name: "an address twice, and a pull secret",
    spec: {
      hostAliases: [{ ip: "192.0.2.1" }, { ip: "192.0.2.1" }],
      imagePullSecrets: [{ name: "a" }, { name: "a" }, {}],
    },
    want: [
      'spec.hostAliases[1].ip: duplicate ip "192.0.2.1"',
      'spec.imagePullSecrets[1].name: duplicate name "a"',
      'spec.imagePullSecrets[2].name: invalid empty name ""',
    ],
  },
  {
    name: "half a byte",
    container: { resources: { limits: { memory: "1500m" }, requests: { cpu: "1500m" } } },
    want: [
      'spec.containers[0].resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer',
    ],
  },
  {
    name: "a variable that hides another",
    container: {
      env: [
        { name: "A", value: "1" },
        { name: "A", value: "2" },
      ],
    },
    want: [
      'spec.containers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ],
  },
  {
    name: "a variable that is built on another",
    container: {
      env: [
        { name: "A", value: "1" },
        { name: "A", value: "$(A)2" },
      ],
    },
    want: [],
  },
  {
    name: "a port of the pod twice",
    container: {
      ports: [
        { containerPort: 80, protocol: "TCP" },
        { containerPort: 80, protocol: "UDP" },
        { containerPort: 80, protocol: "TCP" },
        { containerPort: 80, protocol: "TCP", hostPort: 80 },
      ],
    },
    want: [
      "spec.containers[0].ports[2]: duplicate port definition with spec.containers[0].ports[0]",
      "spec.containers[0].ports[3]: overlapping port definition with spec.containers[0].ports[0]",
      "spec.containers[0].ports[3]: overlapping port definition with spec.containers[0].ports[2]",
    ],
  },
  {
    name: "an address of the host without a port of the host",
    container: { ports: [{ containerPort: 80, protocol: "TCP", hostIP: "192.0.2.1" }] },
    want: [
      "spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:192.0.2.1}",
    ],
  },
  {
    name: "less than no grace",
    spec: { terminationGracePeriodSeconds: -1 },
    want: [
      "spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
    ],
  },
];

for (const { name, spec, container: change, annotations, want } of rows) {
  test(`podSpecWarnings: ${name}`, () => {
    const whole = { ...podSpec, containers: [{ ...container, ...change }], ...spec };
    const places = { field: "spec", meta: "metadata" };
    assert.deepEqual(podSpecWarnings(whole, annotations, places), want);
  });
}

test("a pod is warned of its name and its spec when it is new, and never again", () => {
  const spec = { ...podSpec, terminationGracePeriodSeconds: -1 };
  const pod = { metadata: { ...metadata, name: "a.b" }, spec };
  const [name, grace, ...others] = podStrategy.warnings(pod);
  assert.match(name ?? "", /^metadata\.name: this is used in the Pod's hostname, which can result/);
  assert.match(grace ?? "", /^spec\.terminationGracePeriodSeconds: /);
  assert.deepEqual(others, []);
  assert.deepEqual(podStrategy.warnings(pod, pod), []);
});

test("a template is warned of again when the Deployment's generation has grown", () => {
  const spec = { ...podSpec, terminationGracePeriodSeconds: -1 };
  const template = { metadata: { labels: { app: "web" } }, spec };
  const odd: Deployment = { ...deployment, spec: { ...deployment.spec!, template } };
  const want = [
    "spec.template.spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1",
  ];
  assert.deepEqual(deploymentStrategy.warnings(odd), want);
  assert.deepEqual(deploymentStrategy.warnings(odd, odd), []);
  const grown = { ...odd, metadata: { ...metadata, generation: 2 } };
  assert.deepEqual(deploymentStrategy.warnings(grown, odd), want);
});
