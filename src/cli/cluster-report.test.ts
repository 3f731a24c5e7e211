import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod, Service } from "../api/types.ts";
import { type ClusterObjects, reportCluster } from "./cluster-report.ts";

const ready = [{ type: "Ready", status: "True" }];
const empty: ClusterObjects = { nodes: [], pods: [], services: [], slices: [] };
const pod: Pod = {
  metadata: { name: "a", namespace: "default" },
  spec: { nodeName: "node-1", containers: [{ name: "main" }] },
  status: { phase: "Running", conditions: ready },
};
const service: Service = {
  metadata: { name: "web", namespace: "default" },
  spec: { selector: { app: "web" } },
};

interface Case {
  readonly name: string;
  readonly objects: Partial<ClusterObjects>;
  readonly want: readonly string[];
}

const cases: readonly Case[] = [
  { name: "an empty cluster has no problem", objects: {}, want: [] },
  { name: "a ready pod is fine", objects: { pods: [pod] }, want: [] },
  {
    name: "a finished pod is fine",
    objects: { pods: [{ ...pod, status: { phase: "Succeeded" } }] },
    want: [],
  },
  {
    name: "a pod that waits says for what",
    objects: {
      pods: [
        {
          ...pod,
          status: {
            phase: "Pending",
            containerStatuses: [
              {
                name: "main",
                image: "x",
                imageID: "",
                ready: false,
                restartCount: 0,
                state: { waiting: { reason: "ErrImagePull", message: "no such image" } },
              },
            ],
          },
        },
      ],
    },
    want: ["pod/default/a: ErrImagePull: no such image: kubectl -n default describe pod a"],
  },
  {
    name: "a node that is not Ready is named",
    objects: { nodes: [{ metadata: { name: "node-1" } }] },
    want: ["node/node-1: not Ready: kubectl describe node node-1"],
  },
  {
    name: "a Service without a ready endpoint is named, with the pods to look at",
    objects: { services: [service] },
    want: [
      "service/default/web: no ready endpoint: calls to it are refused: kubectl -n default get pods -l app=web",
    ],
  },
  {
    name: "an ExternalName needs no endpoint",
    objects: { services: [{ ...service, spec: { type: "ExternalName", externalName: "x.y" } }] },
    want: [],
  },
  {
    name: "an endpoint without a ready condition counts as ready",
    objects: {
      services: [service],
      slices: [
        {
          metadata: {
            name: "web-1",
            namespace: "default",
            labels: { "kubernetes.io/service-name": "web" },
          },
          addressType: "IPv4",
          endpoints: [{ addresses: ["10.0.0.1"] }],
        },
      ],
    },
    want: [],
  },
];

for (const { name, objects, want } of cases) {
  test(`reportCluster: ${name}`, () => {
    const { problems } = reportCluster({ ...empty, ...objects });
    assert.deepEqual(
      problems.map((p) => `${p.object}: ${p.problem}: ${p.remedy}`),
      want,
    );
  });
}
