import { type FieldError, invalid } from "../field-error.ts";
import type {
  Deployment,
  DeploymentStatus,
  ReplicaSet,
  ReplicaSetStatus,
  StatefulSet,
  StatefulSetStatus,
} from "../types.ts";
import { validateCounts } from "./counts.ts";

/** What a controller cannot have counted of a Deployment's pods. */
export function validateDeploymentStatus({ status = {} }: Deployment, { status: old }: Deployment) {
  return [
    ...validateCounts(
      status,
      [
        "observedGeneration",
        "replicas",
        "updatedReplicas",
        "readyReplicas",
        "availableReplicas",
        "unavailableReplicas",
        "collisionCount",
      ],
      "status",
    ),
    ...partErrors<DeploymentStatus>(status, [
      "updatedReplicas",
      "readyReplicas",
      "availableReplicas",
    ]),
    ...availableErrors(status, "readyReplicas"),
    ...collisionErrors(status, old),
  ];
}

/** The same of a ReplicaSet's pods. */
export function validateReplicaSetStatus({ status = { replicas: 0 } }: ReplicaSet): FieldError[] {
  const parts = ["fullyLabeledReplicas", "readyReplicas", "availableReplicas"] as const;
  return [
    ...validateCounts(status, ["replicas", ...parts, "observedGeneration"], "status"),
    ...partErrors<ReplicaSetStatus>(status, parts),
    ...availableErrors(status, "readyReplicas"),
  ];
}

/** The same of a StatefulSet's pods. */
export function validateStatefulSetStatus(
  { status = { replicas: 0 } }: StatefulSet,
  { status: old }: StatefulSet,
): FieldError[] {
  const parts = [
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
  ] as const;
  return [
    ...validateCounts(
      status,
      ["replicas", ...parts, "observedGeneration", "collisionCount"],
      "status",
    ),
    ...partErrors<StatefulSetStatus>(status, parts),
    ...availableErrors(status, "status.readyReplicas"),
    ...collisionErrors(status, old),
  ];
}

type Counts = { readonly replicas?: number };

/** Fields that count some of the replicas. */
function partErrors<T extends Counts>(
  status: T & { readonly [name in keyof T]?: unknown },
  names: readonly (keyof T & string)[],
): FieldError[] {
  const { replicas = 0 } = status;
  return names.flatMap((name) => {
    const count: unknown = status[name];
    return typeof count === "number" && count > replicas
      ? [invalid(`status.${name}`, count, "cannot be greater than status.replicas")]
      : [];
  });
}

/** Who is available has been ready for some time. `ready` is the word for it. */
function availableErrors(
  status: { readonly availableReplicas?: number; readonly readyReplicas?: number },
  ready: string,
): FieldError[] {
  const { availableReplicas = 0, readyReplicas = 0 } = status;
  return availableReplicas > readyReplicas
    ? [invalid("status.availableReplicas", availableReplicas, `cannot be greater than ${ready}`)]
    : [];
}

/** A name that was taken once stays taken. */
function collisionErrors(
  { collisionCount }: { readonly collisionCount?: number },
  old: { readonly collisionCount?: number } | undefined,
): FieldError[] {
  const before = old?.collisionCount;
  return before !== undefined && (collisionCount ?? -1) < before
    ? [invalid("status.collisionCount", collisionCount ?? 0, "cannot be decremented")]
    : [];
}
