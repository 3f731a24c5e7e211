import {
  type FieldError,
  forbidden,
  invalid,
  notSupported,
  required,
  shown,
} from "../field-error.ts";
import { labelSelectorOf } from "../selectors.ts";
import type { LabelSelector, PodSpec, PodTemplateSpec } from "../types.ts";
import { invalidSelector, isEmptySelector, validateLabelSelector } from "./label-selector.ts";
import { validateAnnotations, validateLabels } from "./object-meta.ts";
import { validatePodSpec } from "./pod-spec.ts";

/** A workload knows its pods by their labels, so that its selector finds some. `owner` is the word for it. */
export function validateSelector(selector: LabelSelector | undefined, owner: string): FieldError[] {
  if (selector === undefined) return [required("spec.selector")];
  return [
    ...validateLabelSelector(selector, "spec.selector"),
    ...(isEmptySelector(selector)
      ? [invalidSelector("spec.selector", selector, `empty selector is invalid for ${owner}`)]
      : []),
  ];
}

/** What follows from a selector; one with mistakes cannot be compiled, and nothing follows from it. */
export function whenCompiled(
  selector: LabelSelector | undefined,
  detail: string,
  validate: () => FieldError[],
): FieldError[] {
  return selector === undefined || validateLabelSelector(selector, "").length === 0
    ? validate()
    : [invalidSelector("spec.selector", selector, detail)];
}

const templateField = "spec.template";

/** The template makes pods that its own selector finds, and that run for ever. */
export function validateTemplate(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): FieldError[] {
  if (template === undefined) return [required(templateField)];
  const { spec } = template;
  const field = `${templateField}.spec`;
  return [
    ...validateTemplateMeta(template, selector),
    ...(spec === undefined
      ? [required(`${field}.containers`)]
      : validatePodSpec(spec, field, { isPod: false })),
    ...((spec?.ephemeralContainers ?? []).length > 0
      ? [
          forbidden(
            `${field}.ephemeralContainers`,
            "ephemeral containers not allowed in pod template",
          ),
        ]
      : []),
    ...validateEndless(spec, "ReplicaSet"),
  ];
}

/** The labels and annotations that all pods of a template get. */
export function validateTemplateMeta(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
): FieldError[] {
  const { metadata } = template ?? {};
  return [
    ...validateMatch(metadata?.labels, selector, `${templateField}.metadata.labels`),
    ...validateLabels(metadata?.labels, `${templateField}.labels`),
    ...validateAnnotations(metadata?.annotations, `${templateField}.annotations`),
  ];
}

/** Who ends is started again. */
export function validateEndless(spec: PodSpec | undefined, owner: string): FieldError[] {
  const { restartPolicy = "", activeDeadlineSeconds } = spec ?? {};
  const field = `${templateField}.spec`;
  return [
    ...(restartPolicy === "" || restartPolicy === "Always"
      ? []
      : [notSupported(`${field}.restartPolicy`, restartPolicy, ["Always"])]),
    ...(activeDeadlineSeconds === undefined
      ? []
      : [
          forbidden(
            `${field}.activeDeadlineSeconds`,
            `activeDeadlineSeconds in ${owner} is not Supported`,
          ),
        ]),
  ];
}

function validateMatch(
  labels: Readonly<Record<string, string>> = {},
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  // An empty selector finds everything, and has been reported.
  if (selector !== undefined && isEmptySelector(selector)) return [];
  if (labelSelectorOf(selector).matches(labels)) return [];
  const value = Object.keys(labels).length === 0 ? shown("map[string]string(nil)") : labels;
  return [invalid(field, value, "`selector` does not match template `labels`")];
}
