import assert from "node:assert/strict";
import { test } from "node:test";
import { container, deployment, metadata, podSpec, slice } from "../../../test/api/samples.ts";
import * as r from "../resource.ts";
import { strategyFor } from "../strategy.ts";
import type { KubeObject, Pod, PodSpec } from "../types.ts";

interface InvalidRow {
  readonly name: string;
  readonly resource: r.Resource;
  readonly object: KubeObject;
  readonly old?: KubeObject;
  /** What must be among the mistakes; empty: none at all. */
  readonly want: string;
}

const withSpec = (change: Partial<PodSpec>): Pod => ({ metadata, spec: { ...podSpec, ...change } });
const withContainer = (change: Partial<NonNullable<PodSpec["containers"]>[number]>) =>
  withSpec({ containers: [{ ...container, ...change }] });

const rows: readonly InvalidRow[] = [
  { name: "a good pod", resource: r.pods, object: withSpec({}), want: "" },
  { name: "a good Deployment", resource: r.deployments, object: deployment, want: "" },
  { name: "a good slice", resource: r.endpointSlices, object: slice, want: "" },
  {
    name: "a name in upper case",
    resource: r.configMaps,
    object: { metadata: { ...metadata, name: "Web" } },
    want: 'metadata.name: Invalid value: "Web": a lowercase RFC 1123 subdomain must consist of',
  },
  {
    name: "a Service name that begins with a digit",
    resource: r.services,
    object: { metadata: { ...metadata, name: "1web" } },
    want: 'metadata.name: Invalid value: "1web": a DNS-1035 label must consist of',
  },
  {
    name: "a label value with a space",
    resource: r.configMaps,
    object: { metadata: { ...metadata, labels: { a: "b c" } } },
    want: 'metadata.labels: Invalid value: "b c": a valid label must be an empty string or',
  },
  {
    name: "an annotation key without a name",
    resource: r.configMaps,
    object: { metadata: { ...metadata, annotations: { "example.org/": "x" } } },
    want: 'metadata.annotations: Invalid value: "example.org/": name part must be non-empty',
  },
  {
    name: "annotations of more than 256 KiB",
    resource: r.configMaps,
    object: { metadata: { ...metadata, annotations: { a: "x".repeat(262_144) } } },
    want: "metadata.annotations: Too long: may not be more than 262144 bytes",
  },
  {
    name: "a finalizer without a domain",
    resource: r.configMaps,
    object: { metadata: { ...metadata, finalizers: ["hold"] } },
    want: 'metadata.finalizers[0]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully qualified',
  },
  {
    name: "an owner without a uid",
    resource: r.configMaps,
    object: {
      metadata: {
        ...metadata,
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: "p", uid: "" }],
      },
    },
    want: 'metadata.ownerReferences.uid: Invalid value: "": uid must not be empty',
  },
  {
    name: "a uid that changes",
    resource: r.configMaps,
    object: { metadata: { ...metadata, uid: "v" } },
    old: { metadata },
    want: 'metadata.uid: Invalid value: "v": field is immutable',
  },
  {
    name: "a finalizer added while the object goes away",
    resource: r.configMaps,
    object: { metadata: { ...metadata, finalizers: ["example.org/hold"] } },
    old: { metadata: { ...metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
    want: "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted",
  },
  {
    name: "a pod without containers",
    resource: r.pods,
    object: withSpec({ containers: [] }),
    want: "spec.containers: Required value",
  },
  {
    name: "two containers of one name",
    resource: r.pods,
    object: withSpec({ containers: [container, container] }),
    want: 'spec.containers[1].name: Duplicate value: "c"',
  },
  {
    name: "a container without an image",
    resource: r.pods,
    object: withContainer({ image: "" }),
    want: "spec.containers[0].image: Required value",
  },
  {
    name: "a container port out of range",
    resource: r.pods,
    object: withContainer({ ports: [{ containerPort: 70000, protocol: "TCP" }] }),
    want: "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
  },
  {
    name: "a port name of sixteen characters",
    resource: r.pods,
    object: withContainer({
      ports: [{ name: "abcdefghijklmnop", containerPort: 80, protocol: "TCP" }],
    }),
    want: 'spec.containers[0].ports[0].name: Invalid value: "abcdefghijklmnop": must be no more than 15 characters',
  },
  {
    name: "a host port twice",
    resource: r.pods,
    object: withContainer({
      ports: [
        { containerPort: 80, hostPort: 80, protocol: "TCP" },
        { containerPort: 81, hostPort: 80, protocol: "TCP" },
      ],
    }),
    want: 'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"',
  },
  {
    name: "a variable with = in its name",
    resource: r.pods,
    object: withContainer({ env: [{ name: "a=b", value: "c" }] }),
    want: 'spec.containers[0].env[0].name: Invalid value: "a=b"',
  },
  {
    name: "a variable from a field that there is not",
    resource: r.pods,
    object: withContainer({
      env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "spec.x" } } }],
    }),
    want: 'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath',
  },
  {
    name: "a probe that does nothing",
    resource: r.pods,
    object: withContainer({ livenessProbe: {} }),
    want: "spec.containers[0].livenessProbe: Required value: must specify a handler type",
  },
  {
    name: "a liveness probe that needs two successes",
    resource: r.pods,
    object: withContainer({ livenessProbe: { exec: { command: ["true"] }, successThreshold: 2 } }),
    want: "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
  },
  {
    name: "a mount of a volume that there is not",
    resource: r.pods,
    object: withContainer({ volumeMounts: [{ name: "v", mountPath: "/v" }] }),
    want: 'spec.containers[0].volumeMounts[0].name: Not found: "v"',
  },
  {
    name: "a volume without a source",
    resource: r.pods,
    object: withSpec({ volumes: [{ name: "v" }] }),
    want: "spec.volumes[0]: Required value: must specify a volume type",
  },
  {
    name: "a request above its limit",
    resource: r.pods,
    object: withContainer({ resources: { limits: { cpu: "100m" }, requests: { cpu: "1" } } }),
    want: 'spec.containers[0].resources.requests: Invalid value: "1": must be less than or equal to cpu limit of 100m',
  },
  {
    name: "an unknown restartPolicy",
    resource: r.pods,
    object: withSpec({ restartPolicy: "Sometimes" }),
    want: 'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  },
  {
    name: "a host alias without an address",
    resource: r.pods,
    object: withSpec({ hostAliases: [{ ip: "x", hostnames: ["a.example"] }] }),
    want: 'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address',
  },
  {
    name: "a new image on a running pod",
    resource: r.pods,
    object: withContainer({ image: "nginx:2" }),
    old: withSpec({}),
    want: "",
  },
  {
    name: "a new command on a running pod",
    resource: r.pods,
    object: withContainer({ command: ["sleep"] }),
    old: withSpec({}),
    want: "spec: Forbidden: pod updates may not change fields other than",
  },
  {
    name: "an added container on a running pod",
    resource: r.pods,
    object: withSpec({ containers: [container, { ...container, name: "d" }] }),
    old: withSpec({}),
    want: "spec.containers: Forbidden: pod updates may not add or remove containers",
  },
  {
    name: "a template that its selector does not find",
    resource: r.deployments,
    object: {
      ...deployment,
      ...{ spec: { ...deployment.spec!, selector: { matchLabels: { app: "db" } } } },
    },
    want: 'spec.template.metadata.labels: Invalid value: map[string]string{"app":"web"}: `selector` does not match template `labels`',
  },
  {
    name: "a selector that changes",
    resource: r.deployments,
    object: deployment,
    old: {
      ...deployment,
      ...{ spec: { ...deployment.spec!, selector: { matchLabels: { app: "db" } } } },
    },
    want: 'spec.selector: Invalid value: v1.LabelSelector{MatchLabels:map[string]string{"app":"web"}, MatchExpressions:[]v1.LabelSelectorRequirement(nil)}: field is immutable',
  },
  {
    name: "a rollout that may neither add nor remove",
    resource: r.deployments,
    object: {
      ...deployment,
      ...{
        spec: {
          ...deployment.spec!,
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } },
        },
      },
    },
    want: "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
  },
  {
    name: "a key of a ConfigMap with a slash",
    resource: r.configMaps,
    object: { metadata, ...{ data: { "a/b": "c" } } },
    want: 'data[a/b]: Invalid value: "a/b": a valid config key must consist of',
  },
  {
    name: "a ConfigMap of more than 1 MiB",
    resource: r.configMaps,
    object: { metadata, ...{ data: { a: "x".repeat(1024 * 1024 + 1) } } },
    want: ": Too long: may not be more than 1048576 bytes",
  },
  {
    name: "an immutable ConfigMap that changes",
    resource: r.configMaps,
    object: { metadata, ...{ immutable: true, data: { a: "b" } } },
    old: { metadata, ...{ immutable: true, data: { a: "c" } } },
    want: "data: Forbidden: field is immutable when `immutable` is set",
  },
  {
    name: "a TLS secret without its key",
    resource: r.secrets,
    object: { metadata, ...{ type: "kubernetes.io/tls", data: { "tls.crt": "eA==" } } },
    want: "data[tls.key]: Required value",
  },
  {
    name: "a node whose pod range changes",
    resource: r.nodes,
    object: { metadata: { name: "n" }, ...{ spec: { podCIDRs: ["10.244.2.0/24"] } } },
    old: { metadata: { name: "n" }, ...{ spec: { podCIDRs: ["10.244.1.0/24"] } } },
    want: 'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  },
  {
    name: "a lease of no length",
    resource: r.leases,
    object: { metadata, ...{ spec: { leaseDurationSeconds: 0 } } },
    want: "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0",
  },
  {
    name: "an event of another namespace",
    resource: r.events,
    object: { metadata, ...{ involvedObject: { namespace: "demo" } } },
    want: 'involvedObject.namespace: Invalid value: "demo": does not match event.namespace',
  },
];

for (const { name, resource, object, old, want } of rows) {
  test(`validate: ${name}`, () => {
    const strategy = strategyFor(resource);
    const errors =
      old === undefined ? strategy.validateCreate(object) : strategy.validateUpdate(object, old);
    const texts = errors.map(({ field, message }) => `${field}: ${message}`);
    if (want === "") assert.deepEqual(texts, []);
    else
      assert.ok(
        texts.some((text) => text.startsWith(want)),
        texts.join("\n"),
      );
  });
}
