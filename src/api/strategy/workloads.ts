import { withField } from "../copy.ts";
import type { ControllerRevision, Deployment, ReplicaSet, StatefulSet } from "../types.ts";
import { dnsLabel, dnsSubdomain } from "../validation/names.ts";
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

export const deploymentStrategy = defineStrategy<Deployment>({
  namespaced: true,
  name: dnsSubdomain,
  // Annotations count: a rollback writes one, and the controller must see that it has not acted on it yet.
  counted: ({ metadata, spec }) => ({ annotations: metadata.annotations, spec }),
  prepareForCreate: (deployment) => withStatus(deployment, {}),
  prepareForUpdate: (deployment, old) => withStatus(deployment, old.status),
  validate: validateDeployment,
  validateChange: validateSelectorChange,
  subresources: {
    status: {
      // The Deployment controller writes the revision, an annotation, together with the status.
      prepare: (deployment, old) =>
        withMeta(statusOf(deployment, old), (meta) =>
          withField(meta, "annotations", deployment.metadata.annotations),
        ),
      validate: validateDeploymentStatus,
    },
  },
});

export const replicaSetStrategy = defineStrategy<ReplicaSet>({
  namespaced: true,
  name: dnsSubdomain,
  counted: ({ spec }) => spec,
  prepareForCreate: (replicaSet) => withStatus(replicaSet, { replicas: 0 }),
  prepareForUpdate: (replicaSet, old) => withStatus(replicaSet, old.status),
  validate: validateReplicaSet,
  validateChange: validateSelectorChange,
  fields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  subresources: { status: { prepare: statusOf, validate: validateReplicaSetStatus } },
});

export const statefulSetStrategy = defineStrategy<StatefulSet>({
  namespaced: true,
  // The set's name is part of its pods' host names.
  name: dnsLabel,
  counted: ({ spec }) => spec,
  prepareForCreate: (set) => withStatus(set, { replicas: 0, availableReplicas: 0 }),
  prepareForUpdate: (set, old) => withStatus(set, old.status),
  validate: validateStatefulSet,
  validateChange: validateStatefulSetChange,
  subresources: { status: { prepare: statusOf, validate: validateStatefulSetStatus } },
});

export const controllerRevisionStrategy = defineStrategy<ControllerRevision>({
  namespaced: true,
  name: dnsSubdomain,
  validate: validateControllerRevision,
  validateChange: validateControllerRevisionChange,
});
