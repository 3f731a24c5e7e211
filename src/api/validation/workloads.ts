import { type FieldError, forbidden, invalid, notSupported, required } from "../field-error.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type {
  ControllerRevision,
  Deployment,
  DeploymentSpec,
  IntOrString,
  LabelSelector,
  ReplicaSet,
  StatefulSet,
  StatefulSetSpec,
} from "../types.ts";
import { validateCounts } from "./counts.ts";
import { invalidSelector } from "./label-selector.ts";
import { immutable, notNegative } from "./names.ts";
import {
  validateEndless,
  validateSelector,
  validateTemplate,
  validateTemplateMeta,
  whenCompiled,
} from "./pod-template.ts";
import { validateOptionalWord } from "./words.ts";

/** What is wrong with a Deployment. */
export function validateDeployment({ spec }: Deployment): FieldError[] {
  if (spec === undefined) return [required("spec.selector"), required("spec.template")];
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  const deadlineField = "spec.progressDeadlineSeconds";
  return [
    ...validateCounts(spec, ["replicas"], "spec"),
    ...validateSelector(spec.selector, "deployment"),
    ...whenCompiled(spec.selector, "invalid label selector", () =>
      validateTemplate(spec.template, spec.selector),
    ),
    ...validateDeploymentStrategy(spec),
    ...validateCounts(
      spec,
      ["minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"],
      "spec",
    ),
    ...(deadline === undefined || deadline > minReadySeconds
      ? []
      : [invalid(deadlineField, deadline, "must be greater than minReadySeconds")]),
  ];
}

/** What is wrong with a ReplicaSet. Kubernetes calls it a deployment in one message. */
export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  if (spec === undefined) return [required("spec.selector"), required("spec.template")];
  return [
    ...validateCounts(spec, ["replicas", "minReadySeconds"], "spec"),
    ...validateSelector(spec.selector, "deployment"),
    ...whenCompiled(spec.selector, "invalid label selector", () =>
      validateTemplate(spec.template, spec.selector),
    ),
  ];
}

interface WithSelector {
  readonly spec?: { readonly selector: LabelSelector };
}

/** A selector stays: another one would leave pods behind that nobody counts. */
export function validateSelectorChange(next: WithSelector, old: WithSelector): FieldError[] {
  const selector = next.spec?.selector;
  if (selector === undefined || semanticEqual(selector, old.spec?.selector)) return [];
  return [invalidSelector("spec.selector", selector, immutable)];
}

