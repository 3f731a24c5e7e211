import assert from "node:assert/strict";
import { test } from "node:test";
import { withDefaults } from "./defaults.ts";
import { kindFor } from "./kinds.ts";

const kindsByName = {
  Service: kindFor("", "v1", "services")!,
  Pod: kindFor("", "v1", "pods")!,
  Node: kindFor("", "v1", "nodes")!,
  Namespace: kindFor("", "v1", "namespaces")!,
  Secret: kindFor("", "v1", "secrets")!,
  Endpoints: kindFor("", "v1", "endpoints")!,
  EndpointSlice: kindFor("discovery.k8s.io", "v1", "endpointslices")!,
  Deployment: kindFor("apps", "v1", "deployments")!,
  ReplicaSet: kindFor("apps", "v1", "replicasets")!,
  StatefulSet: kindFor("apps", "v1", "statefulsets")!,
};

interface Case {
  readonly name: string;
  readonly kind: keyof typeof kindsByName;
  readonly given: Record<string, unknown>;
  /** Path to the value, and what is wanted there; undefined for nothing. */
  readonly want: Readonly<Record<string, unknown>>;
}

const container = { name: "c", image: "nginx:1.27" };

const cases: readonly Case[] = [
  {
    name: "a plain Service",
    kind: "Service",
    given: { spec: { ports: [{ port: 80 }] } },
    want: {
      spec: {
        type: "ClusterIP",
        sessionAffinity: "None",
        internalTrafficPolicy: "Cluster",
        ports: [{ port: 80, protocol: "TCP", targetPort: 80 }],
      },
      status: { loadBalancer: {} },
    },
  },
  {
    name: "a Service's targetPort of zero is the port, and a name stays",
    kind: "Service",
    given: {
      spec: {
        ports: [
          { port: 80, targetPort: 0 },
          { port: 81, targetPort: "", protocol: "UDP" },
          { port: 82, targetPort: "web" },
        ],
      },
    },
    want: {
      "spec.ports": [
        { port: 80, targetPort: 80, protocol: "TCP" },
        { port: 81, targetPort: 81, protocol: "UDP" },
        { port: 82, targetPort: "web", protocol: "TCP" },
      ],
    },
  },
  {
    name: "a NodePort Service has an external policy",
    kind: "Service",
    given: { spec: { type: "NodePort" } },
    want: {
      "spec.externalTrafficPolicy": "Cluster",
      "spec.allocateLoadBalancerNodePorts": undefined,
    },
  },
  {
    name: "external addresses give a ClusterIP Service an external policy",
    kind: "Service",
    given: { spec: { externalIPs: ["203.0.113.1"] } },
    want: { "spec.externalTrafficPolicy": "Cluster" },
  },
  {
    name: "a LoadBalancer Service has node ports, and its addresses are VIPs",
    kind: "Service",
    given: {
      spec: { type: "LoadBalancer", externalTrafficPolicy: "Local" },
      status: {
        loadBalancer: { ingress: [{ ip: "203.0.113.9" }, { hostname: "lb.example.org" }] },
      },
    },
    want: {
      "spec.externalTrafficPolicy": "Local",
      "spec.allocateLoadBalancerNodePorts": true,
      "status.loadBalancer.ingress": [
        { ip: "203.0.113.9", ipMode: "VIP" },
        { hostname: "lb.example.org" },
      ],
    },
  },
  {
    name: "allocateLoadBalancerNodePorts false stays false",
    kind: "Service",
    given: { spec: { type: "LoadBalancer", allocateLoadBalancerNodePorts: false } },
    want: { "spec.allocateLoadBalancerNodePorts": false },
  },
  {
    name: "an ExternalName Service has no policies",
    kind: "Service",
    given: { spec: { type: "ExternalName", externalName: "example.org" } },
    want: { spec: { type: "ExternalName", externalName: "example.org", sessionAffinity: "None" } },
  },
  {
    name: "affinity ClientIP lasts three hours",
    kind: "Service",
    given: { spec: { sessionAffinity: "ClientIP" } },
    want: { "spec.sessionAffinityConfig": { clientIP: { timeoutSeconds: 10_800 } } },
  },
  {
    name: "affinity None drops its configuration",
    kind: "Service",
    given: { spec: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } } } },
    want: { "spec.sessionAffinity": "None", "spec.sessionAffinityConfig": undefined },
  },
  {
    name: "a Pod",
    kind: "Pod",
    given: { spec: { containers: [container] } },
    want: {
      spec: {
        containers: [
          {
            ...container,
            imagePullPolicy: "IfNotPresent",
            resources: {},
            terminationMessagePath: "/dev/termination-log",
            terminationMessagePolicy: "File",
          },
        ],
        restartPolicy: "Always",
        terminationGracePeriodSeconds: 30,
        dnsPolicy: "ClusterFirst",
        securityContext: {},
        schedulerName: "default-scheduler",
        enableServiceLinks: true,
      },
      status: {},
    },
  },
  {
    name: "a grace period of zero stays zero",
    kind: "Pod",
    given: { spec: { containers: [], terminationGracePeriodSeconds: 0 } },
    want: { "spec.terminationGracePeriodSeconds": 0 },
  },
  {
    name: "an image without a tag, or with latest, is always pulled",
    kind: "Pod",
    given: {
      spec: {
        containers: [
          { name: "a", image: "example.org:5000/nginx" },
          { name: "b", image: "nginx:latest" },
          { name: "c", image: "nginx@sha256:0123" },
          { name: "d", image: "nginx", imagePullPolicy: "Never" },
          { name: "e", image: "nginx:latest@sha256:0123" },
        ],
      },
    },
    want: {
      "spec.containers.0.imagePullPolicy": "Always",
      "spec.containers.1.imagePullPolicy": "Always",
      "spec.containers.2.imagePullPolicy": "IfNotPresent",
      "spec.containers.3.imagePullPolicy": "Never",
      "spec.containers.4.imagePullPolicy": "Always",
    },
  },
  {
    name: "resources have no amounts finer than a thousandth",
    kind: "Pod",
    given: { spec: { containers: [{ ...container, resources: { limits: { cpu: "100u" } } }] } },
    want: {
      "spec.containers.0.resources": { limits: { cpu: "1m" }, requests: { cpu: "1m" } },
    },
  },
  {
    name: "probes and their handlers",
    kind: "Pod",
    given: {
      spec: {
        containers: [
          {
            ...container,
            livenessProbe: { httpGet: { port: 80 } },
            readinessProbe: { grpc: { port: 90 }, periodSeconds: 3 },
            startupProbe: { exec: { command: ["true"] }, failureThreshold: 30 },
            lifecycle: { preStop: { httpGet: { port: "web", path: "/bye" } } },
          },
        ],
      },
    },
    want: {
      "spec.containers.0.livenessProbe": {
        httpGet: { port: 80, path: "/", scheme: "HTTP" },
        timeoutSeconds: 1,
        periodSeconds: 10,
        successThreshold: 1,
        failureThreshold: 3,
      },
      "spec.containers.0.readinessProbe.grpc": { port: 90, service: "" },
      "spec.containers.0.readinessProbe.periodSeconds": 3,
      "spec.containers.0.startupProbe.failureThreshold": 30,
      "spec.containers.0.lifecycle.preStop.httpGet": { port: "web", path: "/bye", scheme: "HTTP" },
    },
  },
  {
    name: "ports, volumes, references",
    kind: "Pod",
    given: {
      spec: {
        containers: [
          {
            ...container,
            ports: [{ containerPort: 80 }],
            env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
          },
        ],
        volumes: [
          { name: "a" },
          { name: "b", configMap: { name: "x" } },
          { name: "c", hostPath: { path: "/x" } },
        ],
        serviceAccountName: "robot",
      },
    },
    want: {
      "spec.containers.0.ports": [{ containerPort: 80, protocol: "TCP" }],
      "spec.containers.0.env.0.valueFrom.fieldRef.apiVersion": "v1",
      "spec.volumes": [
        { name: "a", emptyDir: {} },
        { name: "b", configMap: { name: "x", defaultMode: 420 } },
        { name: "c", hostPath: { path: "/x", type: "" } },
      ],
      "spec.serviceAccount": "robot",
    },
  },
  {
    name: "limits become requests, and in the host's network ports become host ports",
    kind: "Pod",
    given: {
      spec: {
        hostNetwork: true,
        containers: [
          {
            ...container,
            ports: [{ containerPort: 80 }],
            resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "100m" } },
          },
        ],
      },
    },
    want: {
      "spec.containers.0.resources.requests": { cpu: "100m", memory: "1Gi" },
      "spec.containers.0.ports": [{ containerPort: 80, hostPort: 80, protocol: "TCP" }],
    },
  },
  {
    name: "a status of a container has all that Kubernetes always shows",
    kind: "Pod",
    given: { status: { containerStatuses: [{ name: "c" }] } },
    want: {
      "status.containerStatuses": [
        {
          name: "c",
          state: {},
          lastState: {},
          ready: false,
          restartCount: 0,
          image: "",
          imageID: "",
        },
      ],
    },
  },
  {
    name: "a Deployment, whose template stays without a Pod's own defaults",
    kind: "Deployment",
    given: { spec: { template: { spec: { containers: [container] } } } },
    want: {
      "spec.replicas": 1,
      "spec.revisionHistoryLimit": 10,
      "spec.progressDeadlineSeconds": 600,
      "spec.strategy": {
        type: "RollingUpdate",
        rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" },
      },
      "spec.template.metadata": {},
      "spec.template.spec.restartPolicy": "Always",
      "spec.template.spec.enableServiceLinks": undefined,
      "spec.template.spec.containers.0.imagePullPolicy": "IfNotPresent",
      status: {},
    },
  },
  {
    name: "replicas of zero stay zero, Recreate has no rolling update",
    kind: "Deployment",
    given: { spec: { replicas: 0, strategy: { type: "Recreate" } } },
    want: { "spec.replicas": 0, "spec.strategy": { type: "Recreate" } },
  },
  {
    name: "a ReplicaSet has one replica",
    kind: "ReplicaSet",
    given: { spec: {} },
    want: { "spec.replicas": 1, "status.replicas": 0 },
  },
  {
    name: "a StatefulSet",
    kind: "StatefulSet",
    given: {
      spec: { serviceName: "db", volumeClaimTemplates: [{ metadata: { name: "data" } }] },
    },
    want: {
      "spec.replicas": 1,
      "spec.podManagementPolicy": "OrderedReady",
      "spec.updateStrategy": { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      "spec.persistentVolumeClaimRetentionPolicy": { whenDeleted: "Retain", whenScaled: "Retain" },
      "spec.revisionHistoryLimit": 10,
      "spec.volumeClaimTemplates.0.kind": "PersistentVolumeClaim",
      "spec.volumeClaimTemplates.0.spec.volumeMode": "Filesystem",
      "spec.volumeClaimTemplates.0.status": { phase: "Pending" },
    },
  },
  {
    name: "a StatefulSet that says RollingUpdate gets no partition",
    kind: "StatefulSet",
    given: { spec: { updateStrategy: { type: "RollingUpdate" } } },
    want: { "spec.updateStrategy": { type: "RollingUpdate" } },
  },
  {
    name: "a Namespace is active",
    kind: "Namespace",
    given: {},
    want: { "status.phase": "Active" },
  },
  {
    name: "a Secret is Opaque",
    kind: "Secret",
    given: {},
    want: { type: "Opaque" },
  },
  {
    name: "ports of Endpoints are TCP",
    kind: "Endpoints",
    given: { subsets: [{ ports: [{ port: 80 }] }] },
    want: { "subsets.0.ports": [{ port: 80, protocol: "TCP" }] },
  },
  {
    name: "ports of an EndpointSlice have a name and are TCP: kubectl describe crashes without",
    kind: "EndpointSlice",
    given: { addressType: "IPv4", ports: [{ port: 80 }, { name: "dns", protocol: "UDP" }] },
    want: {
      ports: [
        { name: "", port: 80, protocol: "TCP" },
        { name: "dns", protocol: "UDP" },
      ],
      endpoints: [],
    },
  },
  {
    name: "a Node's allocatable is its capacity",
    kind: "Node",
    given: { status: { capacity: { cpu: "2" } } },
    want: {
      "status.allocatable": { cpu: "2" },
      "status.daemonEndpoints": { kubeletEndpoint: { Port: 0 } },
    },
  },
];

function at(value: unknown, path: string): unknown {
  let here: unknown = value;
  for (const name of path.split(".")) {
    if (typeof here !== "object" || here === null) return undefined;
    here = Object.entries(here).find(([key]) => key === name)?.[1];
  }
  return here;
}

for (const { name, kind, given, want } of cases) {
  test(`withDefaults: ${name}`, () => {
    const object = { metadata: {}, ...given };
    const before = structuredClone(object);
    const got = withDefaults(kindsByName[kind], object);
    for (const [path, value] of Object.entries(want)) assert.deepEqual(at(got, path), value, path);
    assert.deepEqual(object, before, "the given object is not touched");
    assert.deepEqual(withDefaults(kindsByName[kind], got), got, "twice is the same as once");
  });
}
