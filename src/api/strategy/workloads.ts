import { withField } from "../copy.ts";
import type { ControllerRevision, Deployment, ReplicaSet, StatefulSet } from "../types.ts";
import { dnsLabel, dnsSubdomain } from "../validation/names.ts";
import { hostNameWarnings, podSpecWarnings } from "../validation/pod-warnings.ts";
import {
  validateDeploymentStatus,
  validateReplicaSetStatus,
  validateStatefulSetStatus,
} from "../validation/workload-status.ts";
import {
  validateControllerRevision,
  validateControllerRevisionChange,
  validateDeployment,
  validateReplicaSet,
  validateSelectorChange,
  validateStatefulSet,
  validateStatefulSetChange,
} from "../validation/workloads.ts";
import { defineStrategy, statusOf, withMeta, withStatus } from "./strategy-shape.ts";

type Workload = Deployment | ReplicaSet | StatefulSet;

/** What is odd about the pods that a workload is to make; told again only when what is wanted has changed. */
function templateWarnings({ metadata, spec }: Workload, old: Workload | undefined): string[] {
  const template = spec?.template;
  const isKept = old !== undefined && old.metadata.generation === metadata.generation;
  if (isKept || template?.spec === undefined) return [];
  return podSpecWarnings(template.spec, template.metadata?.annotations, {
    field: "spec.template.spec",
    meta: "spec.template.metadata",
  });
}

/** The pods of Deployments and ReplicaSets have its name in theirs. */
function namedWarnings(workload: Deployment | ReplicaSet, old: Workload | undefined): string[] {
  const { name } = workload.metadata;
  return [
    ...(old === undefined ? hostNameWarnings(name, "Pod names and hostnames") : []),
    ...templateWarnings(workload, old),
  ];
}

function setWarnings(set: StatefulSet, old: StatefulSet | undefined): string[] {
  const isEndless = (set.spec?.revisionHistoryLimit ?? 0) < 0;
  return [
    ...templateWarnings(set, old),
    ...(isEndless
      ? [
          "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended",
        ]
      : []),
  ];
}

/** The rules of Deployments. */
export const deploymentStrategy = defineStrategy<Deployment>({
  namespaced: true,
  name: dnsSubdomain,
  // Annotations count: a rollback writes one, and the controller must see that it has not acted on it yet.
  counted: ({ metadata, spec }) => ({ annotations: metadata.annotations, spec }),
  prepareForCreate: (deployment) => withStatus(deployment, {}),
  prepareForUpdate: (deployment, old) => withStatus(deployment, old.status),
  validate: validateDeployment,
  warnings: namedWarnings,
  validateChange: validateSelectorChange,
  subresources: {
    status: {
      // The Deployment controller writes the revision, an annotation, together with the status; labels stay.
      prepare: (deployment, old) =>
        withMeta(statusOf(deployment, old), (meta) =>
          withField(meta, "labels", old.metadata.labels),
        ),
      validate: validateDeploymentStatus,
    },
  },
});

/** The rules of ReplicaSets. */
export const replicaSetStrategy = defineStrategy<ReplicaSet>({
  namespaced: true,
  name: dnsSubdomain,
  counted: ({ spec }) => spec,
  prepareForCreate: (replicaSet) => withStatus(replicaSet, { replicas: 0 }),
  prepareForUpdate: (replicaSet, old) => withStatus(replicaSet, old.status),
  validate: validateReplicaSet,
  warnings: namedWarnings,
  validateChange: validateSelectorChange,
  fields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  subresources: { status: { prepare: statusOf, validate: validateReplicaSetStatus } },
});

/** The rules of StatefulSets. */
export const statefulSetStrategy = defineStrategy<StatefulSet>({
  namespaced: true,
  // The set's name is part of its pods' host names.
  name: dnsLabel,
  counted: ({ spec }) => spec,
  prepareForCreate: (set) => withStatus(set, { replicas: 0, availableReplicas: 0 }),
  prepareForUpdate: (set, old) => withStatus(set, old.status),
  validate: validateStatefulSet,
  warnings: setWarnings,
  validateChange: validateStatefulSetChange,
  subresources: { status: { prepare: statusOf, validate: validateStatefulSetStatus } },
});

/** The rules of ControllerRevisions. */
export const controllerRevisionStrategy = defineStrategy<ControllerRevision>({
  namespaced: true,
  name: dnsSubdomain,
  validate: validateControllerRevision,
  validateChange: validateControllerRevisionChange,
});