/** What is wrong with a StatefulSet. */
export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  if (spec === undefined) return [required("spec.selector"), required("spec.template")];
  const policy = spec.podManagementPolicy ?? "";
  const retention = spec.persistentVolumeClaimRetentionPolicy;
  return [
    ...(policy === ""
      ? [required("spec.podManagementPolicy")]
      : policy === "OrderedReady" || policy === "Parallel"
        ? []
        : [invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...validateUpdateStrategy(spec),
    ...(["whenDeleted", "whenScaled"] as const).flatMap((name) =>
      validateOptionalWord(
        retention?.[name],
        ["Retain", "Delete"],
        `spec.persistentVolumeClaimRetentionPolicy.${name}`,
      ),
    ),
    ...validateCounts(spec, ["replicas", "minReadySeconds"], "spec"),
    ...((spec.ordinals?.start ?? 0) < 0
      ? [invalid("spec.ordinals.start", spec.ordinals?.start, notNegative)]
      : []),
    ...validateSelector(spec.selector, "statefulset"),
    // The pods get volumes that the template does not have: Kubernetes looks at the rest of it when it makes them.
    ...whenCompiled(spec.selector, "", () => validateTemplateMeta(spec.template, spec.selector)),
    ...validateEndless(spec.template?.spec, "StatefulSet"),
  ];
}

const changeable = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

/** Only a few fields of a StatefulSet may change. */
export function validateStatefulSetChange(
  { spec }: StatefulSet,
  { spec: old }: StatefulSet,
): FieldError[] {
  const rest = (value: StatefulSetSpec | undefined) =>
    Object.fromEntries(
      Object.entries(value ?? {}).filter(([name]) => !changeable.some((one) => one === name)),
    );
  if (semanticEqual(rest(spec), rest(old))) return [];
  const names = changeable.map((name) => `'${name}'`);
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return [
    forbidden("spec", `updates to statefulset spec for fields other than ${list} are forbidden`),
  ];
}

/** What is wrong with a ControllerRevision: it holds something, under a number. */
export function validateControllerRevision({ data, revision }: ControllerRevision): FieldError[] {
  return [
    ...(data === undefined || data === null ? [required("data", "data is mandatory")] : []),
    ...((revision ?? 0) < 0 ? [invalid("revision", revision, notNegative)] : []),
  ];
}

/** A revision holds what it held when it was made. */
export function validateControllerRevisionChange(
  next: ControllerRevision,
  old: ControllerRevision,
): FieldError[] {
  return semanticEqual(next.data, old.data) ? [] : [invalid("data", next.data, immutable)];
}

function validateDeploymentStrategy({ strategy }: DeploymentSpec): FieldError[] {
  const field = "spec.strategy";
  const rolling = strategy?.rollingUpdate;
  switch (strategy?.type) {
    case "Recreate":
      return rolling === undefined
        ? []
        : [
            forbidden(
              `${field}.rollingUpdate`,
              "may not be specified when strategy `type` is 'Recreate'",
            ),
          ];
    case "RollingUpdate": {
      if (rolling === undefined) {
        return [required(`${field}.rollingUpdate`, "this should be defaulted and never be nil")];
      }
      const { maxUnavailable = 0, maxSurge = 0 } = rolling;
      const at = `${field}.rollingUpdate`;
      return [
        ...validateShare(maxUnavailable, `${at}.maxUnavailable`),
        ...validateShare(maxSurge, `${at}.maxSurge`),
        ...(isZero(maxUnavailable) && isZero(maxSurge)
          ? [invalid(`${at}.maxUnavailable`, maxUnavailable, "may not be 0 when `maxSurge` is 0")]
          : []),
        ...validateNotAboveAll(maxUnavailable, `${at}.maxUnavailable`),
      ];
    }
    default:
      return [notSupported(field, strategy ?? {}, ["Recreate", "RollingUpdate"])];
  }
}

function validateUpdateStrategy({ updateStrategy }: StatefulSetSpec): FieldError[] {
  const field = "spec.updateStrategy";
  const rolling = updateStrategy?.rollingUpdate;
  switch (updateStrategy?.type) {
    case undefined:
    case "":
      return [required(field)];
    case "OnDelete":
      return rolling === undefined
        ? []
        : [
            invalid(
              `${field}.rollingUpdate`,
              rolling,
              "only allowed for updateStrategy 'RollingUpdate'",
            ),
          ];
    case "RollingUpdate":
      return (rolling?.partition ?? 0) < 0
        ? [invalid(`${field}.rollingUpdate.partition`, rolling?.partition, notNegative)]
        : [];
    default:
      return [invalid(field, updateStrategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
}

/** A number of pods, or a percentage of them. */
function validateShare(share: IntOrString, field: string): FieldError[] {
  if (typeof share === "number") return share >= 0 ? [] : [invalid(field, share, notNegative)];
  return /^\d+%$/.test(share)
    ? []
    : [
        invalid(
          field,
          share,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      ];
}

function validateNotAboveAll(share: IntOrString, field: string): FieldError[] {
  return typeof share === "string" && Number.parseInt(share, 10) > 100
    ? [invalid(field, share, "must not be greater than 100%")]
    : [];
}

function isZero(share: IntOrString): boolean {
  return Number.parseInt(String(share), 10) === 0;
}
