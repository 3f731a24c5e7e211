import { ageOf } from "../human-duration.ts";
import { formatLabelSelector } from "../selectors.ts";
import type { Deployment, PodTemplateSpec, ReplicaSet, Scale, StatefulSet } from "../types.ts";
import { ageColumn, column, type KindTable, nameColumn, wideColumn } from "./table-shape.ts";

const containersColumn = wideColumn("Containers", "Names of the containers in the pod template.");
const imagesColumn = wideColumn("Images", "Images of the containers in the pod template.");
const selectorColumn = wideColumn("Selector", "Labels of the pods that belong to it.");

function containerCells(template: PodTemplateSpec | undefined): string[] {
  const containers = template?.spec?.containers ?? [];
  return [
    containers.map(({ name }) => name).join(","),
    containers.map(({ image }) => image ?? "").join(","),
  ];
}

/** How `kubectl get` shows Deployments. */
export const deploymentTable: KindTable<Deployment> = {
  columns: [
    nameColumn,
    column("Ready", "Pods that are ready, of those wanted."),
    column("Up-to-date", "Pods made from the current template."),
    column("Available", "Pods that have been ready for long enough."),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
  row: ({ metadata, spec, status }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      status?.updatedReplicas ?? 0,
      status?.availableReplicas ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.template),
      formatLabelSelector(spec?.selector),
    ],
  }),
};

/** How `kubectl get` shows ReplicaSets. */
export const replicaSetTable: KindTable<ReplicaSet> = {
  columns: [
    nameColumn,
    column("Desired", "Pods that are wanted.", "integer"),
    column("Current", "Pods that there are.", "integer"),
    column("Ready", "Pods that are ready.", "integer"),
    ageColumn,
    containersColumn,
    imagesColumn,
    selectorColumn,
  ],
  row: ({ metadata, spec, status }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      spec?.replicas ?? 0,
      status?.replicas ?? 0,
      status?.readyReplicas ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.template),
      formatLabelSelector(spec?.selector),
    ],
  }),
};

/** How `kubectl get` shows StatefulSets. */
export const statefulSetTable: KindTable<StatefulSet> = {
  columns: [
    nameColumn,
    column("Ready", "Pods that are ready, of those wanted."),
    ageColumn,
    containersColumn,
    imagesColumn,
  ],
  row: ({ metadata, spec, status }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
      ageOf(metadata.creationTimestamp, nowMs),
      ...containerCells(spec?.template),
    ],
  }),
};

/** Of `kubectl get --subresource=scale`. */
export const scaleTable: KindTable<Scale> = {
  columns: [
    nameColumn,
    column("Desired", "Pods that are wanted.", "integer"),
    column("Available", "Pods that there are.", "integer"),
    ageColumn,
  ],
  row: ({ metadata, spec, status }, nowMs) => ({
    cells: [
      metadata.name ?? "",
      spec?.replicas ?? 0,
      status?.replicas ?? 0,
      ageOf(metadata.creationTimestamp, nowMs),
    ],
  }),
};
