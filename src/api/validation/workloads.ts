import { type FieldError, forbidden, invalid, notSupported, required } from "../field-error.ts";
import { labelSelectorOf } from "../selectors.ts";
import { semanticEqual } from "../semantic-equal.ts";
import type {
  ControllerRevision,
  Deployment,
  DeploymentSpec,
  IntOrString,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
  StatefulSetSpec,
} from "../types.ts";
import { isEmptySelector, validateLabelSelector } from "./label-selector.ts";
import { immutable, notNegative } from "./names.ts";
import { validateAnnotations, validateLabels } from "./object-meta.ts";
import { validatePodSpec } from "./pod-spec.ts";

export function validateDeployment({ spec }: Deployment): FieldError[] {
  if (spec === undefined) return [required("spec.selector"), required("spec.template")];
  const { progressDeadlineSeconds: deadline, minReadySeconds = 0 } = spec;
  return [
    ...validateCounts(spec, ["replicas", "minReadySeconds", "revisionHistoryLimit"]),
    ...validateSelector(spec.selector, "deployment"),
    ...validateTemplate(spec.template, spec.selector),
    ...validateDeploymentStrategy(spec),
    ...(deadline === undefined || deadline >= 0
      ? []
      : [invalid("spec.progressDeadlineSeconds", deadline, notNegative)]),
    ...(deadline === undefined || deadline > minReadySeconds
      ? []
      : [
          invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"),
        ]),
  ];
}

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  if (spec === undefined) return [required("spec.selector"), required("spec.template")];
  return [
    ...validateCounts(spec, ["replicas", "minReadySeconds"]),
    ...validateSelector(spec.selector, "deployment"),
    ...validateTemplate(spec.template, spec.selector),
  ];
}

interface WithSelector {
  readonly spec?: { readonly selector: LabelSelector };
}

/** A selector stays: another one would leave pods behind that nobody counts. */
export function validateSelectorChange(next: WithSelector, old: WithSelector): FieldError[] {
  return semanticEqual(next.spec?.selector, old.spec?.selector)
    ? []
    : [invalid("spec.selector", next.spec?.selector, immutable)];
}

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  if (spec === undefined) return [required("spec.selector"), required("spec.template")];
  const policy = spec.podManagementPolicy ?? "";
  return [
    ...(policy === ""
      ? [required("spec.podManagementPolicy")]
      : policy === "OrderedReady" || policy === "Parallel"
        ? []
        : [invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...validateUpdateStrategy(spec),
    ...validateCounts(spec, ["replicas", "minReadySeconds", "revisionHistoryLimit"]),
    ...((spec.ordinals?.start ?? 0) < 0
      ? [invalid("spec.ordinals.start", spec.ordinals?.start, notNegative)]
      : []),
    ...validateSelector(spec.selector, "statefulset"),
    ...validateTemplate(spec.template, spec.selector),
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

export function validateControllerRevision({ data, revision }: ControllerRevision): FieldError[] {
  return [
    ...(data === undefined || data === null ? [required("data", "data is mandatory")] : []),
    ...((revision ?? 0) < 0 ? [invalid("revision", revision, notNegative)] : []),
  ];
}

export function validateControllerRevisionChange(
  next: ControllerRevision,
  old: ControllerRevision,
): FieldError[] {
  return semanticEqual(next.data, old.data) ? [] : [invalid("data", next.data, immutable)];
}

function validateCounts<K extends string>(
  spec: { readonly [name in K]?: number },
  names: readonly K[],
): FieldError[] {
  return names.flatMap((name) => {
    const count = spec[name] ?? 0;
    return count < 0 ? [invalid(`spec.${name}`, count, notNegative)] : [];
  });
}

function validateSelector(selector: LabelSelector | undefined, owner: string): FieldError[] {
  if (selector === undefined) return [required("spec.selector")];
  return [
    ...validateLabelSelector(selector, "spec.selector"),
    ...(isEmptySelector(selector)
      ? [invalid("spec.selector", selector, `empty selector is invalid for ${owner}`)]
      : []),
  ];
}

/** The template makes pods that its own selector finds, and that run for ever. */
function validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): FieldError[] {
  const field = "spec.template";
  if (template === undefined) return [required(field)];
  const { metadata, spec } = template;
  const errors = [
    ...validateMatch(metadata?.labels, selector, `${field}.metadata.labels`),
    ...validateLabels(metadata?.labels, `${field}.labels`),
    ...validateAnnotations(metadata?.annotations, `${field}.annotations`),
  ];
  if (spec === undefined) return [...errors, required(`${field}.spec.containers`)];
  errors.push(...validatePodSpec(spec, `${field}.spec`));
  if (spec.restartPolicy && spec.restartPolicy !== "Always") {
    errors.push(notSupported(`${field}.spec.restartPolicy`, spec.restartPolicy, ["Always"]));
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const detail = "activeDeadlineSeconds in ReplicaSet is not Supported";
    errors.push(forbidden(`${field}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}

function validateMatch(
  labels: Readonly<Record<string, string>> = {},
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  if (selector === undefined || isEmptySelector(selector)) return [];
  // A selector with mistakes of its own has been reported; it cannot be compiled.
  if (validateLabelSelector(selector, "").length > 0) return [];
  return labelSelectorOf(selector).matches(labels)
    ? []
    : [invalid(field, labels, "`selector` does not match template `labels`")];
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
